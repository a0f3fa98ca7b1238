import type { DecodedFrame } from '../decodedFrame.ts';
import type { Sequence } from '../sequence.ts';
import { Verdict } from '../sequence.ts';

/**
 * Bybit `orderbook.N`: `u` rises by one. Clients observe that and Bybit does not promise it, so a jump costs at most one
 * needless resubscription, while a missed delta would cost a wrong book. `u` = 1 never gets here: it is a snapshot.
 */
export class BybitSequence implements Sequence {
  lastId = Number.NaN;

  judge(frame: DecodedFrame): Verdict {
    if (frame.lastId <= this.lastId) return Verdict.old;
    return frame.lastId === this.lastId + 1 ? Verdict.apply : Verdict.gap;
  }

  take(frame: DecodedFrame): void {
    this.lastId = frame.lastId;
  }

  reset(snapshotId: number): void {
    this.lastId = snapshotId;
  }
}
