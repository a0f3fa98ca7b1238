import type { Fill, LookupOutcome, OrderIntent, OrderReport, PlaceOutcome } from '../../domain/orders.ts';
import type { JournalRow, JournalTable } from '../../journal/rows.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import { type BotFoldState, createBotFold } from './botFold.ts';
import { createDeniedFold, type DeniedOrder } from './deniedFold.ts';
import type { RecoveredAttempt, RecoveredOrder, RecoveredState } from './recoveredState.ts';
import { foldStock, NO_STOCK, type StockFoldState, type StockMove, stockOf } from './stockFold.ts';
import { createTradesFold, type TradesFoldState } from './tradesFold.ts';

/** Where the rows come from: a run's journal reader has this shape. */
export interface RowSource {
  rows(table: JournalTable, filter?: { readonly subject?: string; readonly fromSeq?: number }): Iterable<JournalRow>;
}

export type BookedFill = Fill & { readonly attempt: number };

interface KeptFill {
  readonly bot: string;
  readonly leg: string;
  readonly fill: BookedFill;
}

/** The composite mid at the time of some fills. */
interface MidMark {
  readonly bot: string;
  readonly attempt: number;
  readonly tradeIds: readonly string[];
  readonly midPx: number;
}

/**
 * Where the fold over a run's rows stands behind one input: all that later rows can still change or need. Orders with a
 * proven fate of closed attempts are left out, so its size follows what is open, not how long the run is.
 */
export interface RecoveryFoldState {
  /** Every row of this input and of all before it is in here, and none of a later one. */
  readonly inputSeq: number;
  /** Of each table, the first sequence that is not in here. */
  readonly nextSeq: Readonly<Partial<Record<JournalTable, number>>>;
  readonly bots: Readonly<Record<string, BotFoldState>>;
  readonly intents: readonly OrderIntent[];
  /** Of `intents`. */
  readonly final: readonly string[];
  readonly shownPx: readonly (readonly [clientOrderId: string, px: number])[];
  readonly chainFees: readonly (readonly [clientOrderId: string, sol: number])[];
  readonly fills: readonly KeptFill[];
  readonly marks: readonly MidMark[];
  readonly stock: StockFoldState;
  readonly denied: readonly DeniedOrder[];
  readonly trades: TradesFoldState;
}

/** Charges remembered, so that one told again is none: as many orders as the desk still hears about. */
const MOST_FEES = 4096;

const ENDS_WITHOUT_REPORT: ReadonlySet<string> = new Set(['placed.rejected', 'refused', 'resolved.no']);

