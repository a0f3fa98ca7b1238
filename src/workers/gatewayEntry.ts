import { parentPort } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { createScrubber } from '../telemetry/scrubber.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import { guardEgress, venueTargets } from './egressGuard.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { type FromGateway, type GatewayBoot, secretsOf, type ToGateway } from './gatewayMessages.ts';
import { createWallPorts } from './gatewayPorts.ts';
import { threadData } from './threadData.ts';
import { startPulse } from './threadPulse.ts';
import { SERVICE_WATCH } from './threadWatchdog.ts';
import { budgetedBy } from './venueBans.ts';
import { createWallClock } from './wallClock.ts';
import { createWallTransport } from './wallTransport.ts';

/**
 * Entry of the gateway thread, the only holder of keys: `workerData` is a `GatewayBoot`. The parent port carries the
 * core's cancels and questions; committed intents come over the journal thread's port, which a `journalPort` brings.
 * Messages wait in the ports until the venues are open.
 */
const parent = parentPort;
if (parent === null) throw new Error('gatewayEntry.ts runs as a worker thread only');
const boot = await threadData<GatewayBoot>();
const clock = createWallClock();
const transport = createWallTransport();
const sampler =
  boot.dimensions === undefined
    ? null
    : startThreadSampler({ kind: 'gateway', thread: 'gateway', buffer: boot.slab }, boot.dimensions, clock);
const metrics = sampler?.sink ?? silentMetrics;
const journalPorts: import('node:worker_threads').MessagePort[] = [];

const end = () => {
  sampler?.[Symbol.dispose]();
  transport.close();
  for (const port of journalPorts) port.close();
  // With its ports closed nothing is left to wait for, and the thread ends by itself.
  parent.close();
};
// What a venue's answer repeats of a key must reach neither journal nor log: nothing leaves this thread unscrubbed.
const scrubber = createScrubber(secretsOf(boot.keys));
const send = (message: FromGateway) => {
  parent.postMessage(scrubber.scrubValue(message));
  if (message.type === 'stopped') end();
};

const receive = (gateway: Gateway) => (message: ToGateway) => {
  if (message.type !== 'journalPort') return gateway.handle(message);
  // A new journal thread brings a new port; the old one closes by itself with its thread.
  journalPorts.push(message.port);
  message.port.on('message', (committed: ToGateway) => gateway.handle(committed));
};

const refusedTargets = metrics.counter('nightjar_egress_refused_total');
guardEgress(venueTargets(boot.endpoints), (target, isNew) => {
  refusedTargets.inc();
  if (!isNew) return;
  send({ type: 'alarm', message: `the gateway thread, which holds the keys, tried to reach ${target}: refused` });
});

try {
  const budgeted = budgetedBy(boot.rate, transport, clock, boot.endpoints);
  const ports = await createWallPorts({ ...boot, probeKeys: true }, { transport: budgeted, clock, metrics });
  const gateway = createGateway({ ports, clock, latch: boot.latch, metrics, send });
  await gateway.open();
  parent.on('message', receive(gateway));
  // A beat keeps no thread alive that has nothing left to do.
  if (boot.pulse !== undefined) startPulse(boot.pulse, createWallClock({ unref: true }), SERVICE_WATCH.beatMs);
  send({ type: 'ready' });
} catch (error) {
  send({ type: 'failed', error: toPlainError(error, 'venue.unavailable') });
  end();
}
