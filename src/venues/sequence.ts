import type { DecodedFrame } from './decodedFrame.ts';

/** What a sequence says about a depth frame. */
export const Verdict = {
  apply: 1,
  /** Seen before, or older than the book: ignored and counted. */
  old: 2,
  /** Something was missed: the book is not to be trusted until the next snapshot. */
  gap: 3,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** The continuity rule of one venue's book: pure, one instance per book. `judge` has no effect; the caller then `take`s the frame. */
export interface Sequence {
  readonly lastId: number;
  judge(frame: DecodedFrame): Verdict;
  /** The frame was applied: its ids are the newest. */
  take(frame: DecodedFrame): void;
  /** A snapshot with this id replaced the book. */
  reset(snapshotId: number): void;
}
