import assert from 'node:assert/strict';
import { type PlainError, toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { Random } from '../domain/ports.ts';
import type { CrashDetails } from './crashRecord.ts';
import { decide } from './supervisor/decide.ts';
import type { SupervisorAction, SupervisorEvent } from './supervisor/supervisorEvents.ts';
import { createSupervisorState, type Ending } from './supervisor/supervisorState.ts';
import { createTreeCrashes, drillError } from './treeCrashes.ts';
import { createManualCalls } from './treeManualCalls.ts';
import { growNodes, type SupervisorNode } from './treeNodes.ts';
import type { TreePorts } from './treePorts.ts';
import { runInit, type SupervisorSpec } from './treeSpec.ts';
import { describeTree, type TreeNode } from './treeStatus.ts';

export type { ManualAnswer } from './treeManualCalls.ts';
export type { TreePorts } from './treePorts.ts';

export interface SupervisionTreeOptions {
  readonly root: SupervisorSpec;
  readonly nowMs: () => number;
  readonly random: Random;
  readonly ports: TreePorts;
  /** Highest incarnation per child in earlier lives of this run: numbers are never used twice. */
  readonly incarnationsBefore?: Readonly<Record<string, number>>;
}

export type SupervisionTree = ReturnType<typeof createSupervisionTree>;

/** More events than this, and one per child, at once can only be a loop between a port and the tree. */
const MAX_QUEUED_EVENTS = 10_000;

/**
 * Runs nested supervisors inside a deterministic kernel: no clock, no promise, one event at a time. Every start, stop,
 * timer and record leaves through `ports`; every answer comes back through a method.
 *
 * @throws NightjarError config.invalid when a spec cannot work or an id is used twice
 */
export function createSupervisionTree({ root: rootSpec, nowMs, random, ports, ...options }: SupervisionTreeOptions) {
  const incarnations = new Map<string, number>(Object.entries(options.incarnationsBefore ?? {}));
  const incarnationBefore = (id: string) => incarnations.get(id) ?? 0;
  const { root, nodes, parents } = growNodes(rootSpec, random, incarnationBefore);
  const timers = new Map<string, SupervisorNode>();
  const crashes = createTreeCrashes(nodes, nowMs, ports);
  const manual = createManualCalls({ nodes, parents, incarnationBefore, post });
  const queue: { readonly node: SupervisorNode; readonly event: SupervisorEvent }[] = [];
  let isDraining = false;

  function post(node: SupervisorNode, event: SupervisorEvent): void {
    if (queue.length >= MAX_QUEUED_EVENTS + parents.size) {
      assert.fail(`the supervision tree has ${queue.length} events queued: a port loops`);
    }
    queue.push({ node, event });
    if (isDraining) return;
    isDraining = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(next.node, next.event);
    } finally {
      isDraining = false;
    }
  }

  function step(node: SupervisorNode, event: SupervisorEvent): void {
    const decision = decide(node.state, event, { nowMs: nowMs(), random: node.random });
    node.state = decision.state;
    for (const action of decision.actions) perform(node, action);
  }

  function perform(node: SupervisorNode, action: SupervisorAction): void {
    switch (action.type) {
      case 'start':
        incarnations.set(action.id, action.incarnation);
        crashes.begin(action.id);
        startChildOf(node, action.id, action.incarnation);
        break;
      case 'stop': {
        const child = nodes.get(action.id);
        if (child === undefined) ports.stopWorker(action.id, action.incarnation, action.how);
        else post(child, { type: 'stop', how: action.how });
        break;
      }
      case 'arm':
        timers.set(action.key, node);
        ports.armTimer(action.key, action.delayMs);
        break;
      case 'cancel':
        if (timers.delete(action.key)) ports.cancelTimer(action.key);
        break;
      case 'report':
        ports.onReport(action.report);
        break;
      case 'crashed':
        crashes.record(node.id, action);
        break;
      case 'restarted':
        crashes.restarted(action.id);
        break;
      case 'reply':
        manual.replied(action.ref, action.result);
        break;
      case 'started':
        if (node.parent === null) ports.onStarted?.();
        else post(node.parent, { type: 'child.started', id: node.id, incarnation: node.state.incarnation });
        break;
      case 'ended':
        reportEnd(node, action.ending);
        break;
    }
  }

  function startChildOf(node: SupervisorNode, id: string, incarnation: number): void {
    const child = nodes.get(id);
    if (child !== undefined) {
      startSupervisor(node, child, incarnation);
      return;
    }
    try {
      ports.startWorker(id, incarnation);
    } catch (error) {
      post(node, { type: 'child.failed', id, incarnation, error: toPlainError(error) });
    }
  }

  function startSupervisor(parent: SupervisorNode, child: SupervisorNode, incarnation: number): void {
    const { id } = child;
    child.drilled = false;
    try {
      const config = runInit(child.spec);
      if (config === 'ignore') {
        post(parent, { type: 'child.ignored', id, incarnation });
        return;
      }
      child.state = createSupervisorState(config, incarnation, incarnationBefore);
      post(child, { type: 'start' });
    } catch (error) {
      post(parent, { type: 'child.failed', id, incarnation, error: toPlainError(error) });
    }
  }

  function reportEnd(node: SupervisorNode, ending: Ending): void {
    const { parent, id } = node;
    const { incarnation } = node.state;
    if (parent === null) {
      ports.onStopped(ending.cause === 'gaveUp' || ending.cause === 'startFailed' ? 'escalated' : 'shutdown');
    } else if (ending.cause === 'startFailed' && ending.error !== null) {
      post(parent, { type: 'child.failed', id, incarnation, error: ending.error });
    } else {
      // As in OTP a supervisor that gave up ends with `shutdown`: only a permanent one comes back.
      const reason: ExitReason = node.drilled
        ? { kind: 'crash', error: drillError(id) }
        : { kind: ending.cause === 'killed' ? 'killed' : 'shutdown' };
      const because = node.drilled ? undefined : (ending.error ?? undefined);
      post(parent, { type: 'child.exited', id, incarnation, reason, because });
    }
  }

  const childOf = (id: string) => parents.get(id)?.state.children.get(id);

  return {
    /**
     * Starts the root; once.
     * @throws NightjarError when the root's init answers what cannot work (config.invalid) or throws (actor.crashed)
     */
    start(): void {
      const config = runInit(root.spec);
      if (config === 'ignore') {
        ports.onStopped('shutdown');
        return;
      }
      root.state = { ...root.state, config, incarnation: 1 };
      post(root, { type: 'start' });
    },
    workerStarted(id: string, incarnation: number): void {
      const node = parents.get(id);
      if (node !== undefined) post(node, { type: 'child.started', id, incarnation });
    },
    /** The start failed, and nothing of this incarnation runs. */
    workerFailed(id: string, incarnation: number, error: PlainError): void {
      const node = parents.get(id);
      if (node === undefined) return;
      const isDrill = crashes.endsDrill(id, incarnation);
      post(node, { type: 'child.failed', id, incarnation, error: isDrill ? drillError(id) : error });
    },
    workerExited(id: string, incarnation: number, reason: ExitReason, details: CrashDetails = {}): void {
      const node = parents.get(id);
      if (node === undefined) return;
      const isDrill = crashes.endsDrill(id, incarnation);
      if (childOf(id)?.incarnation === incarnation) crashes.detail(id, details);
      const seen: ExitReason = isDrill ? { kind: 'crash', error: drillError(id) } : reason;
      post(node, { type: 'child.exited', id, incarnation, reason: seen });
    },
    /** False when the timer is none of ours, or was cancelled. */
    timerDue(key: string): boolean {
      const node = timers.get(key);
      if (node === undefined) return false;
      timers.delete(key);
      post(node, { type: 'timer.due', key });
      return true;
    },
    /** A drill: kills the child, which counts as any crash. False when nothing of it runs. */
    crash(id: string): boolean {
      const child = childOf(id);
      if (child === undefined || (child.phase !== 'running' && child.phase !== 'starting')) return false;
      const node = nodes.get(id);
      if (node === undefined) {
        crashes.drill(id, child.incarnation);
        ports.stopWorker(id, child.incarnation, 'kill');
      } else {
        node.drilled = true;
        post(node, { type: 'stop', how: 'kill' });
      }
      return true;
    },
    /** Stops everything, right to left; `onStopped` follows. A second call with `kill` ends what still runs by force. */
    stop(how: 'ask' | 'kill' = 'ask'): void {
      post(root, { type: 'stop', how });
    },
    ...manual.calls,
    status(): TreeNode {
      return describeTree(root.state, (id) => nodes.get(id)?.state, nowMs());
    },
    totalRestarts: crashes.totalRestarts,
  };
}
