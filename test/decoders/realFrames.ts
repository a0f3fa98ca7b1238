import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { VenueName } from './outcome.ts';
import { VENUES } from './outcome.ts';

/** The recordings lie beside the checkout, not in it. */
export const dataFolder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** One file of frames; absent files are passed over by who asks. */
export interface FrameFile {
  readonly venue: VenueName;
  readonly path: string;
  /** Frames of one line; several where a line holds them wrapped, none where it holds none. */
  readonly frameOf: (line: string) => string | null;
}

const whole = (line: string) => (line === '' ? null : line);
/** `<receive time> <frame>`, as the hftbacktest recorder writes it. */
const afterSpace = (line: string) => whole(line.slice(line.indexOf(' ') + 1));
/** `<time>: <frame>`; what we sent and where we connected has an arrow. */
const afterColon = (line: string) => (/^\d+\.\d+: /.test(line) ? line.slice(line.indexOf(': ') + 2) : null);
/** `{"venue","raw"}`; a line of another venue is none of ours. */
const rawOf = (venue: VenueName) => (line: string) => {
  if (line === '') return null;
  const { raw, venue: of } = JSON.parse(line) as { raw: string; venue?: string };
  return of === undefined || of.startsWith(venue) ? raw : null;
};

const folder = (venue: VenueName, name: string, frameOf: FrameFile['frameOf'], match = /./): FrameFile[] =>
  existsSync(dataFolder + name)
    ? readdirSync(dataFolder + name)
        .filter((file) => match.test(file) && !file.endsWith('.md') && !file.endsWith('.txt'))
        .map((file) => ({ venue, path: `${name}/${file}`, frameOf }))
    : [];

/** Every file of `data` with messages of a venue that has a decoder. */
export function frameFiles(): FrameFile[] {
  return [
    ...folder('binance', 'binance-btc-20240808', afterSpace),
    ...folder('binance', 'binance-usdm-btc-20240718', afterSpace),
    ...folder('binance', 'binance-triangle-20201101-h09', whole),
    ...folder('binance', 'cryptofeed-raw-frames', afterColon, /^BINANCE(_FUTURES)?\.ws/),
    ...folder('binance', 'private-streams', whole, /^([A-Z_]+|[a-z]+[A-Z]\w+|kline)\.jsonl$/),
    ...folder('okx', 'cryptofeed-raw-frames', afterColon, /^OKX_.*_ws_/),
    ...folder('okx', 'private-streams', whole, /^okx_/),
    ...folder('bybit', 'bybit-v5-ob500-xrp-20241201', whole),
    ...folder('bybit', 'private-streams', whole, /^bybit_/),
    ...VENUES.flatMap((venue) => [
      ...folder(venue, 'wire-fixtures', rawOf(venue), new RegExp(`^${venue}\\.jsonl$`)),
      ...folder(venue, 'wire-captured', rawOf(venue), /frames/),
      ...folder(venue, 'venue-errors', rawOf(venue), /errors/),
    ]),
  ];
}

/** Single frames committed with the decoders: there with or without `data`. */
export function committedFrames(venue: VenueName): string[] {
  const path = fileURLToPath(new URL(`../../src/venues/${venue}/testdata/frames.jsonl`, import.meta.url));
  const rows = readFileSync(path, 'utf8').trim().split('\n');
  return rows.map((line) => (JSON.parse(line) as { frame: string }).frame);
}

export function framesOf(file: FrameFile): string[] {
  const bytes = readFileSync(dataFolder + file.path);
  const text = (file.path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text.split('\n').flatMap((line) => file.frameOf(line.trimEnd()) ?? []);
}

/** What mutations start from: the committed frames, and a few of each file. */
export function seedFrames(venue: VenueName, perFile = 40): string[] {
  const recorded = frameFiles()
    .filter((file) => file.venue === venue)
    .flatMap((file) => {
      const frames = framesOf(file);
      return frames.filter((frame, i) => i % Math.ceil(frames.length / perFile) === 0 && frame.length < 6_000);
    });
  return [...committedFrames(venue), ...recorded];
}
