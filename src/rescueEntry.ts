import { toPlainError } from './domain/errors.ts';
import { type Rescued, type RescueReport, type RescueTask, rescueOrders } from './guardian/rescueOrders.ts';
import { simKeys } from './sim/simKeys.ts';
import { silentMetrics } from './telemetry/metricSink.ts';
import { createWallPorts } from './workers/gatewayPorts.ts';
import { createWallClock } from './workers/wallClock.ts';
import { createWallTransport } from './workers/wallTransport.ts';

/** The rescue process: the gateway's ports alone. It cancels what is ours, proves it, answers, and ends. */
process.on('disconnect', () => process.exit(0));
process.on('message', (raw) => {
  const task = raw as RescueTask;
  if (task.type !== 'rescue') return;
  void rescue(task).then((report) => process.send?.({ type: 'rescued', report } satisfies Rescued));
});

async function rescue({ endpoints, pairs, deadlineMs }: RescueTask): Promise<RescueReport> {
  const { apiKey, secret, passphrase } = simKeys;
  const clock = createWallClock();
  const transport = createWallTransport();
  const keys = {
    binance: { apiKey, secret },
    okx: { apiKey, secret, password: passphrase },
    bybit: { apiKey, secret },
  };
  try {
    const ports = await createWallPorts(
      { mode: 'live', env: 'sim', endpoints, pairs, keys },
      { transport, clock, metrics: silentMetrics },
    );
    return await rescueOrders(ports, clock, deadlineMs);
  } catch (error) {
    const failure = toPlainError(error).message;
    return { venues: [{ venue: 'every venue', found: [], left: [], failure }], tookMs: 0 };
  }
}
