import type { CexVenue } from '../domain/instruments.ts';
import { binancePerpProtocol } from './binance/perpFeed.ts';
import { bybitPerpProtocol } from './bybit/perpFeed.ts';
import { okxPerpProtocol } from './okx/perpFeed.ts';
import { PerpBookFeed } from './perpBookFeed.ts';
import type { PerpFeed, PerpFeedDeps, PerpProtocolOf } from './perpFeedTypes.ts';

const protocols: Readonly<Record<CexVenue, PerpProtocolOf>> = {
  binance: binancePerpProtocol,
  okx: okxPerpProtocol,
  bybit: bybitPerpProtocol,
};

/** The feed of one linear perpetual. Nothing happens before `start`. */
export function createPerpFeed(deps: PerpFeedDeps): PerpFeed {
  return new PerpBookFeed(deps, protocols[deps.instrument.venue](deps.instrument, deps.endpoints));
}
