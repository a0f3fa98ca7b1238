import { crc32 } from 'node:zlib';

/** A row as it lies in its table: the payload is canonical JSON text. */
export interface StoredRow {
  readonly seq: number;
  readonly input_seq: number;
  readonly time_ms: number;
  readonly subject: string;
  readonly kind: string;
  readonly payload: string;
}

/** Where a table stands: its highest sequence and the chain value of that row; `[0, 0]` = no row yet. */
export type TableHead = readonly [seq: number, chain: number];
export const NO_ROW: TableHead = [0, 0];

/**
 * Chain value of a row: CRC-32 of its columns, begun with the value of the row before it in the same table. So one
 * changed bit, a lost row or two exchanged ones show at the very row. It finds accidents; whoever forges a row can
 * reckon a CRC, which is why the audit in `state.sqlite` is chained with SHA-256 instead.
 *
 * @param previous  chain value of sequence `seq − 1`; 0 for the first row
 * @returns         0 … 2³² − 1
 */
export function chainOf(previous: number, row: StoredRow): number {
  const { seq, input_seq, time_ms, subject, kind, payload } = row;
  return crc32(`${seq}\n${input_seq}\n${time_ms}\n${subject}\n${kind}\n${payload}`, previous);
}
