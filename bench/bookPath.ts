import { createBinanceDecoder } from '../src/venues/binance/decode.ts';
import { FuturesSequence, SpotSequence } from '../src/venues/binance/sequence.ts';
import { FrameKind } from '../src/venues/decodedFrame.ts';
import { MarketBook } from '../src/venues/marketBook.ts';
import { Verdict } from '../src/venues/sequence.ts';
import { ccxtVwap, createCcxtPeer } from './ccxtPeer.ts';
import type { DepthSet } from './frames.ts';
import { generateUsdm, otherRecordings, readDepthSet, usdmRecording } from './frames.ts';
import type { BenchRow, BenchSection } from './section.ts';
import { compare, interleave, median } from './section.ts';

/**
 * From the bytes of a frame to the VWAP of both sides: decoder, sequence check and book of live feeds, against
 * `JSON.parse` alone (no book at all) and against ccxt's own order-book path. All three get the same Buffers.
 */
export const bookPathSection: BenchSection = {
  title: 'decode + book + VWAP, one thread',
  async run() {
    const rows: BenchRow[] = [];
    const notes: string[] = [];
    const main = (await readDepthSet(usdmRecording)) ?? generateUsdm(9_000);
    const others = await Promise.all(otherRecordings.map((recorded) => readDepthSet(recorded)));
    for (const set of [main, ...others]) {
      if (set === null) continue;
      const result = await measure(set, set === main);
      rows.push(...result.rows);
      notes.push(result.note);
    }
    return { rows, notes };
  },
};

async function measure(set: DepthSet, hasFloors: boolean): Promise<{ rows: BenchRow[]; note: string }> {
  const checked = await countEqualVwaps(set);
  const rounds = hasFloors ? 9 : 5;
  const peers = await preparePeers(set, rounds + WARM_UPS);
  const times = interleave(
    {
      ours: () => runOurs(set),
      parse: () => runParse(set),
      ccxt: () => runCcxt(set, peers.pop()!),
    },
    { rounds, warmUps: WARM_UPS },
  );
  const perFrame = (ms: readonly number[]) => ((median(ms) * 1000) / set.frames.length).toFixed(2);
  const row = (name: string, peer: readonly number[], floor: number): BenchRow => ({
    name: `${set.name}: ${name}`,
    ...compare(times.ours, peer),
    ...(hasFloors ? { floor } : {}),
    absolutes: `${perFrame(times.ours)} µs/frame against ${perFrame(peer)}`,
  });
  const framesPerSecond = Math.round((set.frames.length / median(times.ours)) * 1000).toLocaleString('en');
  return {
    rows: [
      row('ccxt pro onMessage, 1000 levels', times.ccxt, 12),
      row('JSON.parse(buf.toString()) alone', times.parse, 2.5),
    ],
    note: `${set.name} (${set.origin}): ${set.frames.length} frames, ${framesPerSecond} frames/s; ${checked}`,
  };
}

const WARM_UPS = 2;

/** ccxt's book cannot be wound back, so each of its rounds gets an exchange of its own, made outside the measured time. */
const preparePeers = (set: DepthSet, count: number) =>
  Promise.all(Array.from({ length: count }, () => createCcxtPeer(set)));

/** Keeps results alive, so that nothing measured can be optimised away. */
const sink = new Float64Array(1);

function startOurs(set: DepthSet) {
  const book = new MarketBook(createBinanceDecoder({ tickSize: set.tickSize, stepSize: set.stepSize }));
  const sequence = set.exchange === 'binance' ? new SpotSequence() : new FuturesSequence();
  if (book.decode(set.snapshot) !== FrameKind.snapshot) throw new Error(`${set.name}: no snapshot`);
  book.replace();
  sequence.reset(book.decoder.frame.lastId);
  book.trust = 'live';
  const take = (bytes: Uint8Array) => {
    if (book.decode(bytes) !== FrameKind.depth) throw new Error(`${set.name}: ${book.decoder.frame.message}`);
    const verdict = sequence.judge(book.decoder.frame);
    if (verdict === Verdict.gap) throw new Error(`${set.name}: gap`);
    if (verdict !== Verdict.apply) return;
    book.apply();
    sequence.take(book.decoder.frame);
  };
  return { book, take };
}

function runOurs(set: DepthSet): void {
  const { book, take } = startOurs(set);
  for (let i = 0; i < set.frames.length; i += 1) {
    take(set.frames[i]!);
    sink[0]! += book.vwapPx('bid', set.notional) + book.vwapPx('ask', set.notional);
  }
}

function runParse(set: DepthSet): void {
  for (let i = 0; i < set.frames.length; i += 1) sink[0]! += JSON.parse(set.frames[i]!.toString()).data.u;
}

function runCcxt(set: DepthSet, peer: Awaited<ReturnType<typeof createCcxtPeer>>): void {
  for (let i = 0; i < set.frames.length; i += 1) {
    peer.onMessage(set.frames[i]!.toString());
    const book = peer.book();
    sink[0]! += ccxtVwap(book.bids, set.notional) + ccxtVwap(book.asks, set.notional);
  }
}

/** Both books side by side: the VWAPs of both sides after every frame. */
async function countEqualVwaps(set: DepthSet): Promise<string> {
  const { book, take } = startOurs(set);
  // Unlimited: cut to 1000 levels, ccxt's book loses levels that the price later reaches, and its VWAP is then off.
  const peer = await createCcxtPeer(set, Number.MAX_SAFE_INTEGER);
  let compared = 0;
  for (const bytes of set.frames) {
    take(bytes);
    peer.onMessage(bytes.toString());
    const theirs = peer.book();
    for (const side of ['bid', 'ask'] as const) {
      const ourPx = book.vwapPx(side, set.notional);
      const theirPx = ccxtVwap(side === 'bid' ? theirs.bids : theirs.asks, set.notional);
      if (!(Math.abs(ourPx - theirPx) <= 1e-9 * theirPx)) {
        throw new Error(`${set.name}: VWAP ${side} is ${ourPx}, ccxt has ${theirPx}, after ${compared} comparisons`);
      }
      compared += 1;
    }
  }
  return `${compared} VWAPs equal to ccxt's`;
}
