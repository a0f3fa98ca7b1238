import type { CexVenue } from '../domain/instruments.ts';
import type { Side } from '../domain/orders.ts';
import type { BalanceReading, FillReading, OrderReading } from './cexDialect.ts';

/** A fill as a private stream tells it: which order it belongs to stands in the message itself. */
export interface StreamedFill extends FillReading {
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  readonly venueSymbol: string;
  readonly side: Side;
  /** It rested and was taken. */
  readonly maker: boolean;
}

/** A position of a perpetual, in base whatever the venue counts in. */
export interface PositionReading {
  readonly venueSymbol: string;
  /** Base; negative = short, 0 = flat. */
  readonly qty: number;
  /** Quote per base; null when flat or not told. */
  readonly entryPx: number | null;
  readonly venueTimeMs: number;
}

/** One thing that a private message says. */
export type PrivateEvent =
  | { readonly kind: 'order'; readonly order: OrderReading }
  | { readonly kind: 'fill'; readonly fill: StreamedFill }
  | { readonly kind: 'position'; readonly position: PositionReading }
  | { readonly kind: 'balance'; readonly balance: BalanceReading };

/** What one private message is: events (none for what is known and of no use to us), or a typed refusal. */
export type PrivateReading =
  | { readonly kind: string; readonly events: readonly PrivateEvent[] }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };

export interface PrivateStreamCounters {
  messages: number;
  events: number;
  reconnects: number;
  /** Messages refused: not JSON, truncated, a field of another shape. */
  badMessages: number;
  /** Kinds that this code does not know: ignored, by kind. */
  readonly unknownKinds: Map<string, number>;
}

/**
 * One account's private connection at one venue: log-in, subscription, keep-alive, renewal of what expires, reconnect
 * with backoff. A venue sends no history on it, so whoever listens asks over REST each time it becomes live.
 */
export interface PrivateStream {
  readonly venue: CexVenue;
  readonly counters: PrivateStreamCounters;
  /** Logged in, subscribed, and heard from within the venue's keep-alive. */
  readonly isLive: boolean;
  start(): void;
  /** Closes the socket and cancels every timer. */
  stop(): void;
}
