import type { PlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import { createRandom } from '../domain/random.ts';
import type { CrashDetails, CrashRecord } from './crashRecord.ts';
import { createSupervisionTree, type SupervisionTreeOptions } from './supervisionTree.ts';
import type { SupervisorReport } from './supervisor/supervisorEvents.ts';
import type { SupervisorSpec } from './treeSpec.ts';
import type { TreeNode } from './treeStatus.ts';

export const BOOM: PlainError = { code: 'thread.lost', message: 'boom', details: {} };

/** The start tree of the runtime, small. */
export const START_TREE: SupervisorSpec = {
  id: 'root',
  strategy: 'rest_for_one',
  intensity: 3,
  periodMs: 60_000,
  children: [
    { id: 'edge' },
    { id: 'journal' },
    { id: 'gateway' },
    { id: 'risk' },
    { id: 'lanes', strategy: 'one_for_one', children: [{ id: 'lane:0' }, { id: 'lane:1' }] },
    { id: 'bots', strategy: 'one_for_one', children: [{ id: 'bot:arb:SOL' }, { id: 'bot:arb:RAY' }] },
    { id: 'control' },
  ],
};

export interface WorkerBehaviour {
  /** `now` answers from within the port's call, as a bot in the kernel does; `never` only when the test says so. */
  start?: 'now' | 'fail' | 'throw' | 'never';
  stop?: 'now' | 'deaf' | 'never';
}

/** A tree over pretended workers and a stepped clock; `log` as `start edge#1`, `ask edge#1` … */
export function growTree(root: SupervisorSpec = START_TREE, more: Partial<SupervisionTreeOptions> = {}) {
  const clock = { nowMs: 0 };
  const log: string[] = [];
  const timers = new Map<string, number>();
  const alive = new Map<string, number>();
  const behaviours: Record<string, WorkerBehaviour> = {};
  const crashes: CrashRecord[] = [];
  const restarts: CrashRecord[] = [];
  const reports: SupervisorReport[] = [];
  const tree = createSupervisionTree({
    root,
    nowMs: () => clock.nowMs,
    random: createRandom(5),
    ...more,
    ports: {
      startWorker(id, incarnation) {
        log.push(`start ${id}#${incarnation}`);
        if (alive.has(id)) throw new Error(`${id}#${incarnation} started while #${alive.get(id)} lives`);
        const { start = 'now' } = behaviours[id] ?? {};
        if (start === 'throw') throw new Error('no thread');
        if (start === 'fail') return tree.workerFailed(id, incarnation, BOOM);
        alive.set(id, incarnation);
        if (start === 'now') tree.workerStarted(id, incarnation);
      },
      stopWorker(id, incarnation, how) {
        log.push(`${how} ${id}#${incarnation}`);
        const { stop = 'now' } = behaviours[id] ?? {};
        if (stop === 'never' || (stop === 'deaf' && how === 'ask')) return;
        exit(id, { kind: how === 'kill' ? 'killed' : 'shutdown' });
      },
      armTimer: (key, delayMs) => timers.set(key, clock.nowMs + delayMs),
      cancelTimer: (key) => timers.delete(key),
      onCrash: (record) => crashes.push(record),
      onRestarted: (record) => restarts.push(record),
      onReport: (report) => reports.push(report),
      onStarted: () => log.push('started'),
      onStopped: (reason) => log.push(`stopped ${reason}`),
    },
  });

  function exit(id: string, reason: ExitReason = { kind: 'crash', error: BOOM }, details?: CrashDetails): void {
    const incarnation = alive.get(id)!;
    alive.delete(id);
    tree.workerExited(id, incarnation, reason, details);
  }

  function advance(ms: number): void {
    const untilMs = clock.nowMs + ms;
    for (;;) {
      const [due] = [...timers].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1]);
      if (due === undefined) break;
      timers.delete(due[0]);
      clock.nowMs = Math.max(clock.nowMs, due[1]);
      tree.timerDue(due[0]);
    }
    clock.nowMs = untilMs;
  }

  return {
    tree,
    clock,
    log,
    timers,
    alive,
    behaviours,
    crashes,
    restarts,
    reports,
    exit,
    advance,
    take: () => log.splice(0),
    node: (id: string): TreeNode => findNode(tree.status(), id)!,
  };
}

function findNode(node: TreeNode, id: string): TreeNode | undefined {
  if (node.id === id) return node;
  for (const each of node.children) {
    const found = findNode(each, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
