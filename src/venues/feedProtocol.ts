import type { Instrument } from '../domain/instruments.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import type { FrameDecoder } from './frameDecoder.ts';
import type { Sequence } from './sequence.ts';

/** What differs between the venues' spot feeds; the rest is `SpotBookFeed`. */
export interface FeedProtocol {
  readonly socketUrl: string;
  /** Sent as soon as the socket is open; empty where the URL subscribes. */
  readonly subscribe: readonly string[];
  /** Acknowledgements that the subscription must bring. */
  readonly acksWanted: number;
  /** Asks for a new snapshot in the stream; null where `snapshotUrl` does. */
  readonly resubscribeBook: readonly string[] | null;
  readonly snapshotUrl: string | null;
  /** Text that the venue answers, to find out whether a quiet connection lives; null = a ping frame. */
  readonly probe: string | null;
  /** Sent this often whatever happens; null = never. */
  readonly keepAliveEveryMs: number | null;
  readonly createDecoder: () => FrameDecoder;
  readonly createSequence: () => Sequence;
}

export type ProtocolOf = (instrument: Instrument, endpoints: VenueEndpoints) => FeedProtocol;
