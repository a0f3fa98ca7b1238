import type { AutoShutdown, RestartType, Strategy } from '../../src/actors/supervisor/childSpec.ts';
import type { Random } from '../../src/domain/ports.ts';
import { createRandom } from '../../src/domain/random.ts';

/** How a pretended worker answers the request to end; `deaf` needs the kill after its 1 ms. */
export type OnAsk = 'shutdown' | 'normal' | 'crash' | 'deaf';
export type Death = 'crash' | 'normal' | 'shutdown' | 'kill';
export type DuringCall = 'terminate' | 'restart' | 'delete';
/** `during`: the start fails, and before its next try a manual call for the same child comes in. */
export type StartAnswer = 'ok' | 'fail' | 'ignore' | { readonly during: DuringCall };

export interface WorkerPlan {
  readonly id: string;
  readonly restart: RestartType;
  readonly shutdown: 5000 | 1 | 'brutal' | 'infinity';
  readonly significant: boolean;
  readonly onAsk: OnAsk;
}

export interface SupervisorPlan extends Flags {
  readonly id: string;
  readonly restart: RestartType;
  readonly significant: boolean;
  readonly children: readonly (WorkerPlan | SupervisorPlan)[];
}

export interface Flags {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly auto: AutoShutdown;
}

export type Op =
  | { readonly op: 'die'; readonly id: string; readonly how: Death }
  /** These have crashed before the supervisor hears of the first. */
  | { readonly op: 'dieTogether'; readonly ids: readonly string[] }
  /** What the next starts of a child answer; `ok` after these. */
  | { readonly op: 'starts'; readonly id: string; readonly answers: readonly StartAnswer[] }
  | { readonly op: 'add'; readonly child: WorkerPlan }
  | { readonly op: 'terminate' | 'restart' | 'delete'; readonly id: string }
  | { readonly op: 'change'; readonly flags: Flags; readonly children: readonly WorkerPlan[] }
  | { readonly op: 'which' }
  | { readonly op: 'count' };

/** One supervisor (or a small tree), what its children will do, and what happens to them. The window is never left. */
export interface Scenario extends Flags {
  readonly seed: number;
  readonly children: readonly (WorkerPlan | SupervisorPlan)[];
  /** Answers of the very first starts. */
  readonly starts: Readonly<Record<string, readonly StartAnswer[]>>;
  readonly ops: readonly Op[];
}

export const isSupervisorPlan = (plan: WorkerPlan | SupervisorPlan): plan is SupervisorPlan => 'strategy' in plan;

const IDS = ['d', 'a', 'e', 'b', 'c'];
const STATIC: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one'];
/** The retry is endless for a child that never comes up, so a during-call must not meet the end of the budget. */
const AMPLE = 100;

/** The scenario of a seed: the same on every machine. */
export function scenarioOf(seed: number): Scenario {
  const random = createRandom(`otp/${seed}`);
  if (random.next() < 0.2) return treeScenario(seed, random);
  const strategy = pick(random, [...STATIC, ...STATIC, 'dynamic'] as const);
  const auto = pick(random, ['never', 'never', 'never', 'any_significant', 'all_significant'] as const);
  const intensity = pick(random, [0, 1, 2, 3, 5, 20, AMPLE]);
  // At the end of the budget OTP gives up when the retry is due, we already when the start fails. The difference shows only
  // when another death comes in between: these are played apart.
  const failing = intensity === AMPLE || random.next() < 0.6;
  const flags = { strategy, auto, intensity, failing };
  const ids = strategy === 'dynamic' ? ['t'] : IDS.slice(0, random.int(IDS.length + 1));
  // A live change may take away the kill that a deaf child needs, so there is none in these.
  const changing = random.next() < 0.25;
  const children = ids.map((id) => workerPlan(random, id, auto, !changing));
  const starts: Record<string, readonly StartAnswer[]> = {};
  if (random.next() < 0.15) starts[pick(random, IDS)] = [pick(random, ['fail', 'ignore'] as const)];
  let instances = 0;
  const known = new Set<string>(strategy === 'dynamic' ? [] : IDS.slice(0, Math.max(2, ids.length)));
  const ops = Array.from({ length: 1 + random.int(14) }, (): Op => {
    if (strategy === 'dynamic' && (known.size === 0 || random.next() < 0.25)) {
      instances += 1;
      known.add(`x${instances}`);
      return { op: 'add', child: workerPlan(random, `x${instances}`, auto, false) };
    }
    return randomOp(random, { ...flags, changing, template: children[0]?.restart }, [...known]);
  });
  return { seed, strategy, auto, intensity, children, starts, ops };
}

interface Mix extends Flags {
  readonly failing: boolean;
  readonly changing: boolean;
  readonly template: RestartType | undefined;
}

