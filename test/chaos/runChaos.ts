import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CrashRecord } from '../../src/actors/crashRecord.ts';
import { verifyRun } from '../../src/core/verifyRun.ts';
import { createVirtualClock, VIRTUAL_START_MS } from '../../src/core/virtualClock.ts';
import type { LatchState } from '../../src/domain/control.ts';
import type { Logger } from '../../src/domain/ports.ts';
import { createRandom } from '../../src/domain/random.ts';
import { commandsHash, decisionsHash, openJournalReader } from '../../src/journal/journalReader.ts';
import { endRun, updateManifest } from '../../src/journal/runManifest.ts';
import { createInMemoryTransport } from '../../src/sim/inMemoryTransport.ts';
import { createSimWorld } from '../../src/sim/simWorld.ts';
import { createFaultHand } from './applyFault.ts';
import { createChaosDisk } from './chaosDisk.ts';
import { startChaosGuardian } from './chaosGuardian.ts';
import type { ChaosHouse } from './chaosHouse.ts';
import { createChaosJudge } from './chaosJudge.ts';
import type { Broken, ChaosOptions, ChaosReport } from './chaosReport.ts';
import { chaosRun, PROJECT_ROOT } from './chaosSetup.ts';
import { makeFaultPlan } from './faultPlan.ts';
import { createLatchWatch } from './latchWatch.ts';
import { createOrderWatch } from './orderWatch.ts';
import { createPointObserver } from './pointObserver.ts';
import { createRowTap } from './rowTap.ts';
import type { SometimesPoint } from './sometimes.ts';
import { createVenueFaults } from './venueFaults.ts';

const SAMPLE_MS = 250;
/** Within so long after the last fault everything is flat, known and running. */
const LIVENESS_MS = 60_000;
/** Faults without end promise nothing about time; what is never settled is a loss all the same. */
const SAFETY_REST_MS = 240_000;
/** When the operator looks after the system once the faults are over, and when he stops new attempts. */
const REPAIR_AT_MS = [1_000, 12_000, 25_000] as const;
const PERMITS_OPEN_BY_MS = 38_000;
const STOP_MS = 40_000;

