import { recoverState } from '../../../src/core/recovery/recoverState.ts';
import { openJournalReader } from '../../../src/journal/journalReader.ts';
import { overdueUnknowns } from '../../invariants/unknownOrders.ts';
import { holds } from '../../killPointMoments.ts';
import type { World } from './world.ts';

/** Everything has to be well again within it. */
const WELL_MS = 60_000;
const LOOK_EVERY_MS = 250;

export interface Liveness {
  readonly problems: readonly string[];
  readonly flatMs: number;
  readonly tradeMs: number;
  /** Orders that were open or unknown when the faults stopped. */
  readonly openAtEnd: number;
}

/**
 * The faults have stopped: within 60 s all is flat and reconciled, no order of ours stays without its fate for more than
 * 5 s, the permits open, and there are trades again.
 *
 * @param patience  so many times as long, on a loaded machine
 */
export async function provesAlive(world: World, patience: number): Promise<Liveness> {
  const problems: string[] = [];
  const startedMs = performance.now();
  const sinceMs = () => performance.now() - startedMs;
  const limitMs = WELL_MS * patience;
  const unknown = watchUnknown(world.runDir, patience);
  await world.operator.say('disable_live');
  const isFlat = async () => {
    const status = await world.operator.status();
    return status !== null && status.notReady.length === 0 && unknown.look() === 0 && reconciled(world);
  };
  const flat = await holds(isFlat, { everyMs: LOOK_EVERY_MS, limitMs });
  if (!flat) problems.push(`not flat and reconciled ${limitMs / 1000} s after the faults: ${await described(world)}`);
  const flatMs = sinceMs();
  const trades = world.count(/ TRADE /);
  await world.operator.say('enable_live');
  const status = await world.operator.status();
  const closed = Object.entries(status?.bots ?? {}).filter(([, bot]) => bot.permit !== 'open');
  if (closed.length > 0) problems.push(`permits stay closed: ${closed.map(([bot]) => bot).join(', ')}`);
  const isTrading = () => {
    unknown.look();
    return world.count(/ TRADE /) > trades;
  };
  if (!(await holds(isTrading, { everyMs: LOOK_EVERY_MS, limitMs }))) {
    problems.push(`no trade within ${limitMs / 1000} s: ${await described(world)}`);
  }
  const tradeMs = sinceMs();
  unknown.close();
  return { problems: [...problems, ...unknown.problems], flatMs, tradeMs, openAtEnd: unknown.atFirst() };
}

/** The difference to the venues was told for each core that followed a dead one. */
function reconciled(world: World): boolean {
  return world.count(/RECONCILED incarnation/) >= 1 || world.count(/CORE DIED/) === 0;
}

async function described(world: World): Promise<string> {
  const status = await world.operator.status();
  if (status === null) return 'the control plane does not answer';
  const bots = Object.entries(status.bots).map(([bot, { state, permit }]) => `${bot} ${state} ${permit}`);
  return [...bots, ...status.notReady].join(', ');
}

/** Own orders without a proven fate, by the journal: how long each has been so since the faults stopped. */
function watchUnknown(runDir: string, patience: number) {
  const reader = openJournalReader(runDir);
  const firstMs = performance.now();
  const since = new Map<string, number>();
  const told = new Set<string>();
  const problems: string[] = [];
  let atFirst: number | null = null;
  return {
    problems,
    atFirst: () => atFirst ?? 0,
    /** @returns orders and attempts that are open */
    look(): number {
      const nowMs = performance.now();
      const { orders, bots } = recoverState(reader);
      const ids = orders.map(({ intent }) => intent.clientOrderId);
      for (const id of since.keys()) if (!ids.includes(id)) since.delete(id);
      for (const id of ids) if (!since.has(id)) since.set(id, nowMs);
      atFirst ??= ids.length;
      // The machine's own slowness is taken out of the ages; the limit stays the invariant's.
      const scaled = (atMs: number) => firstMs + (atMs - firstMs) / patience;
      const seen = [...since].map(([clientOrderId, atMs]) => ({ clientOrderId, unknownSinceMs: scaled(atMs) }));
      for (const problem of overdueUnknowns(seen, firstMs, scaled(nowMs))) {
        const id = problem.split(' ')[1]!;
        if (!told.has(id)) problems.push(problem);
        told.add(id);
      }
      return orders.length + Object.values(bots).reduce((sum, { attempts }) => sum + attempts.length, 0);
    },
    close: () => reader.close(),
  };
}