/** Reads a run's rows, from the first one or from where a fold before it stood. */
export function createRecoveryFold(saved?: RecoveryFoldState) {
  const bots = new Map(Object.entries(saved?.bots ?? {}).map(([bot, state]) => [bot, createBotFold(state)]));
  const intents = new Map(saved?.intents.map((intent) => [intent.clientOrderId, intent]));
  const final = new Set<string>(saved?.final);
  const shownPx = new Map<string, number>(saved?.shownPx);
  const chainFees = new Map<string, number>(saved?.chainFees);
  const fills: KeptFill[] = [...(saved?.fills ?? [])];
  const marks: MidMark[] = [...(saved?.marks ?? [])];
  const denied = createDeniedFold(saved?.denied);
  const trades = createTradesFold(saved?.trades);
  const nextSeq: Partial<Record<JournalTable, number>> = { ...saved?.nextSeq };
  let stock = saved?.stock ?? NO_STOCK;
  let inputSeq = saved?.inputSeq ?? 0;

  function* behind(source: RowSource, table: JournalTable, upTo: number, subject?: string): Generator<JournalRow> {
    const filter = { ...(subject === undefined ? {} : { subject }), fromSeq: nextSeq[table] ?? 1 };
    for (const row of source.rows(table, filter)) {
      if (row.inputSeq > upTo) return;
      // A source may know nothing of `fromSeq`.
      if (row.inputSeq <= inputSeq) continue;
      nextSeq[table] = row.seq + 1;
      yield row;
    }
  }

  function takeDecision(row: JournalRow): void {
    if (!row.subject.startsWith('bot:')) return;
    if (row.kind === 'order.sent') {
      const { clientOrderId, shownPx: px } = row.payload as { clientOrderId: string; shownPx: number };
      shownPx.set(clientOrderId, px);
      return;
    }
    if (row.kind === 'fills.marked') marks.push({ bot: row.subject, ...(row.payload as Omit<MidMark, 'bot'>) });
    const fold = bots.get(row.subject) ?? createBotFold();
    bots.set(row.subject, fold);
    fold.take(row);
  }

  /** @returns what a failed swap was charged, once per order */
  function takeReport({ kind, payload, inputSeq: at, timeMs }: JournalRow): StockMove[] {
    const { clientOrderId, answer } = payload as { clientOrderId: string; answer?: PlaceOutcome | LookupOutcome };
    // Only what ends by the denial: an end that was proven before stays what it was.
    denied.take(kind, clientOrderId, timeMs, final.has(clientOrderId) ? undefined : intents.get(clientOrderId));
    const report = answer !== undefined && 'report' in answer ? (answer.report as OrderReport) : null;
    if (report !== null && report.status === 'open') return [];
    if (report === null && !ENDS_WITHOUT_REPORT.has(kind)) return [];
    final.add(clientOrderId);
    const fee = report?.failedChainFee;
    if (fee === undefined || chainFees.has(clientOrderId)) return [];
    chainFees.set(clientOrderId, fee);
    if (chainFees.size > MOST_FEES) chainFees.delete(chainFees.keys().next().value!);
    return [{ inputSeq: at, chargedSol: fee }];
  }

  const midOf = ({ bot, fill: { attempt, tradeId } }: KeptFill) => {
    const mark = marks.find((one) => one.bot === bot && one.attempt === attempt && one.tradeIds.includes(tradeId));
    return mark === undefined ? {} : { midPx: mark.midPx };
  };
  const isOpen = (bot: string, attempt: number) => bots.get(bot)?.hasOpen(attempt) === true;

  return {
    /** Takes the rows behind those it has, up to those of input `upTo`. */
    take(source: RowSource, upTo = Number.MAX_SAFE_INTEGER): void {
      const moves: StockMove[] = [];
      for (const row of behind(source, 'decisions', upTo)) takeDecision(row);
      for (const row of behind(source, 'fills', upTo)) {
        const fill = row.payload as BookedFill;
        fills.push({ bot: row.subject, leg: row.kind, fill });
        trades.take(row.kind, fill);
        moves.push({ inputSeq: row.inputSeq, fill });
      }
      // Before the reports, which are about them.
      for (const { kind, payload } of behind(source, 'intents', upTo)) {
        const intent = payload as OrderIntent;
        if (kind === 'order.place') intents.set(intent.clientOrderId, intent);
      }
      for (const row of behind(source, 'reports', upTo)) moves.push(...takeReport(row));
      stock = foldStock(stock, moves, reconciledOf(behind(source, 'inputs', upTo, 'gateway')));
      if (upTo < Number.MAX_SAFE_INTEGER) inputSeq = Math.max(inputSeq, upTo);
    },

    result(): RecoveredState {
      const orders: RecoveredOrder[] = [...intents.values()]
        .filter(({ clientOrderId }) => !final.has(clientOrderId))
        .map((intent) => ({
          intent,
          shownPx: shownPx.get(intent.clientOrderId) ?? null,
          fills: fills.filter(({ fill }) => fill.clientOrderId === intent.clientOrderId).map(venueFill),
        }));
      const feesOf = (bot: string, attempt: number) =>
        [...intents.values()]
          .filter((intent) => intent.bot === bot && intent.attempt === attempt)
          .reduce((sum, intent) => sum + (chainFees.get(intent.clientOrderId) ?? 0), 0);
      const attemptOf = (bot: string) => (began: Omit<RecoveredAttempt, 'fills' | 'failedFeesSol'>) => ({
        ...began,
        fills: fills
          .filter((one) => one.bot === bot && one.fill.attempt === began.number)
          .map((one) => ({
            leg: one.leg as ArbLeg,
            fill: venueFill(one),
            shownPx: shownPx.get(one.fill.clientOrderId) ?? one.fill.price,
            ...midOf(one),
          })),
        failedFeesSol: feesOf(bot, began.number),
      });
      return {
        orders,
        bots: Object.fromEntries([...bots].map(([bot, fold]) => [bot, fold.end(attemptOf(bot))])),
        stock: stockOf(stock),
        denied: denied.list().map(({ intent }) => intent),
        trades: trades.list(),
      };
    },

    /** After a `take` up to an input. */
    save(): RecoveryFoldState {
      const isKept = (intent: OrderIntent) => !final.has(intent.clientOrderId) || isOpen(intent.bot, intent.attempt);
      const kept = new Map([...intents].filter(([, intent]) => isKept(intent)));
      const isDropped = (id: string) => intents.has(id) && !kept.has(id);
      return {
        inputSeq,
        nextSeq: { ...nextSeq },
        bots: Object.fromEntries([...bots].map(([bot, fold]) => [bot, fold.save()])),
        intents: [...kept.values()],
        final: [...final].filter((id) => !isDropped(id)),
        shownPx: [...shownPx].filter(([id]) => !isDropped(id)),
        chainFees: [...chainFees],
        fills: fills.filter(({ bot, fill }) => isOpen(bot, fill.attempt) || kept.has(fill.clientOrderId)),
        marks: marks.filter(({ bot, attempt }) => isOpen(bot, attempt)),
        stock,
        denied: denied.list(),
        trades: trades.save(),
      };
    },
  };
}

function* reconciledOf(rows: Iterable<JournalRow>): Generator<JournalRow> {
  for (const row of rows) if (row.kind === 'reconciled') yield row;
}

function venueFill({ fill: { attempt: _attempt, ...fill } }: KeptFill): Fill {
  return fill;
}
