import { cancelBackoff, sendStop, startChild, stopChild } from './childSteps.ts';
import { type Draft, settleWaiters, stopAllKey, update } from './draft.ts';
import { type ChildState, type Ending, isAlive, type Walk } from './supervisorState.ts';

/** The first start: every child, left to right, each awaited. */
export function beginInit(draft: Draft): void {
  draft.phase = 'starting';
  const ids = draft.children.keys();
  draft.walk = { fromId: ids[0] ?? '', stage: 'start', due: true, ids, at: 0 };
  advance(draft);
}

/**
 * Stops the range that the strategy names (right to left), and starts it again (left to right) once `due`.
 * `driverId` is the child that crashed or is cycled by hand.
 */
export function beginCycle(draft: Draft, driverId: string, due: boolean): void {
  const fromId = draft.config.strategy === 'one_for_all' ? draft.children.keys()[0]! : driverId;
  const range = rangeFrom(draft, fromId);
  for (const child of range) {
    if (child.phase === 'backingOff' && child.spec.id !== driverId) cancelBackoff(draft, child);
    if (child.phase !== 'stopping') update(draft, child.spec.id, { stoppedByApi: false });
  }
  draft.walk = { fromId, stage: 'stop', due, ids: range.map(({ spec }) => spec.id), at: range.length - 1 };
  advance(draft);
}

/**
 * The child whose restart a cycle waits for is not wanted any more: its dependents end, and stand still as it does.
 * @source Erlang/OTP supervisor:terminate_child/2 on a restarting child
 */
export function abandonCycle(draft: Draft): void {
  if (draft.walk === null) return;
  for (const child of rangeFrom(draft, draft.walk.fromId)) {
    settleWaiters(draft, child.spec.id, (until) => (until === 'ended' ? null : { ok: false, refusal: 'stopping' }));
  }
  draft.walk = { ...draft.walk, due: true, abandoned: true };
  advance(draft);
}

/** The supervisor ends: nothing is restarted any more; `killed` ends all at once, else right to left. */
export function beginEnding(draft: Draft, ending: Ending): void {
  draft.phase = 'stopping';
  draft.walk = null;
  draft.ending = ending;
  const children = draft.children.values();
  for (const child of children) {
    if (child.phase === 'backingOff') cancelBackoff(draft, child);
    if (child.startAfterStop) update(draft, child.spec.id, { startAfterStop: false });
  }
  draft.lastStops = { ids: children.map(({ spec }) => spec.id), at: children.length - 1 };
  if (ending.cause === 'killed') killAll(draft);
  else if (draft.config.strategy === 'dynamic') stopInstancesTogether(draft);
  advance(draft);
}

/** Does the next thing that a walk or the ending waits for. Called after every change of a child. */
export function advance(draft: Draft): void {
  if (draft.phase === 'stopping') advanceEnding(draft);
  else if (draft.walk?.stage === 'stop') advanceStops(draft, draft.walk);
  else if (draft.walk !== null) advanceStarts(draft, draft.walk);
}

export const isInWalk = (draft: Draft, id: string): boolean =>
  draft.walk !== null && draft.children.orderOf(id) >= draft.children.orderOf(draft.walk.fromId);

export function killAll(draft: Draft): void {
  for (const child of draft.children.values()) if (isAlive(child)) sendStop(draft, child, 'kill');
}

function advanceEnding(draft: Draft): void {
  if (draft.children.alive > 0) {
    // Instances were all asked together, and after a kill nothing is left to ask.
    if (draft.config.strategy !== 'dynamic' && draft.lastStops !== null) {
      const { ids, at } = draft.lastStops;
      draft.lastStops = { ids, at: stopRightmost(draft, ids, at) };
    }
    return;
  }
  if (draft.config.strategy === 'dynamic') draft.actions.push({ type: 'cancel', key: stopAllKey(draft) });
  draft.phase = 'ended';
  draft.lastStops = null;
  for (const id of draft.children.keys()) settleWaiters(draft, id, () => ({ ok: false, refusal: 'stopping' }));
  draft.actions.push({ type: 'ended', ending: draft.ending! });
}

function advanceStops(draft: Draft, walk: Walk): void {
  const at = stopRightmost(draft, walk.ids, walk.at);
  if (at >= 0) {
    draft.walk = { ...walk, at };
    return;
  }
  // A temporary one is not started again, whether it ran or stood still.
  for (const { spec, phase } of rangeFrom(draft, walk.fromId)) {
    if (spec.restart === 'temporary' && phase === 'stopped') draft.children.delete(spec.id);
  }
  draft.walk = { ...walk, stage: 'wait', at: 0 };
  advanceStarts(draft, draft.walk);
}

function advanceStarts(draft: Draft, walk: Walk): void {
  if (!walk.due) return;
  if (walk.abandoned) {
    draft.walk = null;
    return;
  }
  if (draft.children.busy > 0 && rangeFrom(draft, walk.fromId).some(isBusy)) return;
  // A change while it waited may have brought new children, and a new order.
  const ids = walk.stage === 'wait' ? rangeFrom(draft, walk.fromId).map(({ spec }) => spec.id) : walk.ids;
  let { at } = walk;
  while (at < ids.length && !awaitsStart(draft, ids[at]!)) at += 1;
  const next = ids[at];
  draft.walk = next === undefined ? null : { ...walk, stage: 'start', ids, at: at + 1 };
  if (next !== undefined) {
    startChild(draft, next, 'supervisor');
  } else if (draft.phase === 'starting') {
    draft.phase = 'running';
    draft.actions.push({ type: 'started' });
  }
}

/**
 * Has the rightmost child that runs stopped, unless it is stopping already.
 * @param at  index of the rightmost that may run
 * @returns   the index of the child that is waited for; -1 when none runs
 */
function stopRightmost(draft: Draft, ids: readonly string[], at: number): number {
  for (let index = at; index >= 0; index -= 1) {
    const child = draft.children.get(ids[index]!);
    if (child === undefined || !isAlive(child)) continue;
    stopChild(draft, child.spec.id);
    return index;
  }
  return -1;
}

const isBusy = ({ phase }: ChildState): boolean => phase === 'starting' || phase === 'stopping';

/** Temporary children need no mention: their spec went when they were stopped. */
function awaitsStart(draft: Draft, id: string): boolean {
  const child = draft.children.get(id);
  return child !== undefined && !isAlive(child) && !child.stoppedByApi;
}

/** Instances share one budget, so that a thousand of them stop in the time of one. */
function stopInstancesTogether(draft: Draft): void {
  const { shutdownMs } = draft.config.children[0]!;
  const running = draft.children.values().filter((child) => child.phase === 'running' || child.phase === 'starting');
  for (const child of running) sendStop(draft, child, shutdownMs === 'brutal' ? 'kill' : 'ask');
  if (typeof shutdownMs === 'number' && running.length > 0) {
    draft.actions.push({ type: 'arm', key: stopAllKey(draft), delayMs: shutdownMs });
  }
}

function rangeFrom(draft: Draft, fromId: string): readonly ChildState[] {
  const children = draft.children.values();
  return children.slice(
    Math.max(
      0,
      children.findIndex((child) => child.spec.id === fromId),
    ),
  );
}
