import type { DecodedFrame } from '../decodedFrame.ts';
import type { Sequence } from '../sequence.ts';
import { Verdict } from '../sequence.ts';

/**
 * Binance spot: old when `u` ≤ the last id, a gap when `U` > last + 1. Right for the first event behind a snapshot too.
 * @source binance-spot-api-docs, web-socket-streams.md, "How to manage a local order book correctly" (2026-07)
 */
export class SpotSequence implements Sequence {
  lastId = Number.NaN;

  judge(frame: DecodedFrame): Verdict {
    if (frame.lastId <= this.lastId) return Verdict.old;
    return frame.firstId > this.lastId + 1 ? Verdict.gap : Verdict.apply;
  }

  take(frame: DecodedFrame): void {
    this.lastId = frame.lastId;
  }

  reset(snapshotId: number): void {
    this.lastId = snapshotId;
  }
}

/**
 * Binance futures: each event's `pu` is the previous event's `u`. The first event behind a snapshot must span its id.
 * `U` = previous `u` + 1 does not hold there.
 * @source USDⓈ-M docs, "How to manage a local order book correctly" (2026)
 */
export class FuturesSequence implements Sequence {
  lastId = Number.NaN;
  #isFirst = true;

  judge(frame: DecodedFrame): Verdict {
    if (frame.prevId === this.lastId) return Verdict.apply;
    if (this.#isFirst) {
      if (frame.lastId < this.lastId) return Verdict.old;
      return frame.firstId <= this.lastId || frame.prevId < this.lastId ? Verdict.apply : Verdict.gap;
    }
    return frame.lastId <= this.lastId ? Verdict.old : Verdict.gap;
  }

  take(frame: DecodedFrame): void {
    this.lastId = frame.lastId;
    this.#isFirst = false;
  }

  reset(snapshotId: number): void {
    this.lastId = snapshotId;
    this.#isFirst = true;
  }
}
