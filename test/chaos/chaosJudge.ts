import type { TreeNode } from '../../src/actors/treeStatus.ts';
import { CEX_VENUES } from '../../src/domain/instruments.ts';
import type { Balance, OrderIntent } from '../../src/domain/orders.ts';
import { fromE12 } from '../../src/sim/amounts.ts';
import type { LoggedOrder } from '../../src/sim/orderLog.ts';
import type { SimWorld } from '../../src/sim/simWorld.ts';
import { brokenAttempts, brokenBalances } from '../invariants/books.ts';
import { type Counters, fallenCounters } from '../invariants/counters.ts';
import { type SentOrder, sendsAfterLatch } from '../invariants/latchWindows.ts';
import { brokenLooks } from '../invariants/looks.ts';
import { brokenFates } from '../invariants/orderFates.ts';
import { brokenIdentities } from '../invariants/orderIdentity.ts';
import { overdueUnknowns } from '../invariants/unknownOrders.ts';
import type { ChaosCore } from './chaosCore.ts';
import type { ChaosHouse } from './chaosHouse.ts';
import type { OrderWatch } from './orderWatch.ts';

/** Books that differ while nothing is under way have this long until a sweep must have found out why. */
const BOOKS_MAY_DIFFER_MS = 95_000;

export interface ChaosJudge {
  /** At each order that leaves. */
  sent(order: SentOrder): void;
  /** Every quarter of a second. */
  sample(core: ChaosCore, incarnation: number): void;
  /** The counters of a core that has just begun, against what the journal holds. */
  begun(core: ChaosCore): void;
  /** @param settled  nothing is under way any more */
  final(settled: boolean): void;
  faultsEnded(): void;
  /** Why the run has not come to rest; empty = flat, known, and every child runs. */
  unrest(core: ChaosCore): string[];
  checks(): number;
}

export function createChaosJudge(
  house: ChaosHouse,
  orders: OrderWatch,
  broken: (invariant: string, detail: string) => void,
): ChaosJudge {
  const { world, tap, watch, clock } = house;
  const start = venueBalances(world);
  const sentIds = new Set<string>();
  let checks = 0;
  let counters: { readonly incarnation: number; readonly totals: Counters } | null = null;
  let differsSinceMs: number | null = null;
  let faultsEndMs: number | null = null;
  const check = (invariant: string, problems: readonly string[]) => {
    checks += 1;
    for (const problem of problems) broken(invariant, problem);
  };
  const intents = () =>
    tap
      .of('intents')
      .filter(({ kind }) => kind === 'order.place')
      .map(({ payload }) => payload as OrderIntent);
  const books = () => ({ fills: tap.of('fills'), reports: tap.of('reports'), decisions: tap.of('decisions') });
  /** What the venues themselves have not decided yet: a swap that may still land. */
  const undecided = () =>
    new Set(
      world.inside.log
        .list('jupiter')
        .filter(({ status }) => status === 'processing')
        .map(({ clientOrderId }) => clientOrderId),
    );
  const lastUndecidedMs = new Map<string, number>();
  const undecidedUntilMs = (clientOrderId: string) => lastUndecidedMs.get(clientOrderId) ?? 0;
  const isQuiet = () => orders.living().length === 0 && house.venueFaults.inFlight() === 0 && undecided().size === 0;

  const compareBooks = () => {
    if (!isQuiet()) return;
    const differences = brokenBalances(books(), start, venueBalances(world));
    checks += 1;
    if (differences.length === 0) differsSinceMs = null;
    else differsSinceMs ??= clock.nowMs();
    if (differsSinceMs === null || clock.nowMs() - differsSinceMs <= BOOKS_MAY_DIFFER_MS) return;
    for (const difference of differences) broken('position = sum of fills = venue', difference);
  };

  return {
    sent(order) {
      checks += 1;
      if (sentIds.has(order.clientOrderId))
        broken('no duplicate effect', `order ${order.clientOrderId} was sent twice`);
      sentIds.add(order.clientOrderId);
      check('no send after a latch', sendsAfterLatch([order], watch.windows(), 0));
    },
    sample(core, incarnation) {
      if (!core.isAlive()) return;
      const totals = countersOf(core);
      if (counters?.incarnation === incarnation) check('counters never fall', fallenCounters(counters.totals, totals));
      counters = { incarnation, totals };
      compareBooks();
      if (faultsEndMs === null) return;
      // Nobody can ask the venues while the tree is down: the time runs from when it stands again.
      if (!isRunning(core)) faultsEndMs = clock.nowMs();
      const atVenue = undecided();
      for (const id of atVenue) lastUndecidedMs.set(id, clock.nowMs());
      const living = orders.living().map(({ intent: { clientOrderId }, state, sinceMs }) => {
        const isUnknown = (state === 'unknown' || state === 'intended') && !atVenue.has(clientOrderId);
        return { clientOrderId, unknownSinceMs: isUnknown ? Math.max(sinceMs, undecidedUntilMs(clientOrderId)) : null };
      });
      check('no own order unknown for long', overdueUnknowns(living, faultsEndMs, clock.nowMs()));
    },
    begun(core) {
      check('counters never fall', fallenCounters(durableCounters(house), countersOf(core)));
    },
    final(settled) {
      const log = allOrders(world);
      check('no duplicate effect', brokenIdentities(log, intents()));
      check('one fate per intent', brokenFates(intents(), tap.of('transitions'), settled));
      check('one reason per look', brokenLooks(tap.of('decisions'), tap.coreStarts(), settled));
      check('attempts close once', brokenAttempts(books()));
      if (settled) check('position = sum of fills = venue', brokenBalances(books(), start, venueBalances(world)));
    },
    faultsEnded() {
      faultsEndMs = clock.nowMs();
    },
    unrest(core) {
      if (!core.isAlive()) return ['the core is dead'];
      const { bots, openOrders } = core.view();
      return [
        isRunning(core) ? '' : `the tree does not run: ${treeText(core.view().tree)}`,
        openOrders === 0 ? '' : `${openOrders} orders without a fate`,
        isQuiet() ? '' : 'orders are on their way',
        core.journal.hasFailed() ? 'the journal has failed' : '',
        ...orders.attempts().map((bot) => `${bot} has an attempt under way`),
        ...bots
          .filter(({ state }) => ['starting', 'down', 'recovering', 'unwinding'].includes(state))
          .map(({ id, state }) => `${id} is ${state}`),
      ].filter((why) => why !== '');
    },
    checks: () => checks,
  };
}

