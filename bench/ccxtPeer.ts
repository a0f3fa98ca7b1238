import type { DepthSet } from './frames.ts';

/** The parts of a ccxt pro exchange that the peer touches; its own types are hidden by the package's exports. */
interface CcxtExchange {
  options: Record<string, unknown>;
  orderbooks: Record<string, CcxtBook>;
  setMarkets(markets: readonly object[]): void;
  client(url: string): { onMessage(event: { data: string }): void };
  orderBook(snapshot: object, depth?: number): CcxtBook;
  parseOrderBook(snapshot: object, symbol: string): object;
}

interface CcxtBook {
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
  reset(snapshot: object): void;
  limit(): void;
}

export interface CcxtPeer {
  /** Frame text through `client.onMessage`: its JSON.parse, dispatch, sequence check, store. */
  onMessage(text: string): void;
  /** The book as `watchOrderBook` hands it out: cut to the depth asked for (its default: 1000 levels). */
  book(): CcxtBook;
}

const URLS = {
  binance: 'wss://stream.binance.com:9443/stream/ws/0',
  binanceusdm: 'wss://fstream.binance.com/public/ws/0',
  binancecoinm: 'wss://dstream.binance.com/ws/0',
};

/** ccxt's own order-book path without a network: market injected, snapshot set, frames fed to its WebSocket client. */
export async function createCcxtPeer(set: DepthSet, depth = 1000): Promise<CcxtPeer> {
  const root = new URL('.', import.meta.resolve('ccxt'));
  const module = await import(new URL(`src/pro/${set.exchange}.js`, root).href);
  const exchange: CcxtExchange = new module.default();
  const market = marketOf(set);
  exchange.setMarkets([market]);
  const client = exchange.client(URLS[set.exchange]);
  const book = exchange.orderBook({}, depth);
  book.reset(exchange.parseOrderBook(JSON.parse(set.snapshot.toString()), market.symbol));
  Object.assign(book, { nonce: JSON.parse(set.snapshot.toString()).lastUpdateId });
  exchange.orderbooks[market.symbol] = book;
  return {
    onMessage: (data) => client.onMessage({ data }),
    book: () => {
      book.limit();
      return book;
    },
  };
}

function marketOf(set: DepthSet) {
  const isSpot = set.exchange === 'binance';
  const isLinear = set.exchange === 'binanceusdm';
  const [base, quote] = ['BTC', set.exchange === 'binancecoinm' ? 'USD' : 'USDT'];
  const settle = isLinear ? quote : base;
  return {
    id: set.symbol,
    symbol: isSpot ? `${base}/${quote}` : `${base}/${quote}:${settle}`,
    base,
    quote,
    ...(isSpot ? {} : { settle }),
    baseId: base,
    quoteId: quote,
    type: isSpot ? 'spot' : 'swap',
    spot: isSpot,
    margin: false,
    swap: !isSpot,
    future: false,
    option: false,
    contract: !isSpot,
    linear: isSpot ? undefined : isLinear,
    inverse: isSpot ? undefined : !isLinear,
    active: true,
    precision: { price: set.tickSize, amount: set.stepSize },
    limits: {},
    info: {},
  };
}

/** Mean price of `notional` from the best level on; NaN when the levels end before. */
export function ccxtVwap(levels: readonly (readonly [number, number])[], notional: number): number {
  let left = notional;
  let base = 0;
  for (let i = 0; i < levels.length; i += 1) {
    const [price, size] = levels[i]!;
    if (price * size >= left) return notional / (base + left / price);
    base += size;
    left -= price * size;
  }
  return Number.NaN;
}
