import { toPlainError } from './domain/errors.ts';
import type { TradePort } from './domain/orders.ts';
import { type Rescued, type RescueReport, type RescueTask, rescueOrders } from './guardian/rescueOrders.ts';
import { simKeys } from './sim/simKeys.ts';
import { silentMetrics } from './telemetry/metricSink.ts';
import { createScrubber } from './telemetry/scrubber.ts';
import { guardEgress, venueTargets } from './workers/egressGuard.ts';
import { createWallPorts } from './workers/gatewayPorts.ts';
import { budgetedBy, openRateShare, type RateShare, takeOverBans } from './workers/venueBans.ts';
import { createWallClock } from './workers/wallClock.ts';
import { createWallTransport } from './workers/wallTransport.ts';

/** The rescue process: the gateway's ports alone. It loads them, waits for its call, cancels what is ours, proves it, answers. */
const clock = createWallClock();
let ports: Promise<readonly TradePort[]> = Promise.reject(new Error('it was called before it was told of any venue'));
ports.catch(() => {});
let share: RateShare | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (raw) => {
  const task = raw as RescueTask;
  if (task.type === 'prepare') {
    ports = load(task);
    // What went wrong is told when it is called.
    ports.catch(() => {});
  } else void rescue(task.budgetMs).then((report) => process.send?.({ type: 'rescued', report } satisfies Rescued));
});

function load({ endpoints, pairs, banDir }: Extract<RescueTask, { type: 'prepare' }>): Promise<readonly TradePort[]> {
  share = banDir === undefined ? undefined : openRateShare(banDir);
  // It holds the keys too, for the little while that it lives.
  guardEgress(venueTargets(endpoints), (target) => process.stderr.write(`RESCUE    refused to reach ${target}\n`));
  const { apiKey, secret, passphrase } = simKeys;
  const keys = {
    binance: { apiKey, secret },
    okx: { apiKey, secret, password: passphrase },
    bybit: { apiKey, secret },
  };
  return createWallPorts(
    { mode: 'live', env: 'sim', endpoints, pairs, keys },
    {
      transport: budgetedBy(share, createWallTransport(), clock, endpoints),
      clock,
      metrics: silentMetrics,
    },
  );
}

async function rescue(budgetMs: number): Promise<RescueReport> {
  try {
    if (share !== undefined) takeOverBans(share);
    return await rescueOrders(await ports, clock, budgetMs);
  } catch (error) {
    const failure = createScrubber(Object.values(simKeys)).scrub(toPlainError(error).message);
    return { venues: [{ venue: 'every venue', found: [], left: [], failure }], tookMs: 0 };
  }
}