function randomOp(random: Random, flags: Mix, ids: readonly string[]): Op {
  const id = pick(random, ids);
  const dice = random.next();
  if (dice < 0.4)
    return { op: 'die', id, how: pick(random, ['crash', 'crash', 'normal', 'shutdown', 'kill'] as const) };
  if (dice < 0.48) {
    const together = new Set([id, pick(random, ids)]);
    return { op: 'dieTogether', ids: flags.failing ? [id] : [...together] };
  }
  if (dice < 0.62) return { op: 'starts', id, answers: startAnswers(random, flags) };
  if (dice < 0.72) return { op: 'terminate', id };
  if (dice < 0.78) return { op: 'restart', id };
  if (dice < 0.82) return { op: 'delete', id };
  if (dice < 0.88 && flags.strategy !== 'dynamic') {
    return { op: 'add', child: workerPlan(random, pick(random, [...ids, 'f', 'g']), flags.auto, !flags.changing) };
  }
  if (dice < 0.93 && flags.changing) return { op: 'change', ...randomChange(random, flags) };
  return { op: pick(random, ['which', 'count'] as const) };
}

/** New flags and specs under which children live on, sometimes such that they must be refused. */
function randomChange(random: Random, { strategy, intensity, template }: Mix) {
  const auto = pick(random, ['never', 'any_significant', 'all_significant'] as const);
  if (strategy === 'dynamic') {
    // OTP keeps no start arguments of temporary instances, so it cannot make them restart later: not compared.
    const plan = { ...workerPlan(random, 't', auto, false), onAsk: 'shutdown' as const, significant: false };
    const restart = template === 'temporary' ? template : pick(random, ['permanent', 'transient'] as const);
    return { flags: { strategy, intensity, auto }, children: [{ ...plan, restart }] };
  }
  const flags = { strategy: pick(random, STATIC), intensity, auto };
  const ids = [...IDS, 'f'].filter(() => random.next() < 0.6).sort(() => random.next() - 0.5);
  const children = ids.map((id) => workerPlan(random, id, random.next() < 0.9 ? auto : 'any_significant', false));
  return { flags, children };
}

function startAnswers(random: Random, flags: Mix): readonly StartAnswer[] {
  if (!flags.failing) return [flags.strategy === 'dynamic' ? 'ok' : pick(random, ['ok', 'ignore'] as const)];
  if (flags.intensity < AMPLE && random.next() < 0.15) return Array.from({ length: 30 }, () => 'fail' as const);
  const interruptible =
    !flags.changing && flags.intensity === AMPLE && flags.strategy !== 'one_for_all' && flags.strategy !== 'dynamic';
  return Array.from({ length: 1 + random.int(3) }, (): StartAnswer => {
    if (interruptible && random.next() < 0.8)
      return { during: pick(random, ['terminate', 'restart', 'delete'] as const) };
    // OTP 25 keeps a restarted instance that answers `ignore` as a child without a process and falls over it at the end;
    // later versions, and we, remove it.
    const rest = flags.strategy === 'dynamic' ? 'fail' : 'ignore';
    return pick(random, ['fail', 'fail', 'fail', 'ok', rest] as const);
  });
}

/** A root over workers and supervisors of workers: what climbs, and what is cycled. */
function treeScenario(seed: number, random: Random): Scenario {
  const auto = pick(random, ['never', 'any_significant', 'all_significant'] as const);
  const flags = { strategy: pick(random, STATIC), auto, intensity: pick(random, [0, 1, 2, 5]) };
  const leaves: string[] = [];
  const children = ['p', 'q', 'r'].slice(0, 2 + random.int(2)).map((id): WorkerPlan | SupervisorPlan => {
    if (random.next() < 0.4) {
      leaves.push(id);
      return workerPlan(random, id, auto);
    }
    const inner = pick(random, ['never', 'any_significant', 'all_significant'] as const);
    const workers = [1, 2].slice(0, 1 + random.int(2)).map((n) => workerPlan(random, `${id}${n}`, inner));
    leaves.push(...workers.map((worker) => worker.id));
    const restart = pick(random, ['permanent', 'permanent', 'transient', 'temporary'] as const);
    const significant = auto !== 'never' && restart !== 'permanent' && random.next() < 0.6;
    const strategy = pick(random, STATIC);
    return { id, restart, significant, strategy, auto: inner, intensity: random.int(3), children: workers };
  });
  const ops = Array.from({ length: 1 + random.int(8) }, (): Op => {
    if (random.next() < 0.2) return { op: 'starts', id: pick(random, leaves), answers: ['fail'] };
    if (random.next() < 0.2) return { op: 'which' };
    return { op: 'die', id: pick(random, leaves), how: pick(random, ['crash', 'crash', 'normal', 'kill'] as const) };
  });
  return { seed, ...flags, children, starts: {}, ops };
}

function workerPlan(random: Random, id: string, auto: AutoShutdown, mayBeDeaf = true): WorkerPlan {
  const restart = pick(random, ['permanent', 'permanent', 'transient', 'temporary'] as const);
  const drawn = pick(random, ['shutdown', 'shutdown', 'shutdown', 'normal', 'crash', 'deaf'] as const);
  const onAsk = drawn === 'deaf' && !mayBeDeaf ? 'shutdown' : drawn;
  const shutdown = onAsk === 'deaf' ? 1 : pick(random, [5000, 'brutal', 'infinity'] as const);
  const significant = auto !== 'never' && restart !== 'permanent' && random.next() < 0.5;
  return { id, restart, shutdown, significant, onAsk };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.int(items.length)]!;
}
