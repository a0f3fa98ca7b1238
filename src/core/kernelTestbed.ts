import type { Balance } from '../domain/orders.ts';
import type { Logger } from '../domain/ports.ts';
import { JOURNAL_TABLES, type JournalRow } from '../journal/rows.ts';
import type { ArbEvaluation } from '../strategies/arb/arbEvaluation.ts';
import { ARB_EVALUATION_FIELDS, EvaluationKind, EvaluationTrigger } from '../strategies/arb/arbEvaluation.ts';
import { type ArbKnobs, arbKnobs } from '../strategies/arb/arbKnobs.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import type { OtherCommand } from './commands.ts';
import type { InputPayload } from './inputs.ts';
import { createKernel, type Kernel, type KernelConfig } from './kernel.ts';
import { recoverState } from './recovery/recoverState.ts';

/** A kernel with a world of the test's making around it: threads start at once, time is what the test says. */
export interface KernelTestbed {
  readonly kernel: Kernel;
  /** Of this core and the dead ones before it; inputs stand in `inputs`. */
  readonly rows: JournalRow[];
  readonly inputs: JournalRow[];
  readonly incarnation: number;
  readonly commands: OtherCommand[];
  /** What the kernel has logged, in order. */
  readonly lines: readonly string[];
  send(payload: InputPayload): void;
  /** Moves time on, firing the kernel's timers in order. */
  pass(durationMs: number): void;
  nowMs(): number;
  /** An evaluation of the SOL bot that passes every stage, changed as told. */
  signal(change?: Partial<ArbEvaluation>): void;
  rowsOf(table: JournalRow['table'], kind?: string): JournalRow[];
  bot(): ReturnType<Kernel['view']>['bots'][number];
}

export const SOL_KNOBS: ArbKnobs = {
  ...(Object.fromEntries(Object.entries(arbKnobs).map(([name, knob]) => [name, knob.default])) as ArbKnobs),
  slot: 'allDay',
};

const instrument = (venue: 'okx' | 'binance' | 'bybit') => ({
  venue,
  pair: 'SOL/USDT',
  venueSymbol: 'SOLUSDT',
  base: 'SOL',
  quote: 'USDT',
  tickSize: 0.01,
  stepSize: 0.01,
  minQty: 0.01,
  minNotional: venue === 'binance' ? 10 : 1,
});

export const TESTBED_CONFIG: KernelConfig = {
  run: 'test-run',
  runTag: 'testtest',
  seed: 7,
  bots: [{ id: 'bot:arb:SOL', slot: 0, symbol: 'SOL', pair: 'SOL/USDT', knobs: SOL_KNOBS }],
  lanes: ['lane:0'],
  instruments: [instrument('okx'), instrument('binance'), instrument('bybit')],
};

const START_MS = Date.UTC(2026, 0, 5, 14, 30);

/**
 * @param reconciled  false: the gateway's answer about balances stays out
 * @param after       the core that died before this one; what it left open is recovered from its rows
 * @param untilInput  the last input of the dead core that its journal holds
 */
