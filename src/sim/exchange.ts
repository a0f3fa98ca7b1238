import { type CexVenue, floorToLots, formatIncrements, type Instrument } from '../domain/instruments.ts';
import type { Clock } from '../domain/ports.ts';
import { type AmountE12, feeE12, parseIncrements } from './amounts.ts';
import type { RestingOrder } from './limitBook.ts';
import type { OrderLog } from './orderLog.ts';
import type { SimAccount } from './simAccount.ts';
import { type OrderRequest, qtyE12, quoteE12, type RejectKind, type SimOrder } from './simOrder.ts';
import type { PublicTrade, VenueMarket } from './venueMarket.ts';

export type PlaceResult = { readonly order: SimOrder } | { readonly rejected: RejectKind };

export interface ExchangeRules {
  /** Client ids are unique among open orders (Binance, OKX) or for ever (Bybit). */
  readonly clientIdsUnique: 'open' | 'always';
  /** A post-only order that would take is refused (Binance) or accepted and then cancelled (OKX, Bybit). */
  readonly postOnlyCross: 'reject' | 'cancel';
  /** Status of an IOC whose remainder was thrown away. */
  readonly iocRemainder: 'expired' | 'cancelled';
  readonly makerFeeBps: number;
  readonly takerFeeBps: number;
}

interface ExchangeDeps {
  readonly venue: CexVenue;
  readonly clock: Clock;
  readonly rules: ExchangeRules;
  readonly account: SimAccount;
  readonly log: OrderLog;
  readonly instrumentOf: (venueSymbol: string) => Instrument | undefined;
  /** Starts the market if nobody has looked at it yet. */
  readonly marketOf: (instrument: Instrument) => VenueMarket;
}

/** Orders that the venue remembers after they ended; the oldest are forgotten, as a venue's query does after some days. */
const MOST_ORDERS = 20_000;

export type Exchange = ReturnType<typeof createExchange>;

