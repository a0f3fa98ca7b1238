import { existsSync } from 'node:fs';
import { readRecording } from '../../src/journal/recordingReader.ts';
import { createBinanceDecoder } from '../../src/venues/binance/decode.ts';
import { createBybitDecoder } from '../../src/venues/bybit/decode.ts';
import type { FrameDecoder } from '../../src/venues/frameDecoder.ts';
import { createOkxDecoder } from '../../src/venues/okx/decode.ts';
import { dataFolder } from '../frames.ts';

type Levels = readonly (readonly string[])[];
type Sides = { readonly bids: Levels; readonly asks: Levels };

/** Book frames of one market, and how a plain reader gets at their levels. */
export interface BookSet {
  readonly name: string;
  readonly origin: string;
  readonly frames: readonly Buffer[];
  createDecoder(): FrameDecoder;
  /** The peer's work: all prices and sizes as numbers. @returns their sum */
  parse(frame: Buffer): number;
  levelsOf(frame: Buffer, side: 'bids' | 'asks'): readonly (readonly [number, number])[];
}

interface Source {
  readonly name: string;
  readonly file: string;
  /** Where the frame begins in a line; -1 = the line holds no book frame. */
  readonly frameAt: (line: Buffer) => number;
  readonly createDecoder: () => FrameDecoder;
  readonly sidesOf: (message: never) => Sides;
}

/** `<receive time> <frame>`, as the hftbacktest recorder writes it. */
const binanceFrameAt = (line: Buffer) => (line.includes('"depthUpdate"') ? line.indexOf(32) + 1 : -1);
const binanceSides = ({ data }: { data: { b: Levels; a: Levels } }): Sides => ({ bids: data.b, asks: data.a });

const SOURCES: readonly Source[] = [
  {
    name: 'binance spot',
    file: 'binance-btc-20240808/spot_btcusdt_20240808.gz',
    frameAt: binanceFrameAt,
    createDecoder: () => createBinanceDecoder({ tickSize: 0.01, stepSize: 0.00001 }),
    sidesOf: binanceSides,
  },
  {
    name: 'binance usdm',
    file: 'binance-usdm-btc-20240718/usdm_btcusdt_20240718.gz',
    frameAt: binanceFrameAt,
    createDecoder: () => createBinanceDecoder({ tickSize: 0.1, stepSize: 0.001 }),
    sidesOf: binanceSides,
  },
  {
    name: 'okx',
    file: 'cryptofeed-raw-frames/OKX_20220513_ws_BTC.txt.gz',
    // `<time>: <frame>`
    frameAt: (line) => (line.includes('"action":"') ? line.indexOf(': ') + 2 : -1),
    createDecoder: () => createOkxDecoder({}),
    sidesOf: ({ data }: { data: readonly [Sides] }) => data[0],
  },
  {
    name: 'bybit',
    file: 'bybit-v5-ob500-xrp-20241201/2024-12-01_XRPUSDT_ob500.jsonl.gz',
    frameAt: () => 0,
    createDecoder: () => createBybitDecoder({ tickSize: 0.0001, stepSize: 0.1 }),
    sidesOf: ({ data }: { data: { b: Levels; a: Levels } }): Sides => ({ bids: data.b, asks: data.a }),
  },
];

/** Those whose recording is there. */
export async function readBookSets(): Promise<BookSet[]> {
  const sets: BookSet[] = [];
  for (const source of SOURCES) {
    const path = dataFolder + source.file;
    if (!existsSync(path)) continue;
    const frames: Buffer[] = [];
    await readRecording(path, (bytes) => {
      const line = Buffer.from(bytes);
      const at = source.frameAt(line);
      if (at >= 0 && frames.length < MOST_FRAMES) frames.push(line.subarray(at));
    });
    sets.push(bookSet(source, frames));
  }
  return sets;
}

const MOST_FRAMES = 10_000;

function bookSet({ name, file, createDecoder, sidesOf }: Source, frames: readonly Buffer[]): BookSet {
  const read = (frame: Buffer) => sidesOf(JSON.parse(frame.toString()) as never);
  return {
    name,
    origin: file.split('/')[0]!,
    frames,
    createDecoder,
    parse(frame) {
      const { bids, asks } = read(frame);
      let sum = 0;
      for (let i = 0; i < bids.length; i += 1) sum += Number(bids[i]![0]) + Number(bids[i]![1]);
      for (let i = 0; i < asks.length; i += 1) sum += Number(asks[i]![0]) + Number(asks[i]![1]);
      return sum;
    },
    levelsOf: (frame, side) => read(frame)[side].map((level) => [Number(level[0]), Number(level[1])] as const),
  };
}
