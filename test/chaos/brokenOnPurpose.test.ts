import { describe, expect, it } from 'vitest';
import type { RecoveredBot, RecoveredState } from '../../src/core/recovery/recoveredState.ts';
import type { OrderReport, TradePort } from '../../src/domain/orders.ts';
import type { Sabotage } from './chaosHouse.ts';
import type { PlannedFault } from './faultPlan.ts';
import { lateOrdersOfDeadCores } from './regressions.ts';
import { runChaos } from './runChaos.ts';

/** Swaps take their time and lookups say little, so that deaths find orders whose fate is open. */
const DEATHS_WITH_ORDERS: PlannedFault[] = [
  ...[8_000, 20_000, 32_000].map((atMs) => ({
    atMs,
    fault: { type: 'venue', fault: { kind: 'stale', venue: 'jupiter', forMs: 12_000, share: 1 } } as const,
  })),
  ...[9_500, 15_100, 30_700, 40_300].map((atMs) => ({ atMs, fault: { type: 'coreDeath', offsetMs: 0 } as const })),
];
const LATCH_CLOSES: PlannedFault[] = [
  { atMs: 8_000, fault: { type: 'control', action: 'disable_live', again: false } },
  { atMs: 20_000, fault: { type: 'control', action: 'kill', again: false } },
];

const firstBroken = async (sabotage: Sabotage, plan: readonly PlannedFault[]) =>
  (await runChaos({ seed: 7, mode: 'safety', minutes: 0.75, plan, sabotage })).broken?.invariant;

const mapReports = (port: TradePort, change: (report: OrderReport) => OrderReport): TradePort => ({
  ...port,
  async place(intent) {
    const answer = await port.place(intent);
    return answer.outcome === 'confirmed' ? { ...answer, report: change(answer.report) } : answer;
  },
  async lookup(ref) {
    const answer = await port.lookup(ref);
    return answer.found === 'yes' ? { ...answer, report: change(answer.report) } : answer;
  },
});
const withBots = (found: RecoveredState, change: (bot: RecoveredBot) => RecoveredBot): RecoveredState => ({
  ...found,
  bots: Object.fromEntries(Object.entries(found.bots).map(([id, bot]) => [id, change(bot)])),
});

describe('the harness notices', { timeout: 600_000 }, () => {
  it('nothing where nothing is broken, under the same plans', async () => {
    expect(await firstBroken({}, [...DEATHS_WITH_ORDERS, ...LATCH_CLOSES])).toBeUndefined();
  });

  it('a gateway that sends an order twice', async () => {
    const wrapPort = (port: TradePort): TradePort => ({
      ...port,
      async place(intent) {
        await port.place(intent);
        return port.place(intent);
      },
    });
    expect(await firstBroken({ wrapPort }, [])).toBe('no duplicate effect');
  });

  it('a venue port that loses fills', async () => {
    const wrapPort = (port: TradePort) =>
      port.venue === 'jupiter'
        ? port
        : mapReports(port, (report) => ({ ...report, status: 'cancelled', filledQty: 0, avgPrice: null, fills: [] }));
    expect(await firstBroken({ wrapPort }, [])).toBe('position = sum of fills = venue');
  });

  it('a fill that counts twice under two trade ids', async () => {
    const wrapPort = (port: TradePort) =>
      mapReports(port, (report) => ({
        ...report,
        fills: report.fills.flatMap((fill) => [fill, { ...fill, tradeId: `${fill.tradeId}again` }]),
      }));
    expect(await firstBroken({ wrapPort }, [])).toBe('position = sum of fills = venue');
  });

  it('a gateway that believes a denial while the request may still be under way', async () => {
    const wrapPort = (port: TradePort): TradePort => ({ ...port, orderGoneMs: 0 });
    const plan = lateOrdersOfDeadCores(1_900);
    const report = await runChaos({ seed: 1, mode: 'safety', minutes: 0.5, plan, sabotage: { wrapPort } });
    expect(report.broken?.invariant).toBe('position = sum of fills = venue');
  });

  it('a recovery that forgets the orders of a dead core', async () => {
    const editRecovered = (found: RecoveredState) => ({ ...found, orders: [] });
    expect(await firstBroken({ editRecovered }, DEATHS_WITH_ORDERS)).toMatch(
      /no own order unknown|everything comes to rest|one fate/,
    );
  });

  it('a recovery that forgets what was counted', async () => {
    const editRecovered = (found: RecoveredState) =>
      withBots(found, (bot) => ({ ...bot, trades: 0, stages: { near: 0, auto: 0, go: 0 } }));
    expect(await firstBroken({ editRecovered }, DEATHS_WITH_ORDERS)).toBe('counters never fall');
  });

  it('a latch that is ignored', async () => {
    expect(await firstBroken({ ignoredLatch: true }, LATCH_CLOSES)).toBe('no send after a latch');
  });
});
