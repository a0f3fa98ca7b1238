import { parentPort, workerData } from 'node:worker_threads';
import { toPlainError } from '../domain/errors.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import { createGateway, type Gateway } from './gateway.ts';
import type { FromGateway, GatewayBoot, ToGateway } from './gatewayMessages.ts';
import { createWallPorts } from './gatewayPorts.ts';
import { createWallClock } from './wallClock.ts';
import { createWallTransport } from './wallTransport.ts';

/**
 * Entry of the gateway thread, the only holder of keys: `workerData` is a `GatewayBoot`. The parent port carries the
 * core's cancels and questions; committed intents come over the journal thread's port, which a `journalPort` brings.
 * Messages wait in the ports until the venues are open.
 */
const parent = parentPort;
if (parent === null) throw new Error('gatewayEntry.ts runs as a worker thread only');
const boot = workerData as GatewayBoot;
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
const send = (message: FromGateway) => {
  parent.postMessage(message);
  if (message.type === 'stopped') end();
};

const receive = (gateway: Gateway) => (message: ToGateway) => {
  if (message.type !== 'journalPort') return gateway.handle(message);
  // A new journal thread brings a new port; the old one closes by itself with its thread.
  journalPorts.push(message.port);
  message.port.on('message', (committed: ToGateway) => gateway.handle(committed));
};

try {
  const ports = await createWallPorts(boot, { transport, clock, metrics });
  const gateway = createGateway({ ports, clock, latch: boot.latch, metrics, send });
  await gateway.open();
  parent.on('message', receive(gateway));
  send({ type: 'ready' });
} catch (error) {
  send({ type: 'failed', error: toPlainError(error, 'venue.unavailable') });
  end();
}
