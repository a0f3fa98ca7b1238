import type { StartChild } from './core/childPort.ts';
import { gatewayInput } from './core/gatewayInput.ts';
import type { InputPayload } from './core/inputs.ts';
import { inProcess, type Scope } from './core/virtualChild.ts';
import { NightjarError } from './domain/errors.ts';
import { CEX_VENUES } from './domain/instruments.ts';
import type { TradePort } from './domain/orders.ts';
import type { VenueEndpoints } from './domain/ports.ts';
import type { MetricSink } from './telemetry/metricSink.ts';
import { createJupiterSwap } from './venues/jupiter/trade.ts';
import { createSimTrade } from './venues/simTrade.ts';
import { createGateway, type Gateway } from './workers/gateway.ts';
import type { ToGateway } from './workers/gatewayMessages.ts';

export interface VirtualGatewayDeps {
  readonly endpoints: VenueEndpoints;
  readonly latch: SharedArrayBuffer;
  readonly metrics: MetricSink;
  /** Clock and network of the next incarnation. */
  scope(): Scope;
  admit(source: string, payload: InputPayload): void;
  /** Test seam: a port that breaks its promises. */
  readonly wrapPort?: (port: TradePort) => TradePort;
}

/** The gateway as a child in the core's own thread: the contract of the real one, over the simulator's doors. */
export interface VirtualGateway {
  readonly start: StartChild;
  /** @returns false while no gateway runs */
  handle(message: ToGateway): boolean;
}

export function createVirtualGateway(deps: VirtualGatewayDeps): VirtualGateway {
  let running: Gateway | null = null;
  return {
    start(_incarnation, events) {
      const scope = deps.scope();
      const made = createGateway({
        ports: virtualPorts(deps, scope).map(deps.wrapPort ?? ((port) => port)),
        clock: scope.clock,
        latch: deps.latch,
        metrics: deps.metrics,
        send(message) {
          if (running !== made) return;
          const heard = gatewayInput(message);
          if (heard !== null) deps.admit('gateway', heard);
        },
      });
      running = made;
      made
        .open()
        .then(events.started, (error: unknown) =>
          events.failed(
            error instanceof NightjarError
              ? error.toPlain()
              : { code: 'venue.unavailable', message: String(error), details: {} },
          ),
        );
      return inProcess(() => {
        if (running === made) running = null;
        made.handle({ type: 'stop' });
        scope.end();
      }, events);
    },
    handle(message) {
      running?.handle(message);
      return running !== null;
    },
  };
}

/** The ports of every venue without ccxt, whose timers no virtual clock reaches. */
export function virtualPorts(
  { endpoints, metrics }: Pick<VirtualGatewayDeps, 'endpoints' | 'metrics'>,
  { clock, transport }: Pick<Scope, 'clock' | 'transport'>,
): TradePort[] {
  return [
    ...CEX_VENUES.map((venue) =>
      createSimTrade({ venue, account: 'main', rest: endpoints[venue].rest, transport, clock }),
    ),
    createJupiterSwap({ transport, clock, metrics, rest: endpoints.jupiter.rest, account: 'main' }),
  ];
}
