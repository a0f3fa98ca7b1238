import type { Closure, ControlMessage, LatchState } from '../domain/control.ts';
import { canonicalJson } from '../journal/canonicalJson.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { AuditEntry, PermitChange, StateStore } from '../journal/stateStore.ts';

export interface JournalAudit {
  /** Rows that are new to the journal, in order, once their commit is over. @throws NightjarError journal.failed */
  committed(rows: readonly JournalRow[]): void;
  /** Rows of later inputs than this may not have been audited: a new journal thread reads them and calls `catchUp`. */
  auditedInput(): number;
  /** @param lastInput  of the journal: all up to it is audited now */
  catchUp(rows: readonly JournalRow[], lastInput: number): void;
  close(): void;
}

const OPEN: LatchState = { all: null, bots: {} };

/** Whether the audit has something to say about such a row. */
function isAudited({ table, kind }: Pick<JournalRow, 'table' | 'kind'>): boolean {
  return table === 'decisions'
    ? kind === 'control' || kind === 'permit'
    : table === 'inputs' && kind === 'core.started';
}

/**
 * Turns what control did, as the journal has it, into the audit of `state.sqlite`. The journal comes first: a death in
 * between leaves the audit behind, never ahead, and the next thread catches up.
 */
export function createJournalAudit(store: StateStore, run: string): JournalAudit {
  const markKey = `audited:${run}`;
  let latch = (store.read('latch') as LatchState | null) ?? OPEN;
  let audited = Number(store.read(markKey) ?? 0);

  const entryOf = (row: JournalRow): { entry: AuditEntry; permits: readonly PermitChange[] } | null => {
    const base = { run, inputSeq: row.inputSeq, timeMs: row.timeMs };
    if (row.kind === 'control') {
      const { message, status } = row.payload as { message: ControlMessage; status: number };
      const after = Object.keys(message.args).length === 0 ? null : message.args;
      const entry = { ...base, ...actorOf(message), before: null, after, result: String(status) };
      return { entry, permits: [] };
    }
    const payload = row.payload as { readonly latch: LatchState; readonly cause?: ControlMessage };
    const before = latch;
    latch = payload.latch;
    const permits = changesBetween(before, latch, payload.cause);
    if (payload.cause === undefined) {
      // A start reads the latch file; a difference to what was last audited is somebody's work in between.
      if (permits.length === 0) return null;
      const who = {
        who: 'nobody',
        from: 'latch file',
        what: 'latch.loaded',
        target: null,
        reason: 'read at the start',
      };
      return { entry: { ...base, ...who, before, after: latch, result: 'done' }, permits };
    }
    return { entry: { ...base, ...actorOf(payload.cause), before, after: latch, result: 'done' }, permits };
  };

  const record = (rows: readonly JournalRow[], upToInput: number) => {
    const entries = rows.map(entryOf).filter((one) => one !== null);
    if (entries.length > 0) {
      store.appendAudit(entries);
      store.write('latch', latch);
    }
    audited = Math.max(audited, upToInput);
    store.write(markKey, audited);
  };

  return {
    committed(rows) {
      const told = rows.filter(isAudited);
      if (told.length > 0) record(told, told.at(-1)!.inputSeq);
    },
    catchUp: (rows, lastInput) => record(rows, lastInput),
    auditedInput: () => audited,
    close: () => store.close(),
  };
}

const actorOf = ({ by, from, action, target, reason }: ControlMessage) => ({
  who: by,
  from,
  what: action,
  target: target ?? null,
  reason,
});

/** What became of each bot's permit, by name; an equal closure is no change. */
function changesBetween(before: LatchState, after: LatchState, cause: ControlMessage | undefined): PermitChange[] {
  const names = [...new Set([...Object.keys(before.bots), ...Object.keys(after.bots)])].sort();
  const at = (state: LatchState, bot: string): Closure | null => (bot === 'all' ? state.all : state.bots[bot]) ?? null;
  return ['all', ...names].flatMap((bot): PermitChange[] => {
    const [was, is] = [at(before, bot), at(after, bot)];
    if (canonicalJson(was) === canonicalJson(is)) return [];
    if (is === null) {
      return [{ bot, level: null, reason: cause?.reason ?? 'no longer in the latch file', by: cause?.by ?? 'nobody' }];
    }
    return [{ bot, level: is.level ?? 'permit', reason: is.reason, by: is.by }];
  });
}
