import { createSupervisionTree } from '../../src/actors/supervisionTree.ts';
import type { SupervisorSpec, WorkerSpec } from '../../src/actors/treeSpec.ts';
import type { TreeNode } from '../../src/actors/treeStatus.ts';
import { createRandom } from '../../src/domain/random.ts';
import { reportStep } from './playOnNightjar.ts';
import { CRASH, deathReason, NO_BACKOFF, PERIOD_MS } from './pretended.ts';
import {
  type Flags,
  isSupervisorPlan,
  type Op,
  type Scenario,
  type StartAnswer,
  type SupervisorPlan,
  type WorkerPlan,
} from './scenario.ts';

/** What our supervision tree does in a scenario with inner supervisors, in the oracle's words. */
export function playTreeOnNightjar(scenario: Scenario): readonly string[] {
  const steps: string[] = [];
  const plans = new Map(workersOf(scenario.children).map((plan) => [plan.id, plan]));
  const starts = new Map<string, StartAnswer[]>();
  const alive = new Map<string, number>();
  const timers = new Set<string>();
  let isOver = false;

  const tree = createSupervisionTree({
    root: { id: 'root', ...specOfFlags(scenario), children: scenario.children.map(specOf) },
    nowMs: () => 0,
    random: createRandom(1),
    ports: {
      startWorker(id, incarnation) {
        steps.push(`start ${id}`);
        if (starts.get(id)?.shift() === 'fail') return tree.workerFailed(id, incarnation, CRASH.error);
        alive.set(id, incarnation);
        tree.workerStarted(id, incarnation);
      },
      stopWorker(id, incarnation, how) {
        steps.push(`${how} ${id}`);
        const { onAsk } = plans.get(id)!;
        if (how === 'ask' && onAsk === 'deaf') return;
        alive.delete(id);
        tree.workerExited(id, incarnation, how === 'kill' ? { kind: 'killed' } : deathReason(onAsk as 'shutdown'));
      },
      armTimer: (key) => timers.add(key),
      cancelTimer: (key) => timers.delete(key),
      onCrash() {},
      onRestarted() {},
      onReport: (report) => steps.push(...reportStep(report)),
      onStarted: () => steps.push('started'),
      onStopped() {
        isOver = true;
        steps.push('ended shutdown');
      },
    },
  });

  /** Budgets of deaf children first: nothing else happens while a supervisor waits for one. */
  function comeToRest(): void {
    while (timers.size > 0) {
      const key = [...timers].find((each) => !each.includes('/backoff/')) ?? [...timers][0]!;
      timers.delete(key);
      tree.timerDue(key);
    }
  }

  function play(op: Op): void {
    if (op.op === 'starts') starts.set(op.id, [...op.answers]);
    if (op.op === 'die' && alive.has(op.id)) {
      const incarnation = alive.get(op.id)!;
      alive.delete(op.id);
      tree.workerExited(op.id, incarnation, deathReason(op.how));
      comeToRest();
    }
    if (op.op === 'which' && !isOver) steps.push(`which ${[...tree.status().children].reverse().map(shown).join(',')}`);
  }

  tree.start();
  comeToRest();
  for (const op of scenario.ops) if (!isOver) play(op);
  if (!isOver) tree.stop();
  comeToRest();
  return steps;
}

const shown = ({ id, state }: TreeNode) => `${id}:${state === 'running' ? 'alive' : 'none'}`;

const specOfFlags = ({ strategy, intensity, auto }: Flags) => ({
  strategy,
  intensity,
  autoShutdown: auto,
  periodMs: PERIOD_MS,
  backoff: NO_BACKOFF,
});

function specOf(plan: WorkerPlan | SupervisorPlan): WorkerSpec | SupervisorSpec {
  const { id, restart, significant } = plan;
  if (!isSupervisorPlan(plan)) return { id, restart, significant, shutdownMs: plan.shutdown };
  return { id, restart, significant, ...specOfFlags(plan), children: plan.children.map(specOf) };
}

function workersOf(plans: readonly (WorkerPlan | SupervisorPlan)[]): readonly WorkerPlan[] {
  return plans.flatMap((plan) => (isSupervisorPlan(plan) ? workersOf(plan.children) : [plan]));
}
