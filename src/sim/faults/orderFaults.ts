import { CEX_VENUES, type CexVenue } from '../../domain/instruments.ts';
import type { SimOrder } from '../simOrder.ts';
import type { SimWorld } from '../simWorld.ts';
import type { ReadRequest } from './readRequest.ts';

/** Trade ids of fills that a fault makes; far from those of the markets. */
const FIRST_TRADE_ID = 9_000_000_000;

export interface OrderFaults {
  orderOf(venue: CexVenue, request: ReadRequest): SimOrder | null;
  /** Somebody takes `share` of what of the order rests, at its price. */
  fill(venue: CexVenue, order: SimOrder, share: number): void;
  /** Somebody takes so much of the other side that half of this order can be filled. @returns false when it makes no odds */
  thin(venue: CexVenue, request: ReadRequest): boolean;
}

/** What other traders do at the worst moment: true at the venue, not only on the wire. */
export function createOrderFaults(world: SimWorld): OrderFaults {
  const { inside } = world;
  let trades = 0;
  return {
    orderOf(venue, { clientOrderId, venueOrderId }) {
      const exchange = inside.exchange(venue);
      return exchange.byClientId(clientOrderId) ?? exchange.byVenueId(venueOrderId) ?? null;
    },
    fill(venue, order, share) {
      const { book } = inside.market(venue, order.instrument.pair);
      const resting = book.remove(order);
      if (resting === 0) return;
      const lots = Math.max(1, Math.floor(resting * share));
      trades += 1;
      const id = FIRST_TRADE_ID + CEX_VENUES.indexOf(venue) * 1_000_000 + trades;
      const takerSide = order.request.side === 'buy' ? 'sell' : 'buy';
      const timeMs = Math.floor(inside.exchange(venue).nowMs());
      order.leavesLots -= lots;
      inside.exchange(venue).onMakerFill(order, lots, { id, tick: order.tick, lots, takerSide, timeMs });
      if (lots < resting) book.rest(order);
    },
    thin(venue, { fields }) {
      const instrument = inside.exchange(venue).instrumentOf(symbolOf(venue, fields));
      const isBuy = (fields.side ?? '').toLowerCase() === 'buy';
      const lots =
        instrument === undefined
          ? 0
          : Math.round(Number(fields.qty ?? fields.quantity ?? fields.sz) / instrument.stepSize);
      const price = Number(fields.price ?? fields.px);
      if (instrument === undefined || !(lots > 1) || !(price > 0)) return false;
      const limitTick = Math.round(price / instrument.tickSize);
      const market = inside.market(venue, instrument.pair);
      const there = market.book.lotsWithin(isBuy ? 'ask' : 'bid', limitTick);
      const taken = there - Math.floor(lots / 2);
      if (taken <= 0) return false;
      market.takeFor(isBuy ? 'buy' : 'sell', taken, limitTick);
      return true;
    },
  };
}

/** By the simulator's own door a market may be named by its pair. */
const symbolOf = (venue: CexVenue, { symbol, instId }: ReadRequest['fields']): string =>
  (instId ?? symbol ?? '').replace('/', venue === 'okx' ? '-' : '');
