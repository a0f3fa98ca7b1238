import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../src/domain/random.ts';
import { readRecording } from '../src/journal/recordingReader.ts';

/** Depth frames of one market with the REST snapshot that they follow. */
export interface DepthSet {
  readonly name: string;
  readonly origin: string;
  readonly exchange: 'binance' | 'binanceusdm' | 'binancecoinm';
  readonly symbol: string;
  readonly tickSize: number;
  readonly stepSize: number;
  /** Quote, or contracts × price on COIN-M: about what ten thousand dollars are. */
  readonly notional: number;
  readonly snapshot: Buffer;
  readonly frames: readonly Buffer[];
}

type Recorded = Omit<DepthSet, 'snapshot' | 'frames' | 'origin'> & { readonly files: readonly string[] };

const USDM: Omit<Recorded, 'files'> = {
  name: 'usdm 2024-07-18',
  exchange: 'binanceusdm',
  symbol: 'BTCUSDT',
  tickSize: 0.1,
  stepSize: 0.001,
  notional: 10_000,
};

/** Floors hold on this set. */
export const usdmRecording: Recorded = {
  ...USDM,
  files: ['binance-usdm-btc-20240718/usdm_btcusdt_20240718.gz', 'binance-usdm-btc-20240718/usdm_btcusdt_20240719.gz'],
};

/** Printed beside. */
export const otherRecordings: readonly Recorded[] = [
  {
    name: 'spot 2024-08-08',
    exchange: 'binance',
    symbol: 'BTCUSDT',
    tickSize: 0.01,
    stepSize: 0.00001,
    notional: 10_000,
    files: ['binance-btc-20240808/spot_btcusdt_20240808.gz', 'binance-btc-20240808/spot_btcusdt_20240809.gz'],
  },
  {
    name: 'coinm 2024-08-08',
    exchange: 'binancecoinm',
    symbol: 'BTCUSD_PERP',
    tickSize: 0.1,
    stepSize: 1,
    notional: 6_000_000,
    files: ['binance-btc-20240808/coinm_btcusd_perp_20240808.gz', 'binance-btc-20240808/coinm_btcusd_perp_20240809.gz'],
  },
];

/** The recordings lie beside the checkout, not in it. */
export const dataFolder = fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** The first `maxFrames` depth frames; null when a file is absent. */
export async function readDepthSet(recorded: Recorded, maxFrames = 10_000): Promise<DepthSet | null> {
  const paths = recorded.files.map((file) => dataFolder + file);
  if (!paths.every((path) => existsSync(path))) return null;
  const frames: Buffer[] = [];
  let snapshot: Buffer | null = null;
  for (const path of paths) {
    await readRecording(path, (line) => {
      const frame = Buffer.from(line.subarray(line.indexOf(32) + 1));
      if (frame.includes('"lastUpdateId"')) snapshot ??= frame;
      else if (frames.length < maxFrames && frame.includes('"depthUpdate"')) frames.push(frame);
    });
  }
  if (snapshot === null) return null;
  return { ...recorded, origin: 'recorded', snapshot, frames };
}

/** Frames of the shape of USDⓈ-M BTCUSDT: 44 levels a frame, half of them far from the top, a price that walks. */
export function generateUsdm(count: number): DepthSet {
  const random = createRandom('bench/usdm');
  const tick = (ticks: number) => (ticks / 10).toFixed(1).concat('0');
  let mid = 639_440;
  let id = 4_984_028_384_061;
  const side = (direction: 1 | -1, levels: number) =>
    Array.from({ length: levels }, () => {
      const distance = random.next() < 0.5 ? random.int(30) : random.int(4_000);
      const size = random.next() < 0.4 ? 0 : random.exponential(0.8);
      return [tick(mid + direction * (1 + distance)), size.toFixed(3)];
    });
  const whole = (direction: 1 | -1) =>
    Array.from({ length: 1000 }, (_, i) => [tick(mid + direction * (i + 1)), (0.5 + random.exponential(1)).toFixed(3)]);
  const snapshot = Buffer.from(JSON.stringify({ lastUpdateId: id, E: 1, T: 1, bids: whole(-1), asks: whole(1) }));
  const frames = Array.from({ length: count }, () => {
    const step = random.next() < 0.2 ? (random.next() < 0.5 ? -1 : 1) : 0;
    // What the walk passed over must go, or the book would cross.
    const passed = step === 0 ? [] : [[tick(mid + step), '0.000']];
    mid += step;
    const levels = Math.max(2, Math.round(random.exponential(22)));
    const b = [...(step < 0 ? [] : [[tick(mid - 1), '1.500']]), ...side(-1, levels), ...(step < 0 ? passed : [])];
    const a = [...(step > 0 ? passed : []), ...side(1, levels), [tick(mid + 1), '1.500']];
    const previous = id;
    id += 1 + random.int(300);
    const data = { e: 'depthUpdate', E: 1_721_347_022_759, T: 1_721_347_022_750, s: 'BTCUSDT', U: previous + 1, u: id };
    const stale = [[tick(mid), '0.000']];
    const event = { ...data, pu: previous, b: [...stale, ...b], a: [...stale, ...a] };
    return Buffer.from(JSON.stringify({ stream: 'btcusdt@depth@0ms', data: event }));
  });
  return { ...USDM, name: 'usdm generated', origin: 'generated (the recordings are absent)', snapshot, frames };
}