/** One venue's order handling: filters, balances, matching against `VenueMarket`, queries. */
export function createExchange(deps: ExchangeDeps) {
  const { venue, clock, rules, account, marketOf } = deps;
  const byClientId = new Map<string, SimOrder>();
  const byVenueId = new Map<string, SimOrder>();
  /** Client ids acknowledged, but not yet seen by the engine. */
  const waiting = new Set<string>();
  let lastOrderId = 700_000_000;
  let lastMadeId = 0;

  const applyFill = (order: SimOrder, lots: number, trade: PublicTrade, maker: boolean) => {
    const { instrument } = order;
    const qty = qtyE12(instrument, lots);
    const quote = quoteE12(instrument, lots, trade.tick);
    const bps = maker ? rules.makerFeeBps : rules.takerFeeBps;
    const received = order.request.side === 'buy' ? qty : quote;
    const fee = feeE12(received, bps);
    const feeAsset = order.request.side === 'buy' ? instrument.base : instrument.quote;
    const spentAsset = order.request.side === 'buy' ? instrument.quote : instrument.base;
    const spent = order.request.side === 'buy' ? quote : qty;
    // A resting order spends what it locked; what a better price saves comes back when the order ends.
    if (order.locked > 0n) {
      account.unlock(spentAsset, spent);
      order.locked -= spent;
    }
    account.credit(spentAsset, -spent);
    account.credit(feeAsset, received - fee);
    order.filledLots += lots;
    order.filledQuote += quote;
    order.updatedMs = trade.timeMs;
    const { id, tick, timeMs } = trade;
    order.fills.push({ tradeId: String(id), tick, lots, maker, quote, fee, feeAsset, timeMs });
    if (order.filledLots === order.lots) end(order, 'filled', '');
  };

  const end = (order: SimOrder, status: SimOrder['status'], reason: SimOrder['endReason']) => {
    order.status = status;
    order.endReason = reason;
    order.updatedMs = Math.floor(clock.nowMs());
    if (order.locked !== 0n) {
      account.unlock(order.request.side === 'buy' ? order.instrument.quote : order.instrument.base, order.locked);
      order.locked = 0n;
    }
  };

  const check = (request: OrderRequest, instrument: Instrument): RejectKind | { lots: number; tick: number } => {
    if (!/^[A-Za-z0-9_-]{1,36}$/.test(request.clientOrderId)) return 'clientId';
    const known = byClientId.get(request.clientOrderId);
    if (waiting.has(request.clientOrderId)) return 'duplicate';
    if (known !== undefined && (rules.clientIdsUnique === 'always' || known.status === 'open')) return 'duplicate';
    const lots = parseIncrements(request.qty, instrument.stepSize);
    if (lots === null || lots <= 0) return 'quantity';
    if (lots * instrument.stepSize < instrument.minQty - 1e-12) return 'minQty';
    const { book } = marketOf(instrument);
    const opposite = request.side === 'buy' ? 'ask' : 'bid';
    const priceTick = request.price === undefined ? null : parseIncrements(request.price, instrument.tickSize);
    const tick = request.type === 'market' ? book.bestTick(opposite) : (priceTick ?? 0);
    if (!(tick > 0)) return 'price';
    if (lots * instrument.stepSize * tick * instrument.tickSize < instrument.minNotional - 1e-9) return 'minNotional';
    return { lots, tick };
  };

  const spentAsset = ({ request, instrument }: SimOrder) =>
    request.side === 'buy' ? instrument.quote : instrument.base;

  /** What the order may still spend: its open quantity at its limit, for a market buy what the book asks. */
  const mostSpent = ({ request, instrument, tick, leavesLots }: SimOrder): AmountE12 => {
    if (request.side === 'sell') return qtyE12(instrument, leavesLots);
    if (request.type !== 'market') return quoteE12(instrument, leavesLots, tick);
    let left = leavesLots;
    let sum = 0n;
    for (const [level, present] of marketOf(instrument).book.top('ask', 400)) {
      const taken = Math.min(left, present);
      sum += quoteE12(instrument, taken, level);
      left -= taken;
      if (left === 0) break;
    }
    return sum;
  };

  /** Everything that a venue refuses before its engine sees the order. */
  const admit = (request: OrderRequest): SimOrder | RejectKind => {
    const instrument = deps.instrumentOf(request.venueSymbol);
    if (instrument === undefined) return 'symbol';
    const checked = check(request, instrument);
    if (typeof checked === 'string') return checked;
    const order = createOrder(request, instrument, checked.lots, checked.tick);
    if (account.freeOf(spentAsset(order)) < mostSpent(order)) return 'balance';
    if (request.type === 'postOnly' && wouldTake(order) && rules.postOnlyCross === 'reject') return 'postOnlyWouldTake';
    return order;
  };

  const createOrder = (request: OrderRequest, instrument: Instrument, lots: number, tick: number): SimOrder => {
    lastOrderId += 1;
    const nowMs = Math.floor(clock.nowMs());
    return {
      side: request.side === 'buy' ? 'bid' : 'ask',
      tick,
      leavesLots: lots,
      instrument,
      request,
      venueOrderId: String(lastOrderId),
      lots,
      status: 'open',
      filledLots: 0,
      filledQuote: 0n,
      locked: 0n,
      fills: [],
      endReason: '',
      createdMs: nowMs,
      updatedMs: nowMs,
    };
  };

  const wouldTake = ({ request, instrument, tick }: SimOrder) => {
    const { book } = marketOf(instrument);
    return request.side === 'buy' ? book.bestTick('ask') <= tick : book.bestTick('bid') >= tick;
  };

  /** The engine's turn: from here on the venue knows the order. */
  const execute = (order: SimOrder) => {
    const { request, instrument } = order;
    remember(order);
    // Only an order that waited for the engine can meet either: `admit` has looked a moment ago.
    if (account.freeOf(spentAsset(order)) < mostSpent(order)) return end(order, 'cancelled', 'balance');
    if (request.type === 'postOnly' && wouldTake(order)) return end(order, 'cancelled', 'postOnlyWouldTake');

    const market = marketOf(instrument);
    if (request.type !== 'postOnly') takeNow(order, market);
    if (order.status !== 'open') return;
    if (request.type !== 'limit' && request.type !== 'postOnly') return end(order, rules.iocRemainder, 'iocRemainder');
    order.locked = mostSpent(order);
    account.lock(spentAsset(order), order.locked);
    market.book.rest(order);
    market.checkTop();
  };

  const takeNow = (order: SimOrder, market: VenueMarket) => {
    const isBuy = order.request.side === 'buy';
    const worst = isBuy ? Number.MAX_SAFE_INTEGER : 0;
    const limitTick = order.request.type === 'market' ? worst : order.tick;
    for (const trade of market.takeFor(order.request.side, order.lots, limitTick)) {
      order.leavesLots -= trade.lots;
      applyFill(order, trade.lots, trade, false);
    }
  };

  /** Every order that arrives is logged, refused ones too. */
  const logArrival = (request: OrderRequest, order: SimOrder | RejectKind) => {
    const receivedMs = Math.floor(clock.nowMs());
    deps.log.add(() => ({
      receivedMs,
      venue,
      clientOrderId: request.clientOrderId,
      symbol: deps.instrumentOf(request.venueSymbol)?.pair ?? request.venueSymbol,
      side: request.side,
      type: request.type,
      qty: request.qty,
      price: request.price ?? null,
      status: typeof order === 'string' ? `rejected:${order}` : order.status,
    }));
  };

  const remember = (order: SimOrder) => {
    byClientId.set(order.request.clientOrderId, order);
    byVenueId.set(order.venueOrderId, order);
    if (byVenueId.size <= MOST_ORDERS) return;
    for (const [id, old] of byVenueId) {
      if (old.status === 'open') continue;
      byVenueId.delete(id);
      if (byClientId.get(old.request.clientOrderId) === old) byClientId.delete(old.request.clientOrderId);
      return;
    }
  };

  return {
    venue,
    rules,
    account,
    nowMs: clock.nowMs,
    instrumentOf: deps.instrumentOf,
    place(request: OrderRequest): PlaceResult {
      const order = admit(request);
      logArrival(request, order);
      if (typeof order === 'string') return { rejected: order };
      execute(order);
      return { order };
    },
    /** For venues that acknowledge first: the engine sees the order, and queries find it, only after `delayMs`. */
    placeLater(request: OrderRequest, delayMs: number): { venueOrderId: string } | { rejected: RejectKind } {
      const order = admit(request);
      logArrival(request, order);
      if (typeof order === 'string') return { rejected: order };
      waiting.add(request.clientOrderId);
      clock.after(delayMs, () => {
        waiting.delete(request.clientOrderId);
        execute(order);
      });
      return { venueOrderId: order.venueOrderId };
    },
    /** @returns false when there is no such open order */
    cancel(order: SimOrder): boolean {
      if (order.status !== 'open') return false;
      const market = marketOf(order.instrument);
      market.book.remove(order);
      market.checkTop();
      end(order, 'cancelled', 'user');
      return true;
    },
    /** Base quantity that a quote amount buys at the best ask, rounded down to the step; null for an unknown symbol. */
    qtyForQuote(venueSymbol: string, quote: string): string | null {
      const instrument = deps.instrumentOf(venueSymbol);
      if (instrument === undefined) return null;
      const askPx = marketOf(instrument).book.bestTick('ask') * instrument.tickSize;
      const lots = floorToLots(Number(quote) / askPx, instrument.stepSize);
      return Number.isFinite(lots) ? formatIncrements(lots, instrument.stepSize) : null;
    },
    /** An id of the venue's own making, for orders and cancels that come without one. */
    makeClientOrderId(): string {
      lastMadeId += 1;
      return `sim${venue}${lastMadeId}`;
    },
    byClientId: (clientOrderId: string): SimOrder | undefined => byClientId.get(clientOrderId),
    byVenueId: (venueOrderId: string): SimOrder | undefined => byVenueId.get(venueOrderId),
    /** Oldest first. */
    orders: (): SimOrder[] => [...byVenueId.values()],
    openOrders: (): SimOrder[] => [...byVenueId.values()].filter((order) => order.status === 'open'),
    onMakerFill(order: RestingOrder, lots: number, trade: PublicTrade): void {
      applyFill(order as SimOrder, lots, trade, true);
    },
  };
}
