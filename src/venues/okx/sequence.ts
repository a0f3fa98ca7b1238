import type { DecodedFrame } from '../decodedFrame.ts';
import type { Sequence } from '../sequence.ts';
import { Verdict } from '../sequence.ts';

/**
 * OKX `books`: `prevSeqId` must be the last `seqId`. Equal ids are the 60 s keep-alive; a `seqId` below a fitting
 * `prevSeqId` is the venue's own restart of its counter after maintenance: both apply. Recordings from before the ids
 * existed (2022) have none, and nothing to check.
 * @source OKX API v5 guide, order book channel (2026-07)
 */
export class OkxSequence implements Sequence {
  lastId = Number.NaN;

  judge(frame: DecodedFrame): Verdict {
    if (frame.prevId === this.lastId || Number.isNaN(frame.lastId)) return Verdict.apply;
    return frame.lastId <= this.lastId ? Verdict.old : Verdict.gap;
  }

  take(frame: DecodedFrame): void {
    this.lastId = frame.lastId;
  }

  reset(snapshotId: number): void {
    this.lastId = snapshotId;
  }
}
