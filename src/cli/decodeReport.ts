import type { CexVenue } from '../domain/instruments.ts';
import { createBinanceDecoder } from '../venues/binance/decode.ts';
import { createBybitDecoder } from '../venues/bybit/decode.ts';
import type { DecodedFrame } from '../venues/decodedFrame.ts';
import { FrameKind, frameKindNames } from '../venues/decodedFrame.ts';
import type { FrameDecoder } from '../venues/frameDecoder.ts';
import { createOkxDecoder } from '../venues/okx/decode.ts';
import { createScale } from '../workers/kernels/decimalScale.ts';
import { formatTable } from './output.ts';

const decoders: Readonly<Record<CexVenue, () => FrameDecoder>> = {
  binance: createBinanceDecoder,
  okx: createOkxDecoder,
  bybit: createBybitDecoder,
};

/** A message's kind with what it says, or the code and the reason of its refusal. */
type Said = Readonly<Record<string, string | number>>;

/** Decodes messages one by one, each as if it were the first, and counts them by kind. */
export class DecodeReport {
  messages = 0;
  refusals = 0;
  readonly #venue: CexVenue;
  readonly #asJson: boolean;
  readonly #decoder: FrameDecoder;
  readonly #kinds = new Map<string, number>();

  constructor(venue: CexVenue, asJson: boolean) {
    this.#venue = venue;
    this.#asJson = asJson;
    this.#decoder = decoders[venue]();
  }

  /** @returns what to print of this line; null when there is no message in it */
  take(line: Uint8Array, lineNumber: number): string | null {
    const { bytes, file } = unwrapped(line);
    if (bytes.length === 0) return null;
    const { frame } = this.#decoder;
    frame.price = createScale(0, 1);
    frame.size = createScale(0, 1);
    const kind = this.#decoder.decodeRefining(bytes);
    const name = frameKindNames[kind];
    this.messages += 1;
    if (kind < 0) this.refusals += 1;
    this.#kinds.set(name, (this.#kinds.get(name) ?? 0) + 1);
    const said = kind < 0 ? refusalOf(kind, frame) : contentOf(frame);
    if (this.#asJson)
      return JSON.stringify({ line: lineNumber, ...(file === '' ? {} : { file }), kind: name, ...said });
    const parts = Object.entries(said).map(([key, value]) => `${key} ${value}`);
    return [`${lineNumber}`.padStart(6), name.padEnd(14), ...parts, ...(file === '' ? [] : [`(${file})`])].join('  ');
  }

  summary(): string {
    const kinds = [...this.#kinds].sort((a, b) => b[1] - a[1]);
    const { messages, refusals } = this;
    if (this.#asJson) {
      const counts = { venue: this.#venue, messages, decoded: messages - refusals, refusals };
      return JSON.stringify({ ...counts, kinds: Object.fromEntries(kinds) });
    }
    const table = formatTable([['kind', 'count'], ...kinds.map(([kind, count]) => [kind, String(count)])], [1]);
    return `\n${table}\n\n${this.#venue}: ${messages} messages, ${messages - refusals} decoded, ${refusals} refused`;
  }
}

const utf8 = new TextDecoder();

/** The message of a line: out of `{"file","raw"}`, behind a receive time (`<ns> ` or `<s>: `), or the line itself. */
function unwrapped(line: Uint8Array): { bytes: Uint8Array; file: string } {
  const text = utf8.decode(line);
  if (text.trim() === '') return { bytes: new Uint8Array(0), file: '' };
  const time = /^(\d{10,20} |\d{10}\.\d+: )/.exec(text);
  if (time !== null) return { bytes: line.subarray(time[0].length), file: '' };
  if (text.includes('"raw"')) {
    const wrapper = parsed(text);
    if (typeof wrapper?.raw === 'string') {
      return { bytes: Buffer.from(wrapper.raw), file: typeof wrapper.file === 'string' ? wrapper.file : '' };
    }
  }
  return { bytes: line, file: '' };
}

function parsed(text: string): { readonly raw?: unknown; readonly file?: unknown } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refusalOf(kind: FrameKind, { message }: DecodedFrame): Said {
  const code = kind === FrameKind.unknownMessage ? 'venue.unknown-message' : 'venue.bad-frame';
  return { code, reason: message };
}

function contentOf(frame: DecodedFrame): Said {
  const { tradeCount: trades, liquidationCount: liquidations } = frame;
  const isBook = frame.bids.count + frame.asks.count > 0 || frame.kind === FrameKind.depth;
  return {
    ...(frame.symbol === '' ? {} : { symbol: frame.symbol }),
    ...(frame.market === '' ? {} : { market: frame.market }),
    ...(isBook ? { bids: frame.bids.count, asks: frame.asks.count } : {}),
    ...(trades > 0 ? { trades, px: frame.tradePx[0]!, qty: frame.tradeQty[0]!, taker: sold(frame) } : {}),
    ...(liquidations > 0 ? liquidationOf(frame) : {}),
    ...numbersOf(frame),
    ...(frame.message === '' ? {} : { message: frame.message }),
  };
}

const sold = (frame: DecodedFrame) => (frame.tradeTakerSold[0] === 1 ? 'sell' : 'buy');

/** The first of them; `closed` is the side of the position. */
function liquidationOf(frame: DecodedFrame): Said {
  return {
    liquidations: frame.liquidationCount,
    of: frame.liquidationSymbols[0]!,
    closed: frame.liquidatedLong[0] === 1 ? 'long' : 'short',
    px: frame.liquidationPx[0]!,
    qty: frame.liquidationQty[0]!,
  };
}

const NUMBERS = [
  ...(['firstId', 'lastId', 'prevId', 'checksum', 'bidPx', 'bidQty', 'askPx', 'askQty', 'lastPx'] as const),
  ...(['markPx', 'indexPx', 'fundingRate', 'nextFundingMs', 'openInterest', 'venueTimeMs'] as const),
];

const numbersOf = (frame: DecodedFrame): Said =>
  Object.fromEntries(NUMBERS.filter((name) => !Number.isNaN(frame[name])).map((name) => [name, frame[name]]));
