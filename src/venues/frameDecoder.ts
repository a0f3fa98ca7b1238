import { NightjarError } from '../domain/errors.ts';
import type { DecimalScale } from '../workers/kernels/decimalScale.ts';
import { createScale, incrementsPer, refineScale, scaleOfIncrement } from '../workers/kernels/decimalScale.ts';
import { CLOSE_OBJECT, OPEN_OBJECT, SLOW } from '../workers/kernels/jsonBytes.ts';
import { FULL, growLevels, OFF_GRID } from '../workers/kernels/levelScanner.ts';
import { DecodedFrame, FrameKind } from './decodedFrame.ts';
import type { GridValues } from './slowFields.ts';

/** How one venue speaks: the same message read twice, fast from plain bytes, slow from parsed JSON. */
export interface Dialect {
  /** One walk over the bytes. A `FrameKind` above 0, or SLOW, OFF_GRID, FULL. Allocates nothing on the messages of a running feed. */
  scan(bytes: Uint8Array, frame: DecodedFrame): number;
  /** @throws NightjarError venue.bad-frame | venue.unknown-message */
  read(message: unknown, frame: DecodedFrame): FrameKind;
  /** Frames that are no JSON at all and yet right (OKX's `pong`). */
  readText?(bytes: Uint8Array): FrameKind | null;
}

export interface GridChange {
  /** New ticks per old tick, new lots per old lot. */
  readonly ticksPerTick: number;
  readonly lotsPerLot: number;
}

/** Decoder of one market: holds the frame it writes into and the grid in which levels are whole numbers. */
export class FrameDecoder {
  readonly frame: DecodedFrame;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect, price: DecimalScale, size: DecimalScale) {
    this.#dialect = dialect;
    this.frame = new DecodedFrame(price, size);
  }

  /** Never throws: what cannot be read is a negative kind with the reason in `frame.message`. */
  decode(bytes: Uint8Array): FrameKind {
    const frame = this.frame;
    frame.reset();
    let result = isBraced(bytes) ? this.#dialect.scan(bytes, frame) : SLOW;
    while (result === FULL) {
      if (!growLevels(frame.bids) || !growLevels(frame.asks)) return this.#decodeSlowly(bytes);
      frame.reset();
      result = this.#dialect.scan(bytes, frame);
    }
    // Off the grid: rare, and only the slow reader knows whether the levels belong to a book at all.
    if (result === SLOW || result === OFF_GRID) return this.#decodeSlowly(bytes);
    frame.kind = result as FrameKind;
    return frame.kind;
  }

  /**
   * As `decode`, but a frame finer than the grid refines it instead of coming out as `offGrid`.
   * @param onFiner  told before the frame is read again, so that a book can follow
   */
  decodeRefining(bytes: Uint8Array, onFiner?: (change: GridChange) => void): FrameKind {
    const kind = this.decode(bytes);
    if (kind !== FrameKind.offGrid) return kind;
    const change = this.refineGrid(bytes);
    if (change === null) return FrameKind.badFrame;
    onFiner?.(change);
    const again = this.decode(bytes);
    return again === FrameKind.offGrid ? this.refuse('a price or size is too large to be exact') : again;
  }

  /**
   * Makes the grid fine enough for the levels of `bytes` (a frame that came out as `offGrid`).
   * @param fromScratch  forget the old grid: the new one is the greatest common divisor of these levels alone
   * @returns null when the frame proves unreadable, or too fine for any grid: it is then refused, the grid unchanged
   */
  refineGrid(bytes: Uint8Array, fromScratch = false): GridChange | null {
    const { frame } = this;
    try {
      const levels = this.#levelsOf(JSON.parse(asText(bytes)));
      const price = refineScale(fromScratch ? null : frame.price, levels.prices) ?? frame.price;
      const size = refineScale(fromScratch ? null : frame.size, levels.sizes) ?? frame.size;
      const change = { ticksPerTick: incrementsPer(frame.price, price), lotsPerLot: incrementsPer(frame.size, size) };
      frame.price = price;
      frame.size = size;
      return change;
    } catch (error) {
      const isOutside = error instanceof RangeError || error instanceof SyntaxError || error instanceof NightjarError;
      if (!isOutside) throw error;
      this.refuse(error.message);
      return null;
    }
  }

  #levelsOf(message: unknown): GridValues {
    const values: GridValues = { prices: [], sizes: [] };
    this.frame.gridValues = values;
    try {
      this.#dialect.read(message, this.frame);
    } finally {
      this.frame.gridValues = null;
    }
    return values;
  }

  /** Turns the frame at hand into a refused one. */
  refuse(reason: string): FrameKind {
    this.frame.reset();
    this.frame.kind = FrameKind.badFrame;
    this.frame.message = reason;
    return FrameKind.badFrame;
  }

  #decodeSlowly(bytes: Uint8Array): FrameKind {
    const { frame } = this;
    frame.reset();
    const textKind = this.#dialect.readText?.(bytes) ?? null;
    if (textKind !== null) {
      frame.kind = textKind;
      return textKind;
    }
    let message: unknown;
    try {
      message = JSON.parse(asText(bytes));
    } catch (error) {
      return this.refuse(`not JSON: ${(error as Error).message}`);
    }
    try {
      frame.kind = this.#dialect.read(message, frame);
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      this.refuse(error.message);
      if (error.code === 'venue.unknown-message') frame.kind = FrameKind.unknownMessage;
    }
    return frame.kind;
  }
}

/** Increments of the market; without them the grid starts at whole numbers and is refined by what comes. */
export interface DecoderOptions {
  readonly tickSize?: number;
  readonly stepSize?: number;
}

export function createFrameDecoder(dialect: Dialect, options: DecoderOptions = {}): FrameDecoder {
  const scale = (increment: number | undefined) =>
    increment === undefined ? createScale(0, 1) : scaleOfIncrement(increment);
  return new FrameDecoder(dialect, scale(options.tickSize), scale(options.stepSize));
}

const utf8 = new TextDecoder();
const asText = (bytes: Uint8Array) => utf8.decode(bytes);

/** The scans stop at the last brace, so a frame without one must not reach them. */
const isBraced = (bytes: Uint8Array) => bytes[0] === OPEN_OBJECT && bytes[bytes.length - 1] === CLOSE_OBJECT;
