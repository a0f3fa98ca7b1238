import type { SimConnection, SimSession, StreamHub } from './streamHub.ts';
import type { VenueContext } from './venueContext.ts';
import type { DepthChange, MarketListener, VenueMarket } from './venueMarket.ts';
import { wireTextOf } from './wireText.ts';

/** A connection on which nothing passes for so long is cut. */
const SILENCE_MS = 30_000;
const BOOK_DEPTH = 400;
const CONN_ID = 'a4d3ae55';

const CHANNELS: readonly string[] = ['books', 'bbo-tbt', 'trades'];

/**
 * Public channels of OKX v5 (OKX API guide, read 2026-07). A new listener of `books` waits for the next update: then it
 * gets the whole book with that update's `seqId`, so that every listener follows the same chain of ids.
 */
export function okxListener(hub: StreamHub): MarketListener {
  const lastSeq = new Map<VenueMarket, number>();
  const arg = (channel: string, market: VenueMarket) =>
    `"arg":{"channel":"${channel}","instId":"${market.instrument.venueSymbol}"}`;
  return {
    onDepth(market, change) {
      const seqId = change.lastId;
      const prevSeqId = lastSeq.get(market) ?? change.firstId - 1;
      lastSeq.set(market, seqId);
      const { venueSymbol } = market.instrument;
      hub.publish(`books/${venueSymbol}`, () => {
        const data = bookData(market, change, `"prevSeqId":${prevSeqId},"seqId":${seqId}`);
        return `{${arg('books', market)},"action":"update","data":[${data}]}`;
      });
      welcome(hub, `books/${venueSymbol}`, () => {
        const { book } = market;
        const whole = { ...change, bids: book.top('bid', BOOK_DEPTH), asks: book.top('ask', BOOK_DEPTH) };
        const data = bookData(market, whole, `"prevSeqId":-1,"seqId":${seqId}`);
        return `{${arg('books', market)},"action":"snapshot","data":[${data}]}`;
      });
    },
    onTrade(market, { id, tick, lots, takerSide, timeMs }) {
      const text = wireTextOf(market.instrument);
      const { venueSymbol } = market.instrument;
      hub.publish(
        `trades/${venueSymbol}`,
        () =>
          `{${arg('trades', market)},"data":[{"instId":"${venueSymbol}","tradeId":"${id}","px":"${text.price(tick)}","sz":"${text.qty(lots)}","side":"${takerSide}","ts":"${timeMs}","count":"1","source":"0","seqId":${market.book.updateId()}}]}`,
      );
    },
    onTop(market) {
      const { book, instrument } = market;
      hub.publish(`bbo-tbt/${instrument.venueSymbol}`, () => {
        const text = wireTextOf(instrument);
        const side = (name: 'bid' | 'ask') => text.levels(book.top(name, 1), ',"0","1"');
        return `{${arg('bbo-tbt', market)},"data":[{"asks":[${side('ask')}],"bids":[${side('bid')}],"ts":"${market.nowMs()}","seqId":${book.updateId()}}]}`;
      });
    },
  };
}

function bookData(market: VenueMarket, change: Pick<DepthChange, 'bids' | 'asks' | 'timeMs'>, ids: string): string {
  const text = wireTextOf(market.instrument);
  const asks = text.levels(change.asks, ',"0","1"');
  const bids = text.levels(change.bids, ',"0","1"');
  // The venue stopped computing checksums; the field stays and is always 0.
  return `{"asks":[${asks}],"bids":[${bids}],"ts":"${change.timeMs}","checksum":0,${ids}}`;
}

/** Listeners that wait for their first whole book. */
const waitingTopic = (topic: string) => `waiting/${topic}`;

function welcome(hub: StreamHub, topic: string, snapshot: () => string): void {
  hub.publish(waitingTopic(topic), snapshot);
  hub.promote(waitingTopic(topic), topic);
}

export function openOkxSocket(context: VenueContext, target: string, outer: SimConnection): SimSession {
  const { hub, clock } = context;
  let lastTrafficMs = clock.nowMs();
  // Everything sent counts as traffic, so the hub must know this wrapper, not the carrier's end.
  const connection: SimConnection = {
    send(text) {
      lastTrafficMs = clock.nowMs();
      outer.send(text);
    },
    ping: () => outer.ping(),
    close: (code, reason) => outer.close(code, reason),
  };
  const stopWatch = clock.every(SILENCE_MS / 6, () => {
    if (clock.nowMs() - lastTrafficMs > SILENCE_MS) connection.close(4004, 'No data received in 30s');
  });
  const refuse = (code: string, msg: string) =>
    connection.send(JSON.stringify({ event: 'error', code, msg, connId: CONN_ID }));

  const subscribe = (op: string, id: unknown, argument: OkxArgument) => {
    const channel = String(argument.channel);
    const instId = String(argument.instId);
    const market = context.marketOf(instId);
    if (!CHANNELS.includes(channel))
      return refuse('60018', `Wrong URL or channel:${channel},instId:${instId} doesn't exist.`);
    if (market === undefined) {
      return refuse(
        '60018',
        `Wrong URL or channel:${channel},instId:${instId} doesn't exist. Please use the correct URL, channel and parameters referring to API document.`,
      );
    }
    const topic = `${channel}/${instId}`;
    hub.remove(topic, connection);
    hub.remove(waitingTopic(topic), connection);
    if (op === 'subscribe') hub.add(channel === 'books' ? waitingTopic(topic) : topic, connection);
    connection.send(
      JSON.stringify({ ...(id === undefined ? {} : { id }), event: op, arg: { channel, instId }, connId: CONN_ID }),
    );
  };

  return {
    onText(text) {
      lastTrafficMs = clock.nowMs();
      if (text === 'ping') return connection.send('pong');
      const message = readCommand(text);
      if (message === null || !target.startsWith('/ws/v5/public')) return refuse('60012', `Invalid request: ${text}`);
      for (const argument of message.args) subscribe(message.op, message.id, argument);
    },
    onPong() {
      lastTrafficMs = clock.nowMs();
    },
    onClose() {
      stopWatch();
      hub.removeAll(connection);
    },
  };
}

interface OkxArgument {
  readonly channel?: unknown;
  readonly instId?: unknown;
}

function readCommand(text: string): { op: string; id: unknown; args: OkxArgument[] } | null {
  try {
    const value = JSON.parse(text) as { op?: unknown; id?: unknown; args?: unknown } | null;
    if (value === null || typeof value !== 'object' || !Array.isArray(value.args)) return null;
    if (value.op !== 'subscribe' && value.op !== 'unsubscribe') return null;
    const args = value.args.filter((entry) => typeof entry === 'object' && entry !== null) as OkxArgument[];
    return { op: value.op, id: value.id, args };
  } catch {
    return null;
  }
}
