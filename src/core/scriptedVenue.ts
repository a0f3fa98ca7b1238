import type {
  Balance,
  Fill,
  LookupOutcome,
  OrderIntent,
  OrderReport,
  OrderStatus,
  PlaceOutcome,
  TradePort,
} from '../domain/orders.ts';

/** A venue for tests that does what the test says, and counts what it was asked. */
export interface ScriptedVenue {
  readonly port: TradePort;
  /** What the next creates do. `loseReply`: it arrives, the answer does not. `loseRequest`: it never arrives. */
  onPlace: 'answer' | 'loseReply' | 'loseRequest' | 'reject';
  /** Nothing gets through in either direction. */
  down: boolean;
  /** Cancels throw, as a library does that finds nothing to cancel. */
  cancelThrows: boolean;
  /** Lookups deny every order. */
  denies: boolean;
  readonly orders: ReadonlyMap<string, VenueOrder>;
  /** Requests on the wire by kind, and creates by order. */
  readonly asked: { place: number; cancel: number; lookup: number };
  readonly creates: ReadonlyMap<string, number>;
  balances: Balance[];
  /** Trades so much of an order; the order is filled when all of it is. */
  trade(clientOrderId: string, qty: number, price?: number): Fill;
  end(clientOrderId: string, status: OrderStatus): void;
  /** Rests at the venue without having come through this port. */
  plant(intent: OrderIntent): void;
  report(clientOrderId: string): OrderReport;
  live(): readonly VenueOrder[];
  /** Bought minus sold over all trades. */
  position(): number;
}

export interface VenueOrder {
  readonly intent: OrderIntent;
  status: OrderStatus;
  readonly fills: Fill[];
  /** Trades that the venue has made and does not list. */
  hidden: number;
}

const TROUBLE = { code: 'net.timeout', reason: 'no answer' } as const;

/** @param nowMs  the venue's clock */
export function createScriptedVenue(nowMs: () => number): ScriptedVenue {
  const orders = new Map<string, VenueOrder>();
  const creates = new Map<string, number>();
  const asked = { place: 0, cancel: 0, lookup: 0 };
  let trades = 0;

  const get = (clientOrderId: string) => {
    const order = orders.get(clientOrderId);
    if (order === undefined) throw new Error(`the venue has no order ${clientOrderId}`);
    return order;
  };
  const report = (clientOrderId: string): OrderReport => {
    const { status, fills, hidden } = get(clientOrderId);
    const filledQty = fills.reduce((sum, { qty }) => sum + qty, 0);
    return {
      clientOrderId,
      venueOrderId: `v-${clientOrderId}`,
      status,
      filledQty,
      avgPrice: null,
      fills: fills.slice(0, fills.length - hidden),
      venueTimeMs: nowMs(),
    };
  };
  const plant = (intent: OrderIntent) =>
    void orders.set(intent.clientOrderId, { intent, status: 'open', fills: [], hidden: 0 });

  const venue: ScriptedVenue = {
    onPlace: 'answer',
    down: false,
    cancelThrows: false,
    denies: false,
    orders,
    asked,
    creates,
    balances: [],
    report,
    plant,
    trade(clientOrderId, qty, price = 150) {
      const order = get(clientOrderId);
      const { pair, side, venue: name } = order.intent;
      trades += 1;
      const fill: Fill = {
        ...{ tradeId: `t${trades}`, clientOrderId, venue: name, pair, side, price, qty },
        ...{ fee: 0, feeCurrency: 'USDT', venueTimeMs: nowMs() },
      };
      order.fills.push(fill);
      const filledQty = order.fills.reduce((sum, one) => sum + one.qty, 0);
      if (filledQty >= Number(order.intent.qty) - 1e-9) order.status = 'filled';
      return fill;
    },
    end: (clientOrderId, status) => {
      get(clientOrderId).status = status;
    },
    live: () => [...orders.values()].filter(({ status }) => status === 'open'),
    position: () =>
      [...orders.values()]
        .flatMap(({ fills }) => fills)
        .reduce((sum, { side, qty }) => sum + (side === 'buy' ? qty : -qty), 0),
    port: {
      venue: 'okx',
      account: 'main',
      open: async () => {},
      close: async () => {},
      async place(intent): Promise<PlaceOutcome> {
        asked.place += 1;
        creates.set(intent.clientOrderId, (creates.get(intent.clientOrderId) ?? 0) + 1);
        if (venue.down || venue.onPlace === 'loseRequest') return { outcome: 'unknown', ...TROUBLE, raw: null };
        if (venue.onPlace === 'reject') return { outcome: 'rejected', code: 'x', reason: 'no', raw: null };
        plant(intent);
        if (venue.onPlace === 'loseReply') return { outcome: 'unknown', ...TROUBLE, raw: null };
        return { outcome: 'confirmed', report: report(intent.clientOrderId), raw: null };
      },
      async cancel({ clientOrderId }) {
        asked.cancel += 1;
        if (venue.cancelThrows) throw new Error('order does not exist');
        if (venue.down) return { outcome: 'unknown', ...TROUBLE, raw: null };
        const order = orders.get(clientOrderId);
        if (order?.status !== 'open') return { outcome: 'rejected', code: 'not-open', reason: 'gone', raw: null };
        order.status = 'cancelled';
        return { outcome: 'confirmed', raw: null };
      },
      async lookup({ clientOrderId }): Promise<LookupOutcome> {
        asked.lookup += 1;
        if (venue.down) return { found: 'unknown', ...TROUBLE };
        if (venue.denies || !orders.has(clientOrderId)) return { found: 'no', raw: null };
        return { found: 'yes', report: report(clientOrderId), raw: null };
      },
      async openOrders() {
        return venue.live().map(({ intent }) => ({ ...report(intent.clientOrderId), ref: refOf(intent) }));
      },
      balances: async () => venue.balances,
    },
  };
  return venue;
}

export const refOf = ({ clientOrderId, venue, account, pair, type }: OrderIntent) => ({
  ...{ clientOrderId, venue, account, pair, type },
});
