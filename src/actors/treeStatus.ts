import type { PlainError } from '../domain/errors.ts';
import { restartsInWindow } from './supervisor/restartBudget.ts';
import type { ChildState, SupervisorState } from './supervisor/supervisorState.ts';

export type TreeNodeState = 'starting' | 'running' | 'stopping' | 'stopped' | 'backingOff' | 'restarting';

/** One node of the tree as operators see it. */
export interface TreeNode {
  readonly id: string;
  readonly kind: 'worker' | 'supervisor';
  readonly state: TreeNodeState;
  readonly incarnation: number;
  /** Restarts that this child has cost its supervisor within the window. */
  readonly restartsInWindow: number;
  /** When the next start is due; null unless it backs off. */
  readonly backoffDueMs: number | null;
  readonly lastError: PlainError | null;
  readonly children: readonly TreeNode[];
}

/** The root and everything under it. `stateOf` answers a supervisor's state, undefined for a worker. */
export function describeTree(
  root: SupervisorState,
  stateOf: (id: string) => SupervisorState | undefined,
  nowMs: number,
): TreeNode {
  const state = root.phase === 'new' || root.phase === 'ended' ? 'stopped' : root.phase;
  return {
    id: root.config.id,
    kind: 'supervisor',
    state,
    incarnation: root.incarnation,
    restartsInWindow: 0,
    backoffDueMs: null,
    lastError: root.ending?.error ?? null,
    children: describeChildren(root, stateOf, nowMs),
  };
}

function describeChildren(
  supervisor: SupervisorState,
  stateOf: (id: string) => SupervisorState | undefined,
  nowMs: number,
): readonly TreeNode[] {
  const entries = restartsInWindow(supervisor.restarts, nowMs, supervisor.config.periodMs);
  return [...supervisor.children.values()].map((child) => {
    const { id, type } = child.spec;
    const own = type === 'supervisor' ? stateOf(id) : undefined;
    return {
      id,
      kind: type,
      state: describeState(supervisor, child),
      incarnation: child.incarnation,
      restartsInWindow: entries.filter((entry) => entry.child === id).length,
      backoffDueMs: child.backoffDueMs,
      lastError: child.lastError,
      children: own === undefined ? [] : describeChildren(own, stateOf, nowMs),
    };
  });
}

function describeState(supervisor: SupervisorState, child: ChildState): TreeNodeState {
  if (child.phase === 'starting') return child.everStarted ? 'restarting' : 'starting';
  if (child.phase !== 'stopped') return child.phase;
  // A sibling that was taken down by a cycle stands still only until its turn comes.
  const awaitsTurn = supervisor.phase === 'running' && supervisor.walk !== null && !child.stoppedByApi;
  return awaitsTurn && child.everStarted ? 'restarting' : 'stopped';
}
