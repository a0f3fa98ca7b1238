import assert from 'node:assert/strict';
import { type PlainError, toPlainError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { Random } from '../domain/ports.ts';
import { type CrashDetails, type CrashRecord, createCrashBook } from './crashRecord.ts';
import type { SupervisorConfig } from './supervisor/childSpec.ts';
import { decide } from './supervisor/decide.ts';
import type { ManualResult, Refusal, SupervisorAction, SupervisorEvent } from './supervisor/supervisorEvents.ts';
import { createSupervisorState, type Ending } from './supervisor/supervisorState.ts';
import { adoptChange, changedConfig } from './treeChange.ts';
import { dependentsRun, errorsUnder, growNodes, type SupervisorNode } from './treeNodes.ts';
import type { TreePorts } from './treePorts.ts';
import { runInit, type SupervisorSpec } from './treeSpec.ts';
import { describeTree, type TreeNode } from './treeStatus.ts';

export type { TreePorts } from './treePorts.ts';

export interface SupervisionTreeOptions {
  readonly root: SupervisorSpec;
  readonly nowMs: () => number;
  readonly random: Random;
  readonly ports: TreePorts;
  /** Highest incarnation per child in earlier lives of this run: numbers are never used twice. */
  readonly incarnationsBefore?: Readonly<Record<string, number>>;
}

export type ManualAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusal: Refusal | 'dependents_running' | 'failed'; readonly error?: PlainError };

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
  const { root, nodes, parents } = growNodes(rootSpec, random, (id) => incarnations.get(id) ?? 0);
  const timers = new Map<string, SupervisorNode>();
  const drills = new Map<string, number>();
  const detailsByChild = new Map<string, CrashDetails>();
  const replies = new Map<string, ManualResult>();
  const crashBook = createCrashBook();
  const queue: { readonly node: SupervisorNode; readonly event: SupervisorEvent }[] = [];
  let isDraining = false;
  let manualCalls = 0;
  let restartTotal = 0;

  function post(node: SupervisorNode, event: SupervisorEvent): void {
    assert(
      queue.length < MAX_QUEUED_EVENTS + parents.size,
      `the supervision tree has ${queue.length} events queued: a port loops`,
    );
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
        detailsByChild.delete(action.id);
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
        recordCrash(node, action);
        break;
      case 'restarted':
        restartTotal += 1;
        for (const record of crashBook.close(action.id, nowMs())) ports.onRestarted(record);
        break;
      case 'reply':
        replies.set(action.ref, action.result);
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
      child.state = createSupervisorState(config, incarnation, (each) => incarnations.get(each) ?? 0);
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

  function recordCrash(node: SupervisorNode, crash: Extract<SupervisorAction, { readonly type: 'crashed' }>): void {
    const { errorChain, ...details } = detailsByChild.get(crash.id) ?? {};
    const record: CrashRecord = {
      supervisor: node.id,
      child: crash.id,
      incarnation: crash.incarnation,
      reason: crash.error.code,
      error: crash.error,
      errorChain: errorChain ?? errorsUnder(nodes, crash.id, crash.error),
      ...details,
      restartsInWindow: crash.restartsInWindow,
      nextDelayMs: crash.nextDelayMs,
      crashedAt: nowMs(),
    };
    crashBook.open(record);
    ports.onCrash(record);
  }

  function callManually(node: SupervisorNode | undefined, call: (ref: string) => SupervisorEvent): ManualAnswer {
    if (node === undefined) return { ok: false, refusal: 'not_found' };
    manualCalls += 1;
    const ref = `manual/${manualCalls}`;
    post(node, call(ref));
    const result = replies.get(ref);
    replies.clear();
    if (result === undefined || result.ok) return { ok: true };
    if ('refusal' in result) return { ok: false, refusal: result.refusal };
    return { ok: false, refusal: 'failed', error: result.error };
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
      const isDrill = drills.get(id) === incarnation && drills.delete(id);
      post(node, { type: 'child.failed', id, incarnation, error: isDrill ? drillError(id) : error });
    },
    workerExited(id: string, incarnation: number, reason: ExitReason, details: CrashDetails = {}): void {
      const node = parents.get(id);
      if (node === undefined) return;
      const isDrill = drills.get(id) === incarnation && drills.delete(id);
      if (childOf(id)?.incarnation === incarnation) detailsByChild.set(id, details);
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
        drills.set(id, child.incarnation);
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
    /** Orderly stop and start, with the siblings that the strategy names; spends no restart. */
    restartChild(id: string): ManualAnswer {
      return callManually(parents.get(id), (ref) => ({ type: 'child.cycle', ref, id }));
    },
    /** Stops one child. Refused while siblings run that must not outlive it (rest_for_one, one_for_all). */
    stopChild(id: string): ManualAnswer {
      const node = parents.get(id);
      if (node !== undefined && dependentsRun(node.state, id)) return { ok: false, refusal: 'dependents_running' };
      return callManually(node, (ref) => ({ type: 'child.terminate', ref, id }));
    },
    /** Starts a child that stands still. */
    startChild(id: string): ManualAnswer {
      return callManually(parents.get(id), (ref) => ({ type: 'child.restart', ref, id }));
    },
    /** Starts an instance of a dynamic supervisor's template. */
    startInstance(supervisorId: string, id: string): ManualAnswer {
      const node = nodes.get(supervisorId);
      if (node?.state.config.strategy !== 'dynamic') return { ok: false, refusal: 'not_found' };
      const owner = parents.get(id);
      if (nodes.has(id) || (owner !== undefined && owner !== node)) return { ok: false, refusal: 'already_present' };
      parents.set(id, node);
      const incarnationBefore = incarnations.get(id) ?? 0;
      return callManually(node, (ref) => ({ type: 'child.add', ref, spec: { id }, incarnationBefore }));
    },
    /** Ends an instance; one that has ended already is fine, one of another supervisor is not found. */
    stopInstance(supervisorId: string, id: string): ManualAnswer {
      const node = nodes.get(supervisorId);
      const isOurs = node?.state.config.strategy === 'dynamic' && parents.get(id) === node;
      return callManually(isOurs ? node : undefined, (ref) => ({ type: 'child.terminate', ref, id }));
    },
    /**
     * New flags and specs for a running supervisor: children that stay keep running, new ones stand still until they
     * are started, those not listed any more run on. What cannot work changes nothing.
     */
    changeSupervisor(id: string, spec: SupervisorSpec): ManualAnswer {
      const node = nodes.get(id);
      if (node === undefined) return { ok: false, refusal: 'not_found' };
      let config: SupervisorConfig;
      try {
        config = changedConfig(node, spec, nodes, parents);
      } catch (error) {
        return { ok: false, refusal: 'failed', error: toPlainError(error) };
      }
      const incarnationsBefore = Object.fromEntries(
        spec.children.map((child) => [child.id, incarnations.get(child.id) ?? 0]),
      );
      const answer = callManually(node, (ref) => ({ type: 'change', ref, config, incarnationsBefore }));
      if (answer.ok) adoptChange(node, spec, nodes, parents);
      return answer;
    },
    status(): TreeNode {
      return describeTree(root.state, (id) => nodes.get(id)?.state, nowMs());
    },
    /** Crashed children that ran again, over all supervisors. */
    totalRestarts: (): number => restartTotal,
  };
}

const drillError = (id: string): PlainError => ({
  code: 'actor.drill',
  message: `${id} was crashed on request`,
  details: {},
});
