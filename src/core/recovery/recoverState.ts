import type { Venue } from '../../domain/instruments.ts';
import type { Balance, Fill, LookupOutcome, OrderIntent, OrderReport, PlaceOutcome } from '../../domain/orders.ts';
import type { JournalRow, JournalTable } from '../../journal/rows.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import { createStock } from '../stock.ts';
import { createBotFold } from './botFold.ts';
import type { RecoveredAttempt, RecoveredOrder, RecoveredState, RecoveredStock } from './recoveredState.ts';

/** Where the rows come from: a run's journal reader has this shape. */
export interface RowSource {
  rows(table: JournalTable, filter?: { readonly subject?: string }): Iterable<JournalRow>;
}

/** SOL paid for a swap that landed and failed. */
interface Charge {
  readonly inputSeq: number;
  readonly feeSol: number;
}

type BookedFill = Fill & { readonly attempt: number };

/**
 * What was under way when the core of these rows ended: a function of the rows alone, so that reading them twice gives
 * the same state. Orders without a final report, attempts without a closing row, looks without an end, counters.
 */
export function recoverState(source: RowSource): RecoveredState {
  const fills = [...source.rows('fills')];
  const { sent, bots } = foldDecisions(source);
  const fates = foldReports(source);
  const orders: RecoveredOrder[] = [];
  const legs = new Map<string, OrderIntent>();
  for (const { kind, payload } of source.rows('intents')) {
    if (kind !== 'order.place') continue;
    const intent = payload as OrderIntent;
    legs.set(intent.clientOrderId, intent);
    if (fates.final.has(intent.clientOrderId)) continue;
    orders.push({
      intent,
      shownPx: sent.get(intent.clientOrderId) ?? null,
      fills: fills.filter((row) => fillOf(row).clientOrderId === intent.clientOrderId).map((row) => venueFill(row)),
    });
  }
  const feesOf = (bot: string, attempt: number) =>
    [...legs.values()]
      .filter((intent) => intent.bot === bot && intent.attempt === attempt)
      .reduce((sum, intent) => sum + (fates.chainFees.get(intent.clientOrderId) ?? 0), 0);
  return {
    orders,
    bots: Object.fromEntries(
      [...bots].map(([bot, fold]) => [
        bot,
        fold.end((began): RecoveredAttempt => {
          const own = fills.filter((row) => row.subject === bot && fillOf(row).attempt === began.number);
          return {
            ...began,
            fills: own.map((row) => ({
              leg: row.kind as ArbLeg,
              fill: venueFill(row),
              shownPx: sent.get(fillOf(row).clientOrderId) ?? fillOf(row).price,
            })),
            failedFeesSol: feesOf(bot, began.number),
          };
        }),
      ]),
    ),
    stock: foldStock(source, fills, fates.charges),
  };
}

function foldDecisions(source: RowSource) {
  const sent = new Map<string, number>();
  const bots = new Map<string, ReturnType<typeof createBotFold>>();
  for (const row of source.rows('decisions')) {
    if (!row.subject.startsWith('bot:')) continue;
    if (row.kind === 'order.sent') {
      const { clientOrderId, shownPx } = row.payload as { clientOrderId: string; shownPx: number };
      sent.set(clientOrderId, shownPx);
      continue;
    }
    const fold = bots.get(row.subject) ?? createBotFold();
    bots.set(row.subject, fold);
    fold.take(row);
  }
  return { sent, bots };
}

/** Orders whose fate a report proved, and the SOL that failed swaps were charged. */
function foldReports(source: RowSource) {
  const final = new Set<string>();
  const chainFees = new Map<string, number>();
  const charges: Charge[] = [];
  for (const { kind, payload, inputSeq } of source.rows('reports')) {
    const { clientOrderId, answer } = payload as { clientOrderId: string; answer?: PlaceOutcome | LookupOutcome };
    const report = answer !== undefined && 'report' in answer ? (answer.report as OrderReport) : null;
    if (report !== null && report.status === 'open') continue;
    if (report === null && !ENDS_WITHOUT_REPORT.has(kind)) continue;
    final.add(clientOrderId);
    if (report?.failedChainFee === undefined || chainFees.has(clientOrderId)) continue;
    chainFees.set(clientOrderId, report.failedChainFee);
    charges.push({ inputSeq, feeSol: report.failedChainFee });
  }
  return { final, chainFees, charges };
}

const ENDS_WITHOUT_REPORT: ReadonlySet<string> = new Set(['placed.rejected', 'refused', 'resolved.no']);

/** What is ours at each venue, locked or not: fills and charges on top of the last whole truth. */
function foldStock(
  source: RowSource,
  fills: readonly JournalRow[],
  charges: readonly Charge[],
): readonly RecoveredStock[] {
  const stock = createStock();
  const moves = [
    ...fills.map((row) => ({ inputSeq: row.inputSeq, apply: () => stock.applyFill(fillOf(row)) })),
    ...charges.map(({ inputSeq, feeSol }) => ({ inputSeq, apply: () => stock.charge('jupiter', 'SOL', feeSol) })),
  ].sort((a, b) => a.inputSeq - b.inputSeq);
  let next = 0;
  const applyUntil = (inputSeq: number, apply: boolean) => {
    for (; next < moves.length && moves[next]!.inputSeq <= inputSeq; next += 1) {
      if (apply) moves[next]!.apply();
    }
  };
  for (const row of source.rows('inputs', { subject: 'gateway' })) {
    if (row.kind !== 'reconciled') continue;
    const { balances, failures } = row.payload as { balances: readonly Balance[]; failures: readonly string[] };
    // What a venue said holds every fill before it; a venue that failed keeps what was known.
    applyUntil(row.seq, failures.length > 0);
    stock.replace(balances.map((one) => ({ ...one, free: one.free + one.locked, locked: 0 })));
  }
  if (!stock.known()) return [];
  applyUntil(Number.POSITIVE_INFINITY, true);
  return stock.entries().map(({ venue, asset, free }) => ({ venue: venue as Venue, asset, free }));
}

const fillOf = (row: JournalRow) => row.payload as BookedFill;

function venueFill(row: JournalRow): Fill {
  const { attempt: _attempt, ...fill } = fillOf(row);
  return fill;
}
