import type { StartChild } from './core/childPort.ts';
import { laneBots } from './core/coreRuntime.ts';
import type { InputPayload } from './core/inputs.ts';
import type { KernelConfig } from './core/kernel.ts';
import { inProcess, type Scope } from './core/virtualChild.ts';
import type { Logger, Random, VenueEndpoints } from './domain/ports.ts';
import type { MetricSink } from './telemetry/metricSink.ts';
import { budgetedTransport } from './venues/budgetedTransport.ts';
import { createSpotFeed } from './venues/createSpotFeed.ts';
import { createRateWords, RateBudget } from './venues/rateBudget.ts';
import { type ArbLane, createArbLane } from './workers/arbLane.ts';
import type { LaneMessage } from './workers/laneMessages.ts';

export interface VirtualLaneDeps {
  readonly kernel: KernelConfig;
  readonly endpoints: VenueEndpoints;
  readonly random: Random;
  readonly metrics: MetricSink;
  readonly log: Logger;
  /** Clock and network of the next incarnation. */
  scope(): Scope;
  admit(source: string, payload: InputPayload): void;
}

/** The lane as a child in the core's own thread: the code of the real one, without the ring. */
export interface VirtualLane {
  readonly start: StartChild;
  send(message: LaneMessage): void;
}

export function createVirtualLane(deps: VirtualLaneDeps): VirtualLane {
  const { kernel, endpoints } = deps;
  const budget = new RateBudget(createRateWords());
  const laneId = kernel.lanes[0]!;
  let running: ArbLane | null = null;
  return {
    start(incarnation, events) {
      const scope = deps.scope();
      const made = createArbLane({
        boot: {
          lane: laneId,
          incarnation,
          endpoints,
          instruments: kernel.instruments,
          bots: laneBots(kernel),
        },
        clock: scope.clock,
        transport: budgetedTransport(scope.transport, { budget, clock: scope.clock, endpoints, onBan: () => {} }),
        random: deps.random.fork(`${laneId}/${incarnation}`),
        metrics: deps.metrics,
        logger: deps.log,
        createFeed: createSpotFeed,
        publish(evaluation) {
          if (running === made) deps.admit(laneId, { type: 'signal.arb', lane: laneId, evaluation });
        },
      });
      running = made;
      made.start();
      events.started();
      return inProcess(() => {
        if (running === made) running = null;
        made.stop();
        scope.end();
      }, events);
    },
    send: (message) => running?.handle(message),
  };
}
