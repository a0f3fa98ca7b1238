import type { CexVenue, Instrument } from '../domain/instruments.ts';
import type { Clock } from '../domain/ports.ts';
import type { Exchange } from './exchange.ts';
import type { StreamHub } from './streamHub.ts';
import type { VenueMarket } from './venueMarket.ts';

/** What a venue's dialect works with: everything behind its words. */
export interface VenueContext {
  readonly venue: CexVenue;
  readonly clock: Clock;
  readonly exchange: Exchange;
  readonly hub: StreamHub;
  readonly instruments: readonly Instrument[];
  /** The running market of one of the venue's symbols; undefined for an unknown symbol. */
  marketOf(venueSymbol: string): VenueMarket | undefined;
}
