import type { BookSide } from './limitBook.ts';
import type { SimConnection, SimSession, StreamHub } from './streamHub.ts';
import type { VenueContext } from './venueContext.ts';
import type { MarketListener, VenueMarket } from './venueMarket.ts';
import { wireTextOf } from './wireText.ts';

const BOOK_DEPTH = 50;
const MOST_ARGS = 10;
const CONN_ID = '5c1d2e9a-0f2b-4f9e-9d53-bc6f1c2f7a11';

/** The best 50 levels of a side as listeners know them. */
type Shown = Map<number, number>;

interface ShownBook {
  u: number;
  readonly bid: Shown;
  readonly ask: Shown;
}

/** Public spot topics of Bybit v5 (github.com/bybit-exchange/docs, read 2026-07-24); `ts` precedes `type` on spot. */
export function bybitListener(hub: StreamHub): MarketListener {
  const shownBooks = new Map<VenueMarket, ShownBook>();

  const frame = (market: VenueMarket, type: string, u: number, timeMs: number, bids: Level[], asks: Level[]) => {
    const { venueSymbol } = market.instrument;
    const text = wireTextOf(market.instrument);
    return `{"topic":"orderbook.${BOOK_DEPTH}.${venueSymbol}","ts":${timeMs},"type":"${type}","data":{"s":"${venueSymbol}","b":[${text.levels(bids)}],"a":[${text.levels(asks)}],"u":${u},"seq":${market.book.updateId()}},"cts":${timeMs}}`;
  };

  return {
    onDepth(market, { timeMs }) {
      const topic = `orderbook.${BOOK_DEPTH}.${market.instrument.venueSymbol}`;
      if (!hub.has(topic) && !hub.has(waitingTopic(topic))) {
        shownBooks.delete(market);
        return;
      }
      const shown = shownBooks.get(market) ?? { u: market.book.updateId(), bid: new Map(), ask: new Map() };
      shownBooks.set(market, shown);
      const bids = updateShown(market, 'bid', shown.bid);
      const asks = updateShown(market, 'ask', shown.ask);
      if (bids.length + asks.length > 0) {
        shown.u += 1;
        hub.publish(topic, () => frame(market, 'delta', shown.u, timeMs, bids, asks));
      }
      hub.publish(waitingTopic(topic), () => {
        const { book } = market;
        return frame(market, 'snapshot', shown.u, timeMs, book.top('bid', BOOK_DEPTH), book.top('ask', BOOK_DEPTH));
      });
      hub.promote(waitingTopic(topic), topic);
    },
    onTrade(market, { id, tick, lots, takerSide, timeMs }) {
      const { venueSymbol } = market.instrument;
      const text = wireTextOf(market.instrument);
      const side = takerSide === 'buy' ? 'Buy' : 'Sell';
      hub.publish(
        `publicTrade.${venueSymbol}`,
        () =>
          `{"topic":"publicTrade.${venueSymbol}","ts":${timeMs},"type":"snapshot","data":[{"i":"${id}","T":${timeMs},"p":"${text.price(tick)}","v":"${text.qty(lots)}","S":"${side}","s":"${venueSymbol}","BT":false,"RPI":false,"seq":${market.book.updateId()}}]}`,
      );
    },
    onTop() {
      // The embedded Bybit has no level-1 topic.
    },
  };
}

type Level = [tick: number, lots: number];

/** Brings `shown` to the present best 50; returns what changed: levels that left, also by being pushed out, with 0. */
function updateShown(market: VenueMarket, side: BookSide, shown: Shown): Level[] {
  const changes: Level[] = [];
  const now = market.book.top(side, BOOK_DEPTH);
  const present = new Set<number>();
  for (const [tick, lots] of now) {
    present.add(tick);
    if (shown.get(tick) === lots) continue;
    shown.set(tick, lots);
    changes.push([tick, lots]);
  }
  for (const tick of shown.keys()) {
    if (present.has(tick)) continue;
    shown.delete(tick);
    changes.push([tick, 0]);
  }
  return changes;
}

const waitingTopic = (topic: string) => `waiting/${topic}`;

export function openBybitSocket(context: VenueContext, target: string, connection: SimConnection): SimSession {
  const { hub } = context;
  const reply = (fields: object) => connection.send(JSON.stringify(fields));

  /** @returns the topic as the hub knows it, or null when there is none such */
  const topicOf = (name: string): { topic: string; startsWithSnapshot: boolean } | null => {
    const [kind, ...rest] = name.split('.');
    const symbol = rest.at(-1) ?? '';
    const depthFits = kind === 'orderbook' && rest[0] === String(BOOK_DEPTH) && rest.length === 2;
    const isTrades = kind === 'publicTrade' && rest.length === 1;
    if ((!depthFits && !isTrades) || context.marketOf(symbol) === undefined) return null;
    return { topic: name, startsWithSnapshot: depthFits };
  };

  const change = (op: string, reqId: string, args: readonly string[]) => {
    const wrong = args.find((name) => topicOf(name) === null);
    const echo = { conn_id: CONN_ID, req_id: reqId, op };
    if (wrong !== undefined) return reply({ success: false, ret_msg: `Invalid topic: ${wrong}`, ...echo });
    if (args.length > MOST_ARGS) return reply({ success: false, ret_msg: `args size >${MOST_ARGS}`, ...echo });
    for (const name of args) {
      const { topic, startsWithSnapshot } = topicOf(name)!;
      hub.remove(topic, connection);
      hub.remove(waitingTopic(topic), connection);
      if (op === 'subscribe') hub.add(startsWithSnapshot ? waitingTopic(topic) : topic, connection);
    }
    reply({ success: true, ret_msg: '', ...echo });
  };

  return {
    onText(text) {
      const message = readCommand(text);
      if (message === null || target !== '/v5/public/spot') {
        return reply({ success: false, ret_msg: 'Params Error', conn_id: CONN_ID, req_id: '', op: '' });
      }
      const { op, reqId, args } = message;
      if (op === 'ping') return reply({ success: true, ret_msg: 'pong', conn_id: CONN_ID, req_id: reqId, op: 'ping' });
      if (op === 'subscribe' || op === 'unsubscribe') return change(op, reqId, args);
      reply({ success: false, ret_msg: `unknown op: ${op}`, conn_id: CONN_ID, req_id: reqId, op });
    },
    onPong() {
      // Public connections have no idle limit.
    },
    onClose() {
      hub.removeAll(connection);
    },
  };
}

function readCommand(text: string): { op: string; reqId: string; args: string[] } | null {
  try {
    const value = JSON.parse(text) as { op?: unknown; req_id?: unknown; args?: unknown } | null;
    if (value === null || typeof value !== 'object' || typeof value.op !== 'string') return null;
    const reqId = typeof value.req_id === 'string' ? value.req_id : '';
    return { op: value.op, reqId, args: Array.isArray(value.args) ? value.args.map(String) : [] };
  } catch {
    return null;
  }
}
