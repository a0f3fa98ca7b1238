import { canonicalJson } from './canonicalJson.ts';
import { chainOf, type StoredRow, type TableHead } from './rowChain.ts';
import type { JournalTable } from './rows.ts';

export type RowCheckName = 'sequence' | 'chain' | 'payload' | 'input order';

/**
 * Checks the rows of one table, given in order. The chain is followed by the stored values, so that one damaged row is
 * one finding and not one for each row behind it.
 *
 * @param before     the last row that was pruned away; `[0, 0]` = none
 * @param lastInput  highest sequence among the inputs
 */
export function createRowCheck(
  table: JournalTable,
  before: TableHead,
  lastInput: number,
  hasChain: boolean,
  find: (check: RowCheckName, seq: number, message: string) => void,
): (row: StoredRow & { readonly chain?: number }) => void {
  let [lastSeq, lastChain] = before;
  let lastInputSeq = 0;

  return (row) => {
    const { seq, input_seq: inputSeq } = row;
    const where = `${table} ${seq} (${row.subject} ${row.kind})`;
    if (seq !== lastSeq + 1) {
      find(
        'sequence',
        seq,
        `${table}: ${lastSeq === 0 ? 'the first row' : `after ${lastSeq}`} is ${seq}: rows are missing`,
      );
    }
    // After a gap the row before is not known: the gap is the finding.
    else if (hasChain && chainOf(lastChain, row) !== row.chain) {
      find('chain', seq, `${where} is not what its writer wrote: its chain value does not fit`);
    }
    const flaw = payloadFlaw(row.payload);
    if (flaw !== null) find('payload', seq, `${where}: ${flaw}`);
    if (inputSeq < lastInputSeq)
      find('input order', seq, `${where} belongs to input ${inputSeq}, the row before it to ${lastInputSeq}`);
    if (table === 'inputs' ? inputSeq !== seq : inputSeq < 1 || inputSeq > lastInput) {
      const what =
        table === 'inputs'
          ? `names input ${inputSeq}`
          : `belongs to input ${inputSeq}, which is not there (last: ${lastInput})`;
      find('input order', seq, `${where} ${what}`);
    }
    lastSeq = seq;
    lastChain = row.chain ?? 0;
    lastInputSeq = Math.max(lastInputSeq, inputSeq);
  };
}

function payloadFlaw(payload: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return 'its payload is no JSON';
  }
  return canonicalJson(value) === payload ? null : 'its payload is not canonical JSON';
}
