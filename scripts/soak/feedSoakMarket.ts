import type { Instrument } from '../../src/domain/instruments.ts';
import type { Random } from '../../src/domain/ports.ts';

const DEPTH = 20;
const TICK = 0.01;

type Levels = Map<number, number>;
type Side = 'bids' | 'asks';

/** One market that moves a tick at a time, told in the dialect of its venue: sequence numbers without a hole. */
export class FeedSoakMarket {
  readonly instrument: Instrument;
  updateId = 1_000;
  /** Between the best bid and the best ask, in ticks. */
  midTicks: number;
  readonly #random: Random;
  #levels: Record<Side, Levels> = { bids: new Map(), asks: new Map() };

  constructor(instrument: Instrument, random: Random) {
    this.instrument = instrument;
    this.#random = random;
    this.midTicks = 10_000 + random.int(5_000);
    this.#levels = this.#around();
  }

  /** @returns the message that tells the next change, as a text of the venue */
  change(nowMs: number): string {
    this.midTicks += this.#random.int(3) - 1;
    const next = this.#around();
    const told = (side: Side) => {
      const [old, now] = [this.#levels[side], next[side]];
      const gone = [...old.keys()].filter((tick) => !now.has(tick)).map((tick) => [priceOf(tick), '0']);
      const fresh = [...now].filter(([tick, lots]) => old.get(tick) !== lots);
      return [...gone, ...fresh.map(([tick, lots]) => [priceOf(tick), String(lots)])];
    };
    const [bids, asks] = [told('bids'), told('asks')];
    this.#levels = next;
    const before = this.updateId;
    this.updateId += 1;
    return this.#frame('delta', bids, asks, before, nowMs);
  }

  snapshot(nowMs: number): string {
    return this.#frame('snapshot', this.#listed('bids'), this.#listed('asks'), -1, nowMs);
  }

  /** The answer of REST; `limit` best levels of each side. */
  rest(nowMs: number, limit: number): string {
    const [bids, asks] = [this.#listed('bids').slice(0, limit), this.#listed('asks').slice(0, limit)];
    const { venue, venueSymbol } = this.instrument;
    if (venue === 'binance') return JSON.stringify({ lastUpdateId: this.updateId, bids, asks });
    if (venue === 'okx') return JSON.stringify({ code: '0', msg: '', data: [{ bids, asks, ts: String(nowMs) }] });
    return JSON.stringify({ retCode: 0, retMsg: 'OK', result: { s: venueSymbol, b: bids, a: asks, u: this.updateId } });
  }

  #frame(kind: 'delta' | 'snapshot', b: string[][], a: string[][], prevSeqId: number, ts: number): string {
    const { venue, venueSymbol: s } = this.instrument;
    const u = this.updateId;
    if (venue === 'binance') {
      return JSON.stringify({
        stream: `${s.toLowerCase()}@depth@100ms`,
        data: { e: 'depthUpdate', E: ts, s, U: u, u, b, a },
      });
    }
    if (venue === 'okx') {
      const wide = (levels: string[][]) => levels.map(([px, qty]) => [px, qty, '0', '1']);
      const book = { asks: wide(a), bids: wide(b), ts: String(ts), checksum: 0, seqId: u, prevSeqId };
      const action = kind === 'delta' ? 'update' : 'snapshot';
      return JSON.stringify({ arg: { channel: 'books', instId: s }, action, data: [book] });
    }
    return JSON.stringify({ topic: `orderbook.50.${s}`, type: kind, ts, data: { s, b, a, u, seq: u }, cts: ts });
  }

  #listed(side: Side): string[][] {
    const order = side === 'bids' ? -1 : 1;
    return [...this.#levels[side]]
      .sort(([x], [y]) => order * (x - y))
      .map(([tick, lots]) => [priceOf(tick), String(lots)]);
  }

  /** Quantities stay as they are where a level stays, but for one that changes. */
  #around(): Record<Side, Levels> {
    const sideOf = (side: Side, sign: number): Levels => {
      const changed = 1 + this.#random.int(DEPTH);
      return new Map(
        Array.from({ length: DEPTH }, (_, i): [number, number] => {
          const tick = this.midTicks + sign * (i + 1);
          const lots = i + 1 === changed ? undefined : this.#levels[side].get(tick);
          return [tick, lots ?? 1 + this.#random.int(500)];
        }),
      );
    };
    return { bids: sideOf('bids', -1), asks: sideOf('asks', 1) };
  }
}

export const soakTick = TICK;
const priceOf = (tick: number): string => (tick * TICK).toFixed(2);
