import type { OrderRef } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';
import { canonicalJson } from '../journal/canonicalJson.ts';
import type { JournalRow } from '../journal/rows.ts';
import type { OtherCommand } from './commands.ts';
import type { Input, InputPayload } from './inputs.ts';
import { createKernel, type Kernel, type KernelConfig, type KernelOutputs, type KernelView } from './kernel.ts';

export interface DoorDeps {
  readonly clock: Clock;
  readonly config: KernelConfig;
  readonly log: KernelOutputs['log'];
  readonly metrics: KernelOutputs['metrics'];
  /** Where rows go, in order. `urgent`: somebody waits for their commit. */
  journal(rows: readonly JournalRow[], urgent?: boolean): void;
  /**
   * Calls `then` once the input's row is durable, at once where no journal is there to make it so. Without it nothing is
   * waited for.
   */
  durable?(inputSeq: number, then: () => void): void;
  /** At once, also while the journal hangs or is gone: a cancel only reduces risk. */
  cancel(ref: OrderRef): void;
  /** Runs one command; it may bring new inputs, also at once: they wait their turn. */
  execute(command: OtherCommand): void;
  /** Highest input sequence of earlier incarnations of this run. */
  readonly lastInputSeq: number;
}

/** What a venue says: durable before the kernel reads it. What the gateway itself refused is no word of a venue. */
const VENUE_REPORTS: ReadonlySet<InputPayload['type']> = new Set(['order.placed', 'order.resolved', 'reconciled']);

/** Inputs that may wait behind a report. Nothing is dropped beyond it: the report is then read before its commit. */
const MAX_WAITING = 10_000;

/**
 * The one door to the core. What comes in gets sequence number and time, is handed to the journal, and only then is
 * handled, one at a time; what the kernel decided leaves after that, rows before commands. A venue's report is held until
 * the commit that has it: whatever comes meanwhile waits behind it, so that the order of inputs is that of their numbers.
 */
export interface Door {
  admit(source: string, payload: InputPayload): void;
  view(): KernelView;
}

export function createDoor(deps: DoorDeps): Door {
  const waiting: { readonly source: string; readonly payload: InputPayload }[] = [];
  const timers = new Map<string, () => void>();
  let rows: JournalRow[] = [];
  let commands: OtherCommand[] = [];
  let seq = deps.lastInputSeq;
  let lastTimeMs = 0;
  let handling = false;
  let held: { readonly input: Input; release(): void } | null = null;

  const kernel: Kernel = createKernel(deps.config, {
    log: deps.log,
    metrics: deps.metrics,
    row: (row) => rows.push(row),
    command: (command) => commands.push(command),
    armTimer(key, dueMs) {
      timers.get(key)?.();
      timers.set(
        key,
        deps.clock.after(Math.max(0, dueMs - deps.clock.nowMs()), () => {
          timers.delete(key);
          admit('timer', { type: 'timer.due', timer: key });
        }),
      );
    },
    cancelTimer(key) {
      timers.get(key)?.();
      timers.delete(key);
    },
  });

  function admit(source: string, payload: InputPayload): void {
    if (!canBeJournalled(source, payload)) return;
    waiting.push({ source, payload });
    if (held !== null && waiting.length >= MAX_WAITING) held.release();
    else if (!handling) handleWaiting();
  }

  function handleWaiting(): void {
    handling = true;
    try {
      while (held === null) {
        const next = waiting.shift();
        if (next === undefined) return;
        take(next.source, next.payload);
      }
    } finally {
      handling = false;
    }
  }

  function take(source: string, payload: InputPayload): void {
    seq += 1;
    lastTimeMs = Math.max(lastTimeMs, deps.clock.nowMs());
    const input: Input = { seq, timeMs: lastTimeMs, source, payload };
    const isAwaited = deps.durable !== undefined && VENUE_REPORTS.has(payload.type);
    deps.journal(
      [{ table: 'inputs', seq, inputSeq: seq, timeMs: lastTimeMs, subject: source, kind: payload.type, payload }],
      isAwaited,
    );
    if (!isAwaited) {
      handle(input);
      return;
    }
    const release = () => {
      if (held?.input !== input) return;
      held = null;
      const wasHandling = handling;
      handling = true;
      try {
        handle(input);
      } finally {
        handling = wasHandling;
      }
      if (!handling) handleWaiting();
    };
    held = { input, release };
    deps.durable?.(seq, release);
  }

  function handle(input: Input): void {
    kernel.handle(input);
    if (rows.length > 0) deps.journal(rows);
    for (const row of rows) {
      if (row.table === 'intents' && row.kind === 'order.cancel') deps.cancel(row.payload as OrderRef);
    }
    const due = commands;
    rows = [];
    commands = [];
    for (const command of due) deps.execute(command);
  }

  /** A row that the journal cannot hold would end it at every try: it is refused before it has a number, and said so. */
  function canBeJournalled(source: string, payload: InputPayload): boolean {
    try {
      canonicalJson(payload);
      return true;
    } catch (error) {
      deps.log.log('error', 'risk', `an input of ${source} (${payload.type}) was refused: ${String(error)}`);
      return false;
    }
  }

  return { admit, view: kernel.view };
}
