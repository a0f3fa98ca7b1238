import type { PlainError } from '../domain/errors.ts';
import type { Instrument } from '../domain/instruments.ts';
import type { LogLevel, VenueEndpoints } from '../domain/ports.ts';
import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { FeedStatus } from './laneFeedMetrics.ts';
import type { RateShare } from './venueBans.ts';

/** From the core. */
export type LaneMessage =
  /** Lifts the quote cooldown for this bot's next poll (first hit). */
  | { readonly type: 'liftCooldown'; readonly botSlot: number }
  /** New firm quote on the newest book; answered by an evaluation of kind lastLook with this id. */
  | { readonly type: 'lastLook'; readonly botSlot: number; readonly requestId: number }
  /** Answered by an evaluation of kind prices with this id, without any quote. */
  | { readonly type: 'prices'; readonly botSlot: number; readonly requestId: number };

/** One arbitrage instance as the lane sees it. */
export interface LaneArbBot {
  readonly id: string;
  readonly botSlot: number;
  /** Base asset, `SOL`. */
  readonly symbol: string;
  readonly pair: string;
  readonly knobs: ArbKnobs;
}

/** Boot data of a lane: structured-cloneable. */
export interface LaneBoot {
  readonly lane: string;
  readonly incarnation: number;
  readonly endpoints: VenueEndpoints;
  readonly instruments: readonly Instrument[];
  readonly bots: readonly LaneArbBot[];
  /** The venues' request budget, shared with the gateway; without it the lane counts for itself. */
  readonly rate?: RateShare;
}

export type ToLane = LaneMessage | { readonly type: 'stop' } | { readonly type: 'crash' };
export type FromLane =
  /** `threadId`: of the pool's threads the one that the lane runs in. */
  | { readonly type: 'ready'; readonly threadId: number }
  | { readonly type: 'stopped' }
  /** It could not start. Sent beside the rejection, which loses the code on its way between threads. */
  | { readonly type: 'failed'; readonly error: PlainError }
  /** The state of every feed, once a second: for status pages and summaries, never for decisions. */
  | { readonly type: 'feeds'; readonly feeds: readonly FeedStatus[] }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly channel: string;
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
    };
