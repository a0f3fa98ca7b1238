import { type MessagePort, threadId } from 'node:worker_threads';
import { NightjarError, toPlainError } from '../domain/errors.ts';
import type { Logger } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import { type ArbEvaluation, encodeArbEvaluation } from '../strategies/arb/arbEvaluation.ts';
import type { Dimensions, SlabShare } from '../telemetry/slab.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import { createArbLane } from './arbLane.ts';
import type { FromLane, LaneBoot, ToLane } from './laneMessages.ts';
import { createRingProducer } from './ring.ts';
import { startPulse } from './threadPulse.ts';
import { LANE_WATCH } from './threadWatchdog.ts';
import { budgetedBy } from './venueBans.ts';
import { createWallClock } from './wallClock.ts';
import { createWallTransport } from './wallTransport.ts';

export interface LaneTask {
  readonly boot: LaneBoot;
  /** Transferred. */
  readonly port: MessagePort;
  readonly ring: SharedArrayBuffer;
  readonly pulse: SharedArrayBuffer;
  readonly slab: SlabShare;
  readonly dimensions: Dimensions;
}

const feedsEveryMs = 1000;

/** Piscina task, pinned to its worker: the lane on the wall clock until it is told to stop. Null only loads this code. */
export default async function lane(task: LaneTask | null): Promise<void> {
  if (task === null) return;
  try {
    await runLane(task);
  } catch (error) {
    task.port.postMessage({ type: 'failed', error: toPlainError(error) } satisfies FromLane);
    throw error;
  }
}

async function runLane(task: LaneTask): Promise<void> {
  const { boot, port } = task;
  const clock = createWallClock();
  const transport = createWallTransport();
  using sampler = startThreadSampler(task.slab, task.dimensions, clock);
  const post = (message: FromLane) => port.postMessage(message);
  const logger: Logger = {
    log: (level, channel, message, fields = {}) => {
      if (level !== 'debug') post({ type: 'log', level, channel, message, fields });
    },
  };
  const drops = sampler.sink.counter('nightjar_ring_drops_total');
  const running = createArbLane({
    boot,
    clock,
    transport: budgetedBy(boot.rate, transport, clock, boot.endpoints),
    random: createRandom(`${boot.lane}/${boot.incarnation}`),
    metrics: sampler.sink,
    publish: createPublisher(task.ring, () => drops.inc()),
    logger,
  });

  const cancels = [clock.every(feedsEveryMs, () => post({ type: 'feeds', feeds: running.feeds() }))];
  await new Promise<void>((stop) => {
    port.on('message', (message: ToLane) => {
      if (message.type === 'stop') stop();
      // Uncaught on purpose: the drill takes the way of a real fault.
      else if (message.type === 'crash') throw new NightjarError('actor.drill', `${boot.lane} was told to crash`);
      else running.handle(message);
    });
    // The core is gone: nobody would ever stop this task.
    port.on('close', stop);
    running.start();
    cancels.push(startPulse(task.pulse, clock, LANE_WATCH.beatMs));
    post({ type: 'ready', threadId });
  });

  for (const cancel of cancels) cancel();
  running.stop();
  transport.close();
  post({ type: 'feeds', feeds: running.feeds() });
  post({ type: 'stopped' });
  port.close();
}

/** Without a closure per record: the pending evaluation is handed over through one variable. */
function createPublisher(ring: SharedArrayBuffer, onDrop: () => void): (evaluation: ArbEvaluation) => void {
  const producer = createRingProducer(ring);
  let pending: ArbEvaluation | null = null;
  const encode = (words: Float64Array, offset: number) => encodeArbEvaluation(pending!, words, offset);
  return (evaluation) => {
    pending = evaluation;
    if (!producer.pushWith(encode)) onDrop();
    pending = null;
  };
}
