import type { SimConnection, SimSession, StreamHub } from './streamHub.ts';
import type { VenueContext } from './venueContext.ts';
import type { MarketListener, VenueMarket } from './venueMarket.ts';
import { wireTextOf } from './wireText.ts';

const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 60_000;
/** More incoming messages per second than this end the connection. */
const MESSAGES_PER_S = 5;

/** Market streams of Binance spot (github.com/binance/binance-spot-api-docs, web-socket-streams.md, read 2026-07-21). */
export function binanceListener(hub: StreamHub): MarketListener {
  const publish = (market: VenueMarket, kind: string, data: () => string) => {
    const stream = `${market.instrument.venueSymbol.toLowerCase()}@${kind}`;
    hub.publish(`raw/${stream}`, data);
    hub.publish(`combined/${stream}`, () => `{"stream":"${stream}","data":${data()}}`);
  };
  return {
    onDepth(market, { firstId, lastId, bids, asks, timeMs }) {
      const text = wireTextOf(market.instrument);
      const { venueSymbol } = market.instrument;
      publish(
        market,
        'depth@100ms',
        () =>
          `{"e":"depthUpdate","E":${timeMs},"s":"${venueSymbol}","U":${firstId},"u":${lastId},"b":[${text.levels(bids)}],"a":[${text.levels(asks)}]}`,
      );
    },
    onTrade(market, { id, tick, lots, takerSide, timeMs }) {
      const text = wireTextOf(market.instrument);
      publish(
        market,
        'trade',
        () =>
          `{"e":"trade","E":${timeMs},"s":"${market.instrument.venueSymbol}","t":${id},"p":"${text.price(tick)}","q":"${text.qty(lots)}","T":${timeMs},"m":${takerSide === 'sell'},"M":true}`,
      );
    },
    onTop(market) {
      const { book, instrument } = market;
      const text = wireTextOf(instrument);
      const [bid, ask] = [book.bestTick('bid'), book.bestTick('ask')];
      if (Number.isNaN(bid) || Number.isNaN(ask)) return;
      publish(
        market,
        'bookTicker',
        () =>
          `{"u":${book.updateId()},"s":"${instrument.venueSymbol}","b":"${text.price(bid)}","B":"${text.qty(book.lotsAt('bid', bid))}","a":"${text.price(ask)}","A":"${text.qty(book.lotsAt('ask', ask))}"}`,
      );
    },
  };
}

/** `/ws/<stream>` raw, `/stream?streams=<a>/<b>` combined; more by SUBSCRIBE. */
export function openBinanceSocket(context: VenueContext, target: string, connection: SimConnection): SimSession {
  const { hub, clock } = context;
  const combined = target.startsWith('/stream');
  const subscribed = new Set<string>();
  let lastPongMs = clock.nowMs();
  let secondStartMs = clock.nowMs();
  let messagesThisSecond = 0;

  const topicOf = (stream: string) => `${combined ? 'combined' : 'raw'}/${stream}`;
  const subscribe = (stream: string) => {
    // A stream of a wrong name is accepted and stays silent, as on the real venue.
    context.marketOf((stream.split('@')[0] ?? '').toUpperCase());
    subscribed.add(stream);
    hub.add(topicOf(stream), connection);
  };
  for (const stream of streamsOf(target)) subscribe(stream);

  const stopPinging = clock.every(PING_EVERY_MS, () => {
    if (clock.nowMs() - lastPongMs > PONG_WITHIN_MS) connection.close(1008, 'Pong timeout');
    else connection.ping();
  });

  const handle = (message: BinanceCommand) => {
    const params = Array.isArray(message.params) ? message.params.map(String) : [];
    if (message.method === 'SUBSCRIBE') for (const stream of params) subscribe(stream);
    else if (message.method === 'UNSUBSCRIBE') {
      for (const stream of params) {
        subscribed.delete(stream);
        hub.remove(topicOf(stream), connection);
      }
    } else if (message.method === 'LIST_SUBSCRIPTIONS') {
      return { result: [...subscribed], id: message.id };
    } else {
      return { code: 2, msg: `Invalid request: unknown variant \`${String(message.method)}\`` };
    }
    return { result: null, id: message.id };
  };

  return {
    onText(text) {
      const nowMs = clock.nowMs();
      if (nowMs - secondStartMs >= 1000) {
        secondStartMs = nowMs;
        messagesThisSecond = 0;
      }
      messagesThisSecond += 1;
      if (messagesThisSecond > MESSAGES_PER_S) return connection.close(1008, 'Too many requests');
      connection.send(JSON.stringify(answerText(text, handle)));
    },
    onPong() {
      lastPongMs = clock.nowMs();
    },
    onClose() {
      stopPinging();
      hub.removeAll(connection);
    },
  };
}

interface BinanceCommand {
  readonly method?: unknown;
  readonly params?: unknown;
  readonly id?: unknown;
}

function answerText(text: string, handle: (message: BinanceCommand) => unknown): unknown {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message === 'object' && message !== null) return handle(message as BinanceCommand);
  } catch {
    // Falls through to the venue's own answer for what is no JSON.
  }
  return { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' };
}

function streamsOf(target: string): string[] {
  const [path = '', query = ''] = target.split('?');
  const named = path.startsWith('/stream')
    ? (new URLSearchParams(query).get('streams') ?? '')
    : path.replace(/^\/ws\/?/, '');
  return named.split('/').filter((stream) => stream !== '');
}