function countersOf(core: ChaosCore): Counters {
  return Object.fromEntries(
    core
      .view()
      .bots.flatMap(({ id, looks, near, auto, go, trades }) => [
        ...Object.entries({ looks, near, auto, go, trades }).map(([name, value]) => [`${id} ${name}`, value] as const),
      ]),
  );
}

/** What the committed rows say: a new core must not know less. */
function durableCounters({ tap }: ChaosHouse): Counters {
  const totals: Record<string, number> = {};
  const add = (name: string) => {
    totals[name] = (totals[name] ?? 0) + 1;
  };
  for (const { kind, subject, payload } of tap.of('decisions')) {
    if (kind === 'near' || kind === 'auto' || kind === 'go') add(`${subject} ${kind}`);
    if (kind === 'look.ended' && (payload as { end: string }).end === 'trade') add(`${subject} trades`);
  }
  return totals;
}

const isRunning = (core: ChaosCore) => core.isReady() && core.view().tree.every(runs);
const runs = (node: TreeNode): boolean => node.state === 'running' && node.children.every(runs);
const treeText = (nodes: readonly TreeNode[]): string =>
  nodes.map(({ id, state, children }) => `${id}=${state} ${treeText(children)}`).join(' ');

export function allOrders(world: SimWorld): LoggedOrder[] {
  return [...CEX_VENUES, 'jupiter' as const].flatMap((venue) => world.inside.log.list(venue));
}

/** The venues' own books, exact. */
function venueBalances(world: SimWorld): Balance[] {
  return [
    ...CEX_VENUES.flatMap((venue) =>
      world.inside
        .exchange(venue)
        .account.list()
        .map(({ asset, free, locked }) => ({ venue, asset, free: fromE12(free), locked: fromE12(locked) })),
    ),
    ...world.inside.swaps.balances().map(({ venue, asset, free, locked }) => ({ venue, asset, free, locked })),
  ];
}
