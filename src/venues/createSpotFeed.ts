import type { CexVenue } from '../domain/instruments.ts';
import { binanceSpotProtocol } from './binance/feed.ts';
import { bybitSpotProtocol } from './bybit/feed.ts';
import type { ProtocolOf } from './feedProtocol.ts';
import { okxSpotProtocol } from './okx/feed.ts';
import { SpotBookFeed } from './spotBookFeed.ts';
import type { SpotFeed, SpotFeedDeps } from './venueFeed.ts';

const protocols: Readonly<Record<CexVenue, ProtocolOf>> = {
  binance: binanceSpotProtocol,
  okx: okxSpotProtocol,
  bybit: bybitSpotProtocol,
};

/** The feed of one spot market: one socket, one book. Nothing happens before `start`. */
export function createSpotFeed(deps: SpotFeedDeps): SpotFeed {
  return new SpotBookFeed(deps, protocols[deps.instrument.venue](deps.instrument, deps.endpoints));
}
