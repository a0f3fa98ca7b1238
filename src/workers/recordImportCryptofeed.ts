import type { CexVenue } from '../domain/instruments.ts';
import type { RecordedMarket } from '../journal/recordingManifest.ts';
import { readRecording } from '../journal/recordingReader.ts';
import { FrameKind, frameKindNames } from '../venues/decodedFrame.ts';
import type { FrameDecoder } from '../venues/frameDecoder.ts';
import { marketOf as okxMarketOf } from '../venues/okx/readMessage.ts';
import type { ImportSink } from './recordImportSink.ts';
import { decoderOf } from './recordingBook.ts';

/** What an address of a capture speaks; `market` null: the symbols tell it. */
interface Spoken {
  readonly venue: CexVenue;
  readonly market: string | null;
}

const HOSTS: readonly (readonly [RegExp, Spoken])[] = [
  [/^(?:fapi|fstream)[\w-]*\.binance\.com$/, { venue: 'binance', market: 'usdm' }],
  [/^(?:dapi|dstream)[\w-]*\.binance\.com$/, { venue: 'binance', market: 'coinm' }],
  [/^(?:api|stream|data-api|data-stream)[\w-]*\.binance\.(?:com|vision)$/, { venue: 'binance', market: 'spot' }],
  [/(?:^|\.)okx\.com$|(?:^|\.)okex\.com$/, { venue: 'okx', market: null }],
];

interface Snapshot {
  readonly ns: string;
  readonly body: string;
}

/**
 * Captures of cryptofeed's raw data collection: `<url> <-> <t>` (connected), `<url> <- <t>: …` (sent), `<t>: …` (received)
 * and `<url> -> <t>: …` (answer of REST), t in seconds. REST depth answers lie in files of their own and name their symbol
 * in the address only: they are put among the frames of their market, by time.
 * @source bmoscon/cryptofeed, cryptofeed/raw_data_collection.py
 */
export async function importCryptofeed(
  files: readonly string[],
  sink: ImportSink,
  onProgress: (lines: number, file: string) => void,
): Promise<void> {
  const snapshots = new Map<string, { of: RecordedMarket; waiting: Snapshot[] }>();
  for (const file of files) await collectSnapshots(file, snapshots);
  for (const { waiting } of snapshots.values()) waiting.sort((a, b) => (a.ns < b.ns ? -1 : 1));
  let lines = 0;
  for (const file of files) {
    const reader = new CaptureReader(sink, snapshots);
    await readRecording(file, (line) => {
      lines += 1;
      reader.take(utf8.decode(line));
      if (lines % 65_536 === 0) onProgress(lines, file);
    });
  }
  for (const { of, waiting } of snapshots.values()) for (const { ns, body } of waiting) sink.line(of, ns, body);
}

const utf8 = new TextDecoder();
const keyOf = ({ venue, market, symbol }: RecordedMarket) => `${venue} ${market} ${symbol}`;

async function collectSnapshots(
  file: string,
  snapshots: Map<string, { of: RecordedMarket; waiting: Snapshot[] }>,
): Promise<void> {
  await readRecording(file, (line) => {
    if (line[0] !== 104) return;
    const match = /^(https?:\/\/\S+) -> (\d+(?:\.\d+)?): (\{.*)$/.exec(utf8.decode(line));
    if (match === null) return;
    const url = new URL(match[1]!);
    const spoken = spokenAt(url);
    const symbol = url.searchParams.get('symbol');
    if (spoken?.market == null || symbol === null || !url.pathname.endsWith('/depth')) return;
    const of = { venue: spoken.venue, market: spoken.market, symbol };
    const known = snapshots.get(keyOf(of)) ?? { of, waiting: [] };
    known.waiting.push({ ns: nanoseconds(match[2]!), body: match[3]! });
    snapshots.set(keyOf(of), known);
  });
}

/** One capture: whose frames these are is told by its own addresses. */
class CaptureReader {
  readonly #sink: ImportSink;
  readonly #snapshots: ReadonlyMap<string, { waiting: Snapshot[] }>;
  readonly #decoders = new Map<CexVenue, FrameDecoder>();
  #spoken: Spoken | null = null;
  #host = 'an unknown host';

  constructor(sink: ImportSink, snapshots: ReadonlyMap<string, { waiting: Snapshot[] }>) {
    this.#sink = sink;
    this.#snapshots = snapshots;
  }

  take(line: string): void {
    const received = /^(\d{9,11}(?:\.\d+)?): (.*)$/.exec(line);
    if (received !== null) this.#frame(nanoseconds(received[1]!), received[2]!);
    else if (line !== '') this.#other(line);
  }

  #other(line: string): void {
    const match = /^(\w+:\/\/\S+) (<->|<-|->) /.exec(line);
    if (match === null || !URL.canParse(match[1]!)) {
      this.#sink.leaveOut('lines of no known form');
      return;
    }
    const url = new URL(match[1]!);
    this.#host = url.hostname;
    this.#spoken = spokenAt(url);
    if (match[2] === '<-') this.#sink.leaveOut('messages that were sent');
    else if (match[2] === '->' && !/\/depth\?/.test(match[1]!)) this.#sink.leaveOut('answers of REST that are no book');
  }

  #frame(ns: string, frame: string): void {
    const spoken = this.#spoken;
    if (spoken === null) {
      this.#sink.leaveOut(`frames of ${this.#host}, for which there is no decoder`);
      return;
    }
    const decoder = this.#decoderOf(spoken.venue);
    const kind = decoder.decodeRefining(Buffer.from(frame));
    const { symbol } = decoder.frame;
    if (kind < 0 || symbol === '') {
      const why = kind === FrameKind.unknownMessage ? `, first ${decoder.frame.message.slice(0, 60)}` : '';
      this.#leaveOut(spoken.venue, frameKindNames[kind], why);
      return;
    }
    const of = { venue: spoken.venue, market: spoken.market ?? okxMarketOf(symbol), symbol };
    const waiting = this.#snapshots.get(keyOf(of))?.waiting ?? [];
    while (waiting.length > 0 && waiting[0]!.ns <= ns) {
      const snapshot = waiting.shift()!;
      this.#sink.line(of, snapshot.ns, snapshot.body);
    }
    this.#sink.line(of, ns, frame);
  }

  #firsts = new Map<string, string>();

  /** By kind, with what the first of an unknown kind said. */
  #leaveOut(venue: CexVenue, kind: string, why: string): void {
    const first = this.#firsts.get(kind) ?? why;
    this.#firsts.set(kind, first);
    this.#sink.leaveOut(`${venue} ${kind}${first}`);
  }

  #decoderOf(venue: CexVenue): FrameDecoder {
    const decoder = this.#decoders.get(venue) ?? decoderOf[venue]();
    this.#decoders.set(venue, decoder);
    return decoder;
  }
}

function spokenAt({ hostname, pathname }: URL): Spoken | null {
  if (/(?:^|\.)bybit\.com$/.test(hostname)) {
    // The public API before v5 had one address for all and other words: its frames come out as unknown.
    return { venue: 'bybit', market: /^\/v5\/public\/([a-z]+)$/.exec(pathname)?.[1] ?? 'linear' };
  }
  return HOSTS.find(([pattern]) => pattern.test(hostname))?.[1] ?? null;
}

/** Seconds as text to 19 digits of nanoseconds, exactly. */
function nanoseconds(seconds: string): string {
  const [whole = '', fraction = ''] = seconds.split('.');
  return whole.padStart(10, '0') + fraction.slice(0, 9).padEnd(9, '0');
}
