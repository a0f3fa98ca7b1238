import type { CexVenue } from '../domain/instruments.ts';
import type { RecordedMarket } from '../journal/recordingManifest.ts';

/** A market of a tardis file. */
export interface TardisMarket extends RecordedMarket {
  readonly venue: CexVenue;
}

/** tardis' names of the exchanges whose words we speak. */
export const TARDIS_MARKETS: Readonly<Record<string, { readonly venue: CexVenue; readonly market: string }>> = {
  binance: { venue: 'binance', market: 'spot' },
  'binance-futures': { venue: 'binance', market: 'usdm' },
  okex: { venue: 'okx', market: 'spot' },
  'okex-swap': { venue: 'okx', market: 'swap' },
  'bybit-spot': { venue: 'bybit', market: 'spot' },
  bybit: { venue: 'bybit', market: 'linear' },
};

type Levels = readonly (readonly [price: string, size: string])[];

export interface BookChange {
  /** Each message has the one behind that of the message before. */
  readonly id: number;
  readonly isSnapshot: boolean;
  /** Whole milliseconds, as text. */
  readonly timeMs: string;
  readonly bids: Levels;
  readonly asks: Levels;
}

export interface Trade {
  readonly id: string;
  /** Of the taker. */
  readonly side: 'buy' | 'sell';
  readonly price: string;
  readonly amount: string;
  readonly timeMs: string;
}

/** A change of a book in the venue's words: as much of them as a decoder reads. Key order as the venue has it. */
export function bookFrame(of: TardisMarket, change: BookChange): string {
  const { id, isSnapshot, bids, asks } = change;
  const [time, b, a] = [Number(change.timeMs), bids, asks];
  if (of.venue === 'okx') {
    const withOrders = (levels: Levels) => levels.map(([price, size]) => [price, size, '0', '1']);
    const prevSeqId = isSnapshot ? -1 : id - 1;
    const data = [{ asks: withOrders(a), bids: withOrders(b), ts: change.timeMs, checksum: 0, seqId: id, prevSeqId }];
    const action = isSnapshot ? 'snapshot' : 'update';
    return JSON.stringify({ arg: { channel: 'books', instId: of.symbol }, action, data });
  }
  if (of.venue === 'bybit') {
    const data = { s: of.symbol, b, a, u: id, seq: id };
    return bybitFrame(of, `orderbook.50.${of.symbol}`, isSnapshot ? 'snapshot' : 'delta', time, data);
  }
  if (isSnapshot) return JSON.stringify({ lastUpdateId: id, bids: b, asks: a });
  const ids = of.market === 'spot' ? { U: id, u: id } : { U: id, u: id, pu: id - 1 };
  const data = { e: 'depthUpdate', E: time, ...(of.market === 'spot' ? {} : { T: time }), s: of.symbol, ...ids, b, a };
  return JSON.stringify({ stream: `${of.symbol.toLowerCase()}@depth@100ms`, data });
}

export function tradeFrame(of: TardisMarket, trade: Trade): string {
  const { id, side, price, amount } = trade;
  const time = Number(trade.timeMs);
  if (of.venue === 'okx') {
    const data = [{ instId: of.symbol, tradeId: id, px: price, sz: amount, side, ts: trade.timeMs }];
    return JSON.stringify({ arg: { channel: 'trades', instId: of.symbol }, data });
  }
  if (of.venue === 'bybit') {
    const S = side === 'buy' ? 'Buy' : 'Sell';
    const data = [{ i: id, T: time, p: price, v: amount, S, s: of.symbol, BT: false }];
    return bybitFrame(of, `publicTrade.${of.symbol}`, 'snapshot', time, data);
  }
  // `m`: the buyer was the maker, so the taker sold.
  const common = { E: time, s: of.symbol };
  const told = { p: price, q: amount, T: time, m: side === 'sell' };
  const isSpot = of.market === 'spot';
  const data = isSpot
    ? { e: 'trade', ...common, t: Number(id), ...told }
    : { e: 'aggTrade', ...common, a: Number(id), ...told };
  return JSON.stringify({ stream: `${of.symbol.toLowerCase()}@${data.e}`, data });
}

/** Spot messages have `ts` before `type`, the others behind it: that is how a reader tells them apart. */
function bybitFrame(of: TardisMarket, topic: string, type: string, ts: number, data: unknown): string {
  return JSON.stringify(of.market === 'spot' ? { topic, ts, type, data } : { topic, type, ts, data });
}
