import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRandom } from '../src/domain/random.ts';
import { applySimSetting, defaultSimConfig } from '../src/sim/simConfig.ts';
import { json } from '../src/sim/simHttp.ts';
import { startSimServers } from '../src/sim/simServers.ts';
import { createSimWorld } from '../src/sim/simWorld.ts';
import { createWallClock } from '../src/workers/wallClock.ts';

/**
 * The embedded venues in a process of their own, as `nightjar sim` runs them, with an OKX that can lose what cancels say:
 * `--lose acks` cancels and answers 504, `--lose cancels` answers 504 and does nothing. At their end the orders of each
 * venue stand in `--final FILE`.
 */
const { values } = parseArgs({
  options: { lose: { type: 'string' }, final: { type: 'string' }, seed: { type: 'string', default: '7' } },
});
const config = applySimSetting(defaultSimConfig, 'sim.market.episodeGapMs', '3600000');
const world = createSimWorld({
  clock: createWallClock(),
  random: createRandom(Number(values.seed)).fork('sim'),
  config,
});
const servers = await startSimServers(
  {
    ...world,
    handleHttp(venue, request) {
      const isLost = venue === 'okx' && /cancel/.test(request.target) && values.lose !== undefined;
      if (!isLost) return world.handleHttp(venue, request);
      if (values.lose === 'acks') world.handleHttp(venue, request);
      return json(504, { msg: 'gateway timeout' });
    },
  },
  { port: 0 },
);
process.send?.({ type: 'ready', endpoints: servers.endpoints });

const end = () => {
  const orders = (['binance', 'okx', 'bybit'] as const).flatMap((venue) => world.inside.log.list(venue));
  if (values.final !== undefined) writeFileSync(values.final, JSON.stringify(orders));
  process.exit(0);
};
process.on('SIGTERM', end);
process.on('disconnect', end);
