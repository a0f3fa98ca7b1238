import type { Instrument } from '../domain/instruments.ts';
import type { OrderCheck } from '../risk/preTradeGate.ts';
import type { DeskOrder, DraftContext, OrderDraft } from './orderDeskTypes.ts';

/** Older own trades than this bound no price any more. */
const LAST_TRADE_MAX_AGE_MS = 60_000;

/** What the gate must know and only the desk knows. */
export interface DeskKnowledge {
  /** Every living order, unknown ones included: until proven otherwise all of it fills. */
  readonly living: Iterable<DeskOrder>;
  readonly lastTrades: ReadonlyMap<string, { readonly price: number; readonly atMs: number }>;
  readonly nowMs: number;
}

type FromDesk = Pick<
  OrderCheck,
  'openOrders' | 'openNotional' | 'inFlightQty' | 'parentRemainingQty' | 'oppositeRestingPx' | 'lastTradePx'
>;

/** The desk's part of a check: exposure, what is in flight, what the parent has left, own prices in the way. */
export function knownToDesk(draft: OrderDraft, context: DraftContext, desk: DeskKnowledge): FromDesk {
  let openOrders = 0;
  let openNotional = 0;
  let inFlightQty = 0;
  let legInFlightQty = 0;
  let oppositeRestingPx: number | null = null;
  for (const order of desk.living) {
    const { intent } = order;
    if (restsAgainst(order, draft)) oppositeRestingPx = nearer(draft, oppositeRestingPx, Number(intent.price));
    if (intent.bot !== draft.bot) continue;
    openOrders += 1;
    openNotional += remainingQty(order) * order.referencePx;
    if (intent.attempt !== draft.attempt || intent.pair !== draft.pair || intent.side !== draft.side) continue;
    inFlightQty += remainingQty(order);
    if (intent.leg === draft.leg) legInFlightQty += remainingQty(order);
  }
  const lastTrade = desk.lastTrades.get(draft.pair);
  const recent = lastTrade !== undefined && desk.nowMs - lastTrade.atMs <= LAST_TRADE_MAX_AGE_MS;
  return {
    openOrders,
    openNotional,
    inFlightQty,
    parentRemainingQty: context.parentRemainingQty - legInFlightQty,
    oppositeRestingPx,
    lastTradePx: recent ? lastTrade.price : null,
  };
}

export function remainingQty(order: DeskOrder): number {
  return Math.max(0, Number(order.intent.qty) - order.filledQty);
}

function restsAgainst({ intent }: DeskOrder, draft: OrderDraft): boolean {
  if (intent.type !== 'postOnly' || intent.price === undefined) return false;
  return intent.venue === draft.venue && intent.pair === draft.pair && intent.side !== draft.side;
}

/** The resting price that this draft would meet first. */
function nearer(draft: OrderDraft, known: number | null, price: number): number {
  if (known === null) return price;
  return draft.side === 'buy' ? Math.min(known, price) : Math.max(known, price);
}

/** The venue's rules in one line: what sized an order at start must be what sizes it now. */
export function rulesHashOf(instrument: Instrument | null): string | null {
  if (instrument === null) return null;
  const { venue, venueSymbol, base, quote, tickSize, stepSize, minQty, minNotional } = instrument;
  return `${venue} ${venueSymbol} ${base}/${quote} ${tickSize} ${stepSize} ${minQty} ${minNotional}`;
}
