import type { Venue } from '../../src/domain/instruments.ts';

/** What a venue, or the network on the way to it, does wrong. */
export const VENUE_FAULTS = [
  /** The order is taken, the answer is lost: a cut, or silence until the timeout. */
  'lostAck',
  /** The request never arrives. */
  'lostRequest',
  /** A 5xx: half of them after the order was taken. */
  'serverError',
  /** The venue refuses the order in its own words. */
  'refused',
  /** The request arrives late, up to the time at which its sender gives up, whether he lives by then or not. */
  'lateRequest',
  /** The answer comes late, or after the timeout. */
  'lateAnswer',
  /** A lookup right after the order says that there is no such order. */
  'hidden',
  /** The order counts as filled before its fills are listed. */
  'lateFills',
  /** The order is shown as open though it has ended. */
  'stale',
  /** Each fill is listed twice. */
  'twiceFilled',
  /** Cancels: taken and not answered, or lost. */
  'lostCancel',
  /** Balances and open orders cannot be read. */
  'blind',
  'feedCut',
  'feedGap',
  'feedSilence',
] as const;
export type VenueFaultKind = (typeof VENUE_FAULTS)[number];

export interface VenueFault {
  readonly kind: VenueFaultKind;
  readonly venue: Venue;
  readonly forMs: number;
  /** Of the requests or frames that it may hit. */
  readonly share: number;
  /** Of a late request: exactly so late, instead of a drawn time. */
  readonly delayMs?: number;
}

export type RequestKind = 'place' | 'lookup' | 'cancel' | 'truth' | 'other';

/** Which requests a fault may hit; those of feeds hit frames. */
export const HITS: Readonly<Partial<Record<VenueFaultKind, RequestKind>>> = {
  lostAck: 'place',
  lostRequest: 'place',
  serverError: 'place',
  refused: 'place',
  lateRequest: 'place',
  lateAnswer: 'place',
  hidden: 'lookup',
  lateFills: 'lookup',
  stale: 'lookup',
  twiceFilled: 'lookup',
  lostCancel: 'cancel',
  blind: 'truth',
};
/** Those that touch orders and what is said about them. */
export const ORDER_FAULTS = VENUE_FAULTS.filter((kind) => kind in HITS);
