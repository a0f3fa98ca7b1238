import type { PlainError } from '../domain/errors.ts';
import type { RecordedBookEnd, RecordedMarket, RecordingManifest } from '../journal/recordingManifest.ts';
import type { RecordingPlan } from '../journal/recordingWriter.ts';

/** `workerData` of the thread that writes a recording. */
export interface RecordBoot {
  readonly plan: RecordingPlan;
}

export type ToRecorder =
  | { readonly type: 'open'; readonly connection: number; readonly of: RecordedMarket }
  /** Lines; `buffer` is transferred and comes back by `free`. */
  | {
      readonly type: 'chunk';
      readonly connection: number;
      readonly buffer: ArrayBuffer;
      readonly length: number;
      readonly frames: number;
      readonly firstMs: number;
      readonly lastMs: number;
    }
  | { readonly type: 'lost'; readonly connection: number; readonly frames: number; readonly bytes: number }
  | { readonly type: 'close'; readonly connection: number }
  | { readonly type: 'end'; readonly reason: string; readonly books: readonly RecordedBookEnd[] };

export interface RecordTotals {
  readonly frames: number;
  readonly lostFrames: number;
  readonly bytes: number;
  readonly storedBytes: number;
}

export type FromRecorder =
  | { readonly type: 'ready' }
  | { readonly type: 'free'; readonly buffer: ArrayBuffer }
  | { readonly type: 'totals'; readonly totals: RecordTotals }
  /** The disk takes no more: the recording is to be ended. */
  | { readonly type: 'trouble'; readonly reason: string }
  | { readonly type: 'ended'; readonly manifest: RecordingManifest }
  | { readonly type: 'failed'; readonly error: PlainError };