/** One run of the whole system under the faults of its seed, on the virtual clock, judged while it runs and at its end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, mode } = options;
  const random = createRandom(seed).fork(`chaos/${mode}`);
  const clock = createVirtualClock();
  const runDir = join(mkdtempSync(join(tmpdir(), 'nightjar-chaos-')), 'run');
  mkdirSync(runDir);
  const { kernel, simConfig } = chaosRun(runDir, seed, mode);
  const world = createSimWorld({ clock, random: random.fork('sim'), config: simConfig });
  const { transport, endpoints } = createInMemoryTransport(world, { clock, random: random.fork('network') });

  const points: Partial<Record<SometimesPoint, number>> = {};
  const faults: Record<string, number> = {};
  const openedAtMs: number[] = [];
  const restarts: Record<string, number> = {};
  let gaveUpBecause: string | null = null;
  let firstBroken: Broken | null = null;
  let unknowns = 0;
  const count = (counts: Record<string, number>, key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  const reached = (point: SometimesPoint) => count(points, point);
  const sinceStartMs = () => clock.nowMs() - VIRTUAL_START_MS;
  const broken = (invariant: string, detail: string) => {
    firstBroken ??= { invariant, detail, atMs: sinceStartMs(), inputSeq: tap.lastInputSeq() };
  };
  const isOver = () => firstBroken !== null;

  const orders = createOrderWatch(clock.nowMs);
  const observer = createPointObserver(orders, reached);
  const tap = createRowTap((row) => {
    observer.hear(row);
    orders.hear(row);
    if (row.table === 'intents' && row.kind === 'order.place') hand.orderSeen('intent');
    if (row.table === 'crashes' && row.kind === 'restarted') count(restarts, row.subject);
    if (row.table === 'reports' && row.kind === 'placed.unknown') unknowns += 1;
  });
  const venueFaults = createVenueFaults({
    clock,
    random: random.fork('venueFaults'),
    network: transport,
    onSend({ clientOrderId }) {
      const intent = orders.intentOf(clientOrderId);
      if (intent === undefined)
        return broken('no duplicate effect', `order ${clientOrderId} was sent without an intent`);
      if (intent.effect === 'opening') openedAtMs.push(sinceStartMs());
      hand.orderSeen('send');
      judge.sent({ clientOrderId, bot: intent.bot, effect: intent.effect, atMs: clock.nowMs() });
    },
  });
  const disk = createChaosDisk();
  const log: Logger = { log: () => {} };
  let held: LatchState | null = null;
  let latchState: LatchState = { all: null, bots: {} };
  const house: ChaosHouse = {
    ...{ clock, random, world, endpoints, venueFaults, kernel, runDir, disk, tap, log, reached },
    latchFile: {
      read: () => latchState,
      write(state) {
        if (disk.full) {
          reached('the latch file could not be written');
          throw new Error('disk full');
        }
        latchState = state;
      },
      get held() {
        return held;
      },
      hold(state) {
        held = state;
      },
    },
    watch: createLatchWatch(),
    heardIds: new Set(),
    sabotage: options.sabotage ?? {},
  };
  const judge = createChaosJudge(house, orders, broken);

  let lastOffsetMs = 0;
  let rowsBefore = { all: 0, intents: 0 };
  const guardian = startChaosGuardian(house, {
    coreStarts() {
      observer.coreStarts();
    },
    coreStarted(core) {
      const lost = rowsBefore.all - countRows(tap);
      orders.rebuild(tap);
      if (lost > 0) reached('rows were lost with a core');
      if (rowsBefore.intents > tap.of('intents').length) reached('an intent was lost with a core');
      judge.begun(core);
      const offsetMs = tapOffset();
      if (offsetMs < lastOffsetMs) reached('the clock stepped back at a restart');
      lastOffsetMs = offsetMs;
    },
    coreDies(why) {
      if (why === 'its tree gave up') {
        const crash = tap.of('crashes').findLast(({ kind }) => kind === 'crash')?.payload as CrashRecord | undefined;
        gaveUpBecause = crash === undefined ? null : `${crash.child}: ${crash.error.message}`;
      }
      rowsBefore = { all: countRows(tap), intents: tap.of('intents').length };
      if (why === 'between an input and its rows') reached('a core died between an input and its rows');
      if (orders.living().some(({ state }) => state === 'unknown')) reached('a core died with an order unknown');
      if (orders.attempts().length > 0) reached('a core died with an attempt under way');
      const lastStart = tap.coreStarts().at(-1) ?? 0;
      const isBack = tap.of('decisions').some(({ kind, inputSeq }) => kind === 'recovered' && inputSeq >= lastStart);
      if (tap.coreStarts().length > 1 && !isBack) reached('a core died while it recovered');
    },
    coreThrew(error) {
      broken('no exception leaves the core', error instanceof Error ? (error.stack ?? error.message) : String(error));
    },
    ordersLeft(ids) {
      for (const id of ids) broken('no orphan', `order ${id} is open after the rescue`);
    },
  });
  const hand = createFaultHand(house, guardian, orders, (kind) => count(faults, kind));
  function tapOffset(): number {
    const row = tap.of('inputs').at(-1);
    return row === undefined ? 0 : row.timeMs - clock.nowMs();
  }

  const durationMs = options.minutes * 60_000;
  const plan =
    options.plan ??
    makeFaultPlan(
      random.fork('plan'),
      durationMs,
      kernel.bots.map(({ id }) => id),
    );
  for (const planned of plan) clock.after(planned.atMs, () => hand.take(planned));
  const runUntil = async (untilMs: number, done: () => boolean = () => false) => {
    while (sinceStartMs() < untilMs && !isOver() && !done()) {
      await clock.run(VIRTUAL_START_MS + Math.min(untilMs, sinceStartMs() + SAMPLE_MS), isOver);
      judge.sample(guardian.core(), guardian.incarnation());
      if (orders.living().some(({ state, sinceMs }) => state === 'unknown' && clock.nowMs() - sinceMs > 5_000))
        reached('an order was unknown for more than 5 s');
    }
  };

  await runUntil(durationMs);
  hand.calm();
  judge.faultsEnded();
  if (options.unattended !== true) for (const delayMs of REPAIR_AT_MS) clock.after(delayMs, hand.repair);
  await runUntil(durationMs + PERMITS_OPEN_BY_MS);
  if (mode === 'liveness' && !isOver()) {
    for (const { id, permit } of guardian.core().view().bots) {
      if (permit !== 'open')
        broken('permits can be restored', `${id}: ${permit} ${PERMITS_OPEN_BY_MS} ms after the faults`);
    }
  }
  // Said again, for an edge that was not there to hear it.
  for (const delayMs of [0, 5_000, 12_000]) clock.after(delayMs, hand.stopTrading);
  const restLimitMs = durationMs + (mode === 'liveness' ? LIVENESS_MS : SAFETY_REST_MS);
  const isAtRest = () => judge.unrest(guardian.core()).length === 0;
  await runUntil(restLimitMs, isAtRest);
  const unrest = judge.unrest(guardian.core());
  if (!isOver() && unrest.length > 0) broken('everything comes to rest', unrest.join('; '));
  const restMs = unrest.length > 0 ? null : sinceStartMs() - durationMs;

  if (!isOver()) {
    guardian.stopping();
    guardian.core().admit('guardian', { type: 'core.stopping', reason: 'the run is over' });
    await clock.run(clock.nowMs() + STOP_MS, () => isOver() || guardian.isStopped() !== null);
    if (!isOver() && guardian.isStopped()?.clean !== true)
      broken('the run ends clean', JSON.stringify(guardian.isStopped()));
  }
  if (!isOver()) judge.final(true);
  guardian.core().die('the run is over');
  world.stop();
  updateManifest(runDir, (manifest) => endRun(manifest, isOver() ? 'failed' : 'clean', Date.now()));
  const hashes = hashesOf(runDir);
  if (!isOver()) {
    const verified = verifyRun(runDir, { projectRoot: PROJECT_ROOT });
    if (!verified.ok) broken('replay gives the same rows', JSON.stringify(verified.firstMismatches[0] ?? verified));
    if (verified.incarnations !== tap.coreStarts().length)
      broken('replay gives the same rows', `${verified.incarnations} incarnations, ${tap.coreStarts().length} began`);
  }
  const keep = isOver() || options.keep === true;
  if (!keep) rmSync(join(runDir, '..'), { recursive: true, force: true });
  return {
    ...{ seed, mode, plan, restarts, points, hashes, restMs, openedAtMs },
    broken: firstBroken,
    faults: { ...faults, ...venueFaults.hits() },
    coreDeaths: guardian.deaths(),
    gaveUpBecause,
    orders: tap.of('intents').filter(({ kind }) => kind === 'order.place').length,
    fills: tap.of('fills').length,
    attempts: tap.of('decisions').filter(({ kind }) => kind === 'attempt.closed').length,
    unknownsResolved: unknowns,
    checks: judge.checks() + 1,
    virtualMs: sinceStartMs(),
    runDir: keep ? runDir : null,
  };
}

const countRows = (tap: ReturnType<typeof createRowTap>) =>
  (['inputs', 'decisions', 'commands', 'intents', 'reports', 'fills', 'transitions', 'crashes'] as const).reduce(
    (sum, table) => sum + tap.of(table).length,
    0,
  );

function hashesOf(runDir: string): string {
  const reader = openJournalReader(runDir);
  try {
    return `${decisionsHash(reader)} ${commandsHash(reader)}`;
  } finally {
    reader.close();
  }
}
