import { NightjarError } from '../domain/errors.ts';
import type { Logger } from '../domain/ports.ts';
import { canonicalJson } from '../journal/canonicalJson.ts';
import { openJournalReader, type StoredInput } from '../journal/journalReader.ts';
import { JOURNAL_TABLES, type JournalRow, type JournalTable } from '../journal/rows.ts';
import { buildIdentity, type RunManifest, readManifest } from '../journal/runManifest.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import type { InputPayload } from './inputs.ts';
import { createKernel, type KernelConfig } from './kernel.ts';

/** Tables that the kernel writes: everything but its inputs. */
const COMPARED = JOURNAL_TABLES.filter((table) => table !== 'inputs');
/** Mismatches kept in full; all are counted. */
const KEPT_MISMATCHES = 10;

export interface VerifyReport {
  readonly run: string;
  readonly inputs: number;
  readonly incarnations: number;
  /** Last inputs of a killed core whose rows never reached the journal: nothing that they decided is known to have left. */
  readonly lostInputs: number;
  /** Rows compared per table, equal or not. */
  readonly compared: Readonly<Record<string, number>>;
  readonly mismatches: number;
  readonly firstMismatches: readonly {
    readonly table: string;
    readonly seq: number;
    readonly recorded: string;
    readonly replayed: string;
  }[];
  /** Versions that differ from the recording's: then a difference is no proof of anything. */
  readonly versionDifferences: readonly string[];
  readonly ok: boolean;
}

const silentLog: Logger = { log: () => {} };

/**
 * Feeds a run's recorded inputs to a fresh kernel and compares every row that it writes, byte for byte (canonical JSON),
 * with the journal: decisions, commands, intents, reports, fills, transitions and crashes.
 *
 * @throws NightjarError data.unreadable when the folder holds no run
 */
export function verifyRun(
  runDir: string,
  options: { readonly projectRoot: string; readonly onProgress?: (inputs: number) => void },
): VerifyReport {
  const manifest = readManifest(runDir);
  const kernelConfig = (manifest.config as { kernel?: KernelConfig }).kernel;
  if (kernelConfig === undefined) {
    throw new NightjarError(
      'data.unreadable',
      `${runDir}/manifest.json holds no kernel configuration: it was written by another version`,
    );
  }
  const reader = openJournalReader(runDir);
  const recorded = new Map<JournalTable, RecordedRows>(
    COMPARED.map((table) => [table, createRecordedRows(reader.rows(table))] as const),
  );
  let lostInputs = 0;
  const compared: Record<string, number> = Object.fromEntries(COMPARED.map((table) => [table, 0]));
  const firstMismatches: VerifyReport['firstMismatches'][number][] = [];
  let mismatches = 0;
  let inputs = 0;
  let incarnations = 0;

  const differ = (table: string, seq: number, recordedText: string, replayedText: string) => {
    mismatches += 1;
    if (firstMismatches.length < KEPT_MISMATCHES) {
      firstMismatches.push({ table, seq, recorded: recordedText, replayed: replayedText });
    }
  };
  const kernel = createKernel(kernelConfig, {
    log: silentLog,
    metrics: silentMetrics,
    command: () => {},
    armTimer: () => {},
    cancelTimer: () => {},
    row(row) {
      compared[row.table] = (compared[row.table] ?? 0) + 1;
      const next = recorded.get(row.table)?.take();
      const replayedText = canonicalJson(row);
      const recordedText = next === undefined ? '(none)' : canonicalJson(next);
      if (recordedText !== replayedText) differ(row.table, row.seq, recordedText, replayedText);
    },
  });
  try {
    for (const [input, next] of withNext(reader.inputs())) {
      inputs += 1;
      if (endsInDeath(next, manifest.ended) && ![...recorded.values()].some((rows) => rows.madeBy(input.seq))) {
        lostInputs += 1;
        continue;
      }
      const payload = input.payload as InputPayload;
      if (payload.type === 'core.started') incarnations += 1;
      kernel.handle({ seq: input.seq, timeMs: input.timeMs, source: input.source, payload });
      if (inputs % 1000 === 0) options.onProgress?.(inputs);
    }
    for (const [table, rest] of recorded) {
      for (const row of rest.others()) {
        compared[table] = (compared[table] ?? 0) + 1;
        differ(table, row.seq, canonicalJson(row), '(none)');
      }
    }
  } finally {
    reader.close();
  }
  const build = buildIdentity(options.projectRoot);
  const versionDifferences = (['nightjarVersion', 'nodeVersion', 'timeZoneData', 'lockfileHash'] as const)
    .filter((key) => build[key] !== manifest[key])
    .map((key) => `${key}: recorded ${manifest[key]}, here ${build[key]}`);
  return {
    run: manifest.run,
    inputs,
    incarnations,
    lostInputs,
    compared,
    mismatches,
    firstMismatches,
    versionDifferences,
    ok: mismatches === 0 && inputs > 0,
  };
}

interface RecordedRows {
  take(): JournalRow | undefined;
  /** The next row was made while this input was handled. */
  madeBy(inputSeq: number): boolean;
  others(): Iterable<JournalRow>;
}

function createRecordedRows(rows: IterableIterator<JournalRow>): RecordedRows {
  let ahead: JournalRow | undefined;
  const peek = () => {
    if (ahead !== undefined) return ahead;
    const next = rows.next();
    ahead = next.done ? undefined : next.value;
    return ahead;
  };
  const take = () => {
    const row = peek();
    ahead = undefined;
    return row;
  };
  return {
    take,
    madeBy: (inputSeq) => peek()?.inputSeq === inputSeq,
    *others() {
      for (let row = take(); row !== undefined; row = take()) yield row;
    },
  };
}

/**
 * A core hands an input to the journal before it handles it, and its rows after: a kill between the two leaves an input
 * without rows. It is always the last of its incarnation, whose state ends there anyway.
 */
function endsInDeath(next: StoredInput | null, ended: RunManifest['ended']): boolean {
  if (next !== null) return (next.payload as InputPayload).type === 'core.started';
  return ended !== 'clean' && ended !== 'crash-recovered';
}

function* withNext(inputs: Iterable<StoredInput>): IterableIterator<[StoredInput, StoredInput | null]> {
  let held: StoredInput | null = null;
  for (const input of inputs) {
    if (held !== null) yield [held, input];
    held = input;
  }
  if (held !== null) yield [held, null];
}