export function startKernel({
  config = TESTBED_CONFIG,
  reconciled = true,
  after = null as KernelTestbed | null,
  untilInput = Number.POSITIVE_INFINITY,
} = {}): KernelTestbed {
  const inputs = after === null ? [] : after.inputs.filter(({ seq }) => seq <= untilInput);
  const rows: JournalRow[] = after === null ? [] : after.rows.filter(({ inputSeq }) => inputSeq <= untilInput);
  const commands: OtherCommand[] = [];
  const timers = new Map<string, number>();
  const lines: string[] = [];
  const log: Logger = { log: (_level, _topic, message) => void lines.push(message) };
  const incarnation = after === null ? 1 : after.incarnation + 1;
  let nowMs = after?.nowMs() ?? START_MS;
  let seq = inputs.at(-1)?.seq ?? 0;
  let laneSeq = 0;
  let quoteId = 0;
  let executed = 0;

  const kernel = createKernel(config, {
    row: (row) => rows.push(row),
    command: (command) => commands.push(command),
    armTimer: (key, dueMs) => timers.set(key, dueMs),
    cancelTimer: (key) => timers.delete(key),
    log,
    metrics: silentMetrics,
  });
  const handle = (payload: InputPayload) => {
    seq += 1;
    const source = payload.type === 'reconciled' ? 'gateway' : 'test';
    inputs.push({ table: 'inputs', seq, inputSeq: seq, timeMs: nowMs, subject: source, kind: payload.type, payload });
    kernel.handle({ seq, timeMs: nowMs, source, payload });
  };
  /** The venues hold plenty at first, and later what the fills made of it. */
  const truthNow = () => {
    const { stock } = kernel.view();
    return stock.length === 0 ? plenty : stock.map((entry) => ({ ...entry, locked: 0 }) as Balance);
  };
  /** Threads start and stop at once; the rest of the commands waits for the test. */
  const obey = () => {
    for (; executed < commands.length; executed += 1) {
      const command = commands[executed]!;
      if (command.type === 'child.start') {
        handle({ type: 'child.started', child: command.child, incarnation: command.incarnation });
      } else if (command.type === 'child.stop') {
        const kind = command.how === 'kill' ? 'killed' : 'shutdown';
        handle({ type: 'child.exited', child: command.child, incarnation: command.incarnation, reason: { kind } });
      } else if (command.type === 'gateway.reconcile' && reconciled) {
        handle({ type: 'reconciled', balances: truthNow(), openOrders: [], failures: [] });
      }
    }
  };
  const send = (payload: InputPayload) => {
    handle(payload);
    obey();
  };

  const lastSeq = Object.fromEntries(JOURNAL_TABLES.map((table) => [table, lastSeqOf(rows, table)]));
  send({
    type: 'core.started',
    incarnation,
    latch: { all: null, bots: {} },
    lastSeq,
    // Through JSON, as the journal keeps it.
    ...(after === null ? {} : { recovered: JSON.parse(JSON.stringify(recoverState(rowSource(rows, inputs)))) }),
  });
  return {
    kernel,
    rows,
    inputs,
    incarnation,
    commands,
    lines,
    send,
    nowMs: () => nowMs,
    pass(durationMs) {
      const untilMs = nowMs + durationMs;
      for (;;) {
        const next = [...timers].filter(([, dueMs]) => dueMs <= untilMs).sort((a, b) => a[1] - b[1])[0];
        if (next === undefined) break;
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1]);
        send({ type: 'timer.due', timer: next[0] });
      }
      nowMs = untilMs;
    },
    signal(change = {}) {
      laneSeq += 1;
      quoteId += 1;
      send({
        type: 'signal.arb',
        lane: 'lane:0',
        evaluation: { ...goodEvaluation(nowMs), laneSeq, quoteId, firmQuoteId: quoteId, ...change },
      });
    },
    rowsOf: (table, kind) => rows.filter((row) => row.table === table && (kind === undefined || row.kind === kind)),
    bot: () => kernel.view().bots[0]!,
  };
}

/** The rows as a journal reader would give them. */
export function rowSource(rows: readonly JournalRow[], inputs: readonly JournalRow[]) {
  return {
    rows: (table: JournalRow['table'], filter?: { readonly subject?: string; readonly fromSeq?: number }) =>
      [...inputs, ...rows].filter(
        (row) => row.table === table && (filter?.subject === undefined || row.subject === filter.subject),
      ),
  };
}

const lastSeqOf = (rows: readonly JournalRow[], table: string) =>
  rows.reduce((last, row) => (row.table === table ? Math.max(last, row.seq) : last), 0);

const plenty = (['okx', 'binance', 'bybit', 'jupiter'] as const).flatMap((venue) =>
  ['SOL', 'USDT', 'USDC'].map((asset) => ({ venue, asset, free: 10_000, locked: 0 })),
);

/** DEX 60 bps under the CEX: every stage passes. */
function goodEvaluation(nowMs: number): ArbEvaluation {
  const nothing = Object.fromEntries(ARB_EVALUATION_FIELDS.map((field) => [field, null])) as unknown as ArbEvaluation;
  return {
    ...nothing,
    kind: EvaluationKind.look,
    botSlot: 0,
    beganAtMs: nowMs,
    evaluatedAtMs: nowMs,
    trigger: EvaluationTrigger.quote,
    requestId: 0,
    flags: 0,
    cbTopPx: 150.01,
    cbTopVenue: 0,
    cbPx: 150,
    cbVenue: 0,
    dqPx: 149.1,
    dqFirmPx: 149.1,
    fxBps: 0,
    midPx: 150.015,
    compositeMidPx: 150.015,
    solMidPx: 150.015,
    bestBidPx: 150.01,
    bestBidVenue: 0,
    bestAskPx: 150.02,
    bestAskVenue: 0,
    bookAgeMs: 5,
    quoteAgeMs: 5,
    firmInRaw: 10_437_000,
    firmOutRaw: 70_000_000,
    firmMinOutRaw: 69_860_000,
    firmContextSlot: 1,
    orderQty: 0.07,
    guardIntervalMs: 1000,
  };
}
