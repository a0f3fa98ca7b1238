import { rescueOrders } from '../../src/guardian/rescueOrders.ts';
import { silentMetrics } from '../../src/telemetry/metricSink.ts';
import { virtualPorts } from '../../src/virtualGateway.ts';
import { type ChaosCore, startChaosCore } from './chaosCore.ts';
import type { ChaosHouse } from './chaosHouse.ts';
import { createProcessScope } from './processScope.ts';

/** As the guardian has them: restarts of a core after so long, the fourth death in a minute ends the run. */
const BACKOFF_MS = [100, 500, 2000] as const;
const PERIOD_MS = 60_000;
const RESCUE_BUDGET_MS = 5_000;
/** An operator comes and starts it again. */
const OPERATOR_MS = 8_000;

export interface ChaosGuardian {
  core(): ChaosCore;
  incarnation(): number;
  /** The clock of the next core is off by so much. */
  setOffset(offsetMs: number): void;
  deaths(): number;
  /** The run is ending: nobody is started again. */
  isStopped(): { readonly clean: boolean; readonly escalated: boolean } | null;
  stopping(): void;
}

/** Starts the core, and after each death: rescue, backoff, the next incarnation. */
export function startChaosGuardian(
  house: ChaosHouse,
  events: {
    coreStarts(incarnation: number): void;
    coreStarted(core: ChaosCore): void;
    coreDies(why: string): void;
    coreThrew(error: unknown): void;
    ordersLeft(clientOrderIds: readonly string[]): void;
  },
): ChaosGuardian {
  const { clock } = house;
  const deathsAtMs: number[] = [];
  let incarnation = 0;
  let offsetMs = 0;
  let stopped: { readonly clean: boolean; readonly escalated: boolean } | null = null;
  let isStopping = false;
  let core!: ChaosCore;

  const start = () => {
    incarnation += 1;
    events.coreStarts(incarnation);
    core = startChaosCore(house, incarnation, offsetMs, {
      died: (why) => died(why),
      stopped(end) {
        if (isStopping) {
          stopped = end;
          return;
        }
        // Outside of a stop the tree ends only by giving up.
        house.reached('a restart budget was exceeded');
        core.die('its tree gave up');
      },
      threw: events.coreThrew,
    });
    events.coreStarted(core);
  };
  const died = (why: string) => {
    // After its orderly stop a core only leaves the stage.
    if (isStopping) return;
    events.coreDies(why);
    const nowMs = clock.nowMs();
    deathsAtMs.push(nowMs);
    const recent = deathsAtMs.filter((atMs) => nowMs - atMs <= PERIOD_MS).length;
    const gaveUp = recent > BACKOFF_MS.length;
    if (gaveUp) house.reached('the guardian gave up');
    const byOperator = gaveUp || why === 'its tree gave up';
    const pause = new Promise<void>((resolve) => {
      clock.after(byOperator ? OPERATOR_MS : BACKOFF_MS[recent - 1]!, resolve);
    });
    void Promise.all([pause, rescue()]).then(start);
  };
  const rescue = async () => {
    const scope = createProcessScope(clock, house.venueFaults.transport);
    const ports = virtualPorts({ endpoints: house.endpoints, metrics: silentMetrics }, scope);
    const { venues } = await rescueOrders(ports, scope.clock, RESCUE_BUDGET_MS);
    scope.end();
    events.ordersLeft(venues.flatMap(({ left }) => left));
  };

  start();
  return {
    core: () => core,
    incarnation: () => incarnation,
    setOffset(nextMs) {
      offsetMs = nextMs;
    },
    deaths: () => deathsAtMs.length,
    isStopped: () => stopped,
    stopping() {
      isStopping = true;
    },
  };
}
