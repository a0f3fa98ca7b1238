import { NightjarError, toPlainError } from '../../domain/errors.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';
import { createLaneHost, type LaneHost } from '../../workers/laneHost.ts';
import type { ChildEvents, StartChild } from '../childPort.ts';
import { laneBots } from '../coreRuntime.ts';
import { slabOf, type WallContext } from './wallContext.ts';

const STOP_GRACE_MS = 1500;

export interface LaneChild {
  readonly host: LaneHost;
  readonly start: StartChild;
}

/** One lane, in a pool of one thread that outlives the lane's incarnations. */
export function laneChild(context: WallContext, lane: string, metrics: MetricSink): LaneChild {
  const { input, clock, admit, log } = context;
  const { boot, kernel } = input;
  const hop = metrics.histogram('nightjar_thread_hop_seconds');
  let current: ChildEvents | null = null;

  const host = createLaneHost({
    clock,
    slab: slabOf(context, lane),
    dimensions: context.dimensions,
    onEvaluation(evaluation) {
      if (evaluation.evaluatedAtMs !== null) hop.observe(Math.max(0, clock.nowMs() - evaluation.evaluatedAtMs) / 1000);
      admit(lane, { type: 'signal.arb', lane, evaluation });
    },
    onMessage(message) {
      if (message.type === 'log') log.log(message.level, message.channel, message.message, message.fields);
    },
    onExit: (reason) => current?.exited(reason),
  });

  return {
    host,
    start(incarnation, events) {
      if (boot.endpoints === null) throw new NightjarError('config.invalid', 'no venue endpoints were given');
      current = events;
      const { endpoints } = boot;
      const { rate } = context;
      host
        .start({ lane, incarnation, endpoints, instruments: kernel.instruments, bots: laneBots(kernel), rate })
        .then(events.started, (error: unknown) => events.failed(toPlainError(error, 'thread.lost')));
      return { stop: () => void host.stop(STOP_GRACE_MS), kill: () => void host.kill(), drill: host.drill };
    },
  };
}
