import type { CexVenue } from '../src/domain/instruments.ts';
import type {
  CancelOutcome,
  LookupOutcome,
  OrderIntent,
  OrderRef,
  OrderReport,
  PlaceOutcome,
} from '../src/domain/orders.ts';
import { createRandom } from '../src/domain/random.ts';
import { checkFaultPlan } from '../src/sim/faults/faultPlan.ts';
import { withFaults } from '../src/sim/faults/faultyWorld.ts';
import { defaultSimConfig } from '../src/sim/simConfig.ts';
import { simKeys } from '../src/sim/simKeys.ts';
import { startSimServers } from '../src/sim/simServers.ts';
import { createSimWorld, type SimWorld } from '../src/sim/simWorld.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import { binanceDialect } from '../src/venues/binance/trade.ts';
import { bybitDialect } from '../src/venues/bybit/trade.ts';
import { createCcxtClient } from '../src/venues/ccxtClient.ts';
import { createCexTrade } from '../src/venues/ccxtTrade.ts';
import { okxDialect } from '../src/venues/okx/trade.ts';
import { resolveOutcome } from '../src/venues/tradePort.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';
import { anIntent } from './gatewayScriptedVenue.ts';

const dialects = { binance: binanceDialect, okx: okxDialect, bybit: bybitDialect } as const;
/** How long a port waits for a silent venue here; the real timeout only costs time. */
const PATIENCE_MS = 400;

/** The ports of one venue over an unmodified ccxt client and real sockets; which faults play is changed per case. */
export async function startFaultyVenue(venue: CexVenue) {
  const clock = createWallClock();
  const world = createSimWorld({ clock, random: createRandom('faults'), config: defaultSimConfig });
  let now: SimWorld & { faults?: ReturnType<typeof withFaults>['faults'] } = world;
  const servers = await startSimServers(
    {
      ...world,
      handleHttp: (asked, request) => now.handleHttp(asked, request),
      openSocket: (asked, target, connection) => now.openSocket(asked, target, connection),
    },
    { port: 0 },
  );
  const wall = createWallTransport();
  let patient = true;
  const transport: typeof wall = {
    ...wall,
    request: (request) =>
      wall.request({ ...request, timeoutMs: patient ? request.timeoutMs : Math.min(request.timeoutMs, PATIENCE_MS) }),
  };
  const { apiKey, secret, passphrase } = simKeys;
  const keys = { apiKey, secret, ...(venue === 'okx' ? { password: passphrase } : {}) };
  const client = await createCcxtClient(venue, servers.endpoints, keys, transport);
  const openPort = () =>
    createCexTrade({
      ...{ client, dialect: dialects[venue], account: 'main', pairs: ['SOL/USDT'], clock, metrics: silentMetrics },
    });
  const first = openPort();
  await first.open();
  const { book } = world.inside.market(venue, 'SOL/USDT');
  const exchange = world.inside.exchange(venue);
  const refOf = ({ clientOrderId, pair, type }: OrderIntent): OrderRef => ({
    ...{ clientOrderId, venue, account: 'main', pair, type },
  });

  return {
    first,
    world,
    /** Plays one fault from now on; resolves when it has begun. */
    async play(fault: string, fields: Readonly<Record<string, unknown>> = {}) {
      const plan = checkFaultPlan({ faults: [{ fault, venue, atMs: 0, forMs: 60_000, ...fields }] }, 'test');
      await new Promise<void>((begun) => {
        now = withFaults(world, { clock, random: createRandom(1), plan, announce: () => begun() });
      });
      patient = fields.how !== 'silence';
    },
    calm() {
      now = world;
      patient = true;
    },
    hits: () => now.faults?.counts().reduce((sum, { hits }) => sum + hits, 0) ?? 0,
    /** An IOC that crosses deep enough to fill, or a post-only far from the market. */
    intent(type: 'ioc' | 'postOnly', qty = '0.5'): OrderIntent {
      const px = (book.bestTick('bid') / 100) * (type === 'ioc' ? 0.999 : 1.05);
      return anIntent(venue, { type, qty, price: px.toFixed(2) });
    },
    refOf,
    resolve: (intent: OrderIntent, acknowledged: boolean): Promise<LookupOutcome> =>
      resolveOutcome(first, refOf(intent), {
        ...{ clock, deadlineMs: clock.nowMs() + 30_000, pollMs: 20, acknowledged },
        restingIsEnough: intent.type === 'postOnly',
      }),
    /** What the venue itself holds of the order. */
    truth(intent: OrderIntent): { readonly status: string; readonly filledQty: number } | null {
      const order = exchange.byClientId(intent.clientOrderId);
      if (order === undefined) return null;
      return { status: order.status, filledQty: order.filledLots * order.instrument.stepSize };
    },
    /** How often an order of this id reached the venue's engine. */
    arrivals: (intent: OrderIntent) =>
      world.inside.log.list(venue).filter(({ clientOrderId }) => clientOrderId === intent.clientOrderId).length,
    async stop() {
      await first.close();
      wall.close();
      await servers.close();
      world.stop();
    },
  };
}

export type FaultyVenue = Awaited<ReturnType<typeof startFaultyVenue>>;

export const wordOf = (outcome: PlaceOutcome | CancelOutcome): string =>
  outcome.outcome === 'confirmed' ? 'confirmed' : `${outcome.outcome} ${outcome.code}`;

export const summaryOf = ({ status, filledQty }: Pick<OrderReport, 'status' | 'filledQty'>) => ({
  ...{ status, filledQty: Number(filledQty.toFixed(9)) },
});
