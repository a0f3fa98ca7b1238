import { cancelBackoff, sendStop, startChild, stopChild } from './childSteps.ts';
import { type Draft, settleWaiters, stopAllKey, update } from './draft.ts';
import { type ChildState, type Ending, isAlive, type Walk } from './supervisorState.ts';

/** The first start: every child, left to right, each awaited. */
export function beginInit(draft: Draft): void {
  draft.phase = 'starting';
  const ids = [...draft.children.keys()];
  draft.walk = { fromId: ids[0] ?? '', stage: 'start', due: true, pending: ids };
  advance(draft);
}

/**
 * Stops the range that the strategy names (right to left), and starts it again (left to right) once `due`.
 * `driverId` is the child that crashed or is cycled by hand.
 */
export function beginCycle(draft: Draft, driverId: string, due: boolean): void {
  const fromId = draft.config.strategy === 'one_for_all' ? [...draft.children.keys()][0]! : driverId;
  for (const child of rangeFrom(draft, fromId)) {
    if (child.phase === 'backingOff' && child.spec.id !== driverId) cancelBackoff(draft, child);
    if (child.phase !== 'stopping') update(draft, child.spec.id, { stoppedByApi: false });
  }
  draft.walk = { fromId, stage: 'stop', due, pending: [] };
  advance(draft);
}

/** The supervisor ends: nothing is restarted any more; `killed` ends all at once, else right to left. */
export function beginEnding(draft: Draft, ending: Ending): void {
  draft.phase = 'stopping';
  draft.walk = null;
  draft.ending = ending;
  for (const child of [...draft.children.values()]) {
    if (child.phase === 'backingOff') cancelBackoff(draft, child);
    update(draft, child.spec.id, { startAfterStop: false });
  }
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
  draft.walk !== null && rangeFrom(draft, draft.walk.fromId).some((child) => child.spec.id === id);

export function killAll(draft: Draft): void {
  for (const child of [...draft.children.values()]) if (isAlive(child)) sendStop(draft, child, 'kill');
}

function advanceEnding(draft: Draft): void {
  const last = [...draft.children.values()].findLast(isAlive);
  if (last !== undefined) {
    stopChild(draft, last.spec.id);
    return;
  }
  if (draft.config.strategy === 'dynamic') draft.actions.push({ type: 'cancel', key: stopAllKey(draft) });
  draft.phase = 'ended';
  for (const id of draft.children.keys()) settleWaiters(draft, id, () => ({ ok: false, refusal: 'stopping' }));
  draft.actions.push({ type: 'ended', ending: draft.ending! });
}

function advanceStops(draft: Draft, walk: Walk): void {
  const last = rangeFrom(draft, walk.fromId).findLast(isAlive);
  if (last !== undefined) {
    stopChild(draft, last.spec.id);
    return;
  }
  draft.walk = { ...walk, stage: 'wait' };
  advanceStarts(draft, draft.walk);
}

function advanceStarts(draft: Draft, walk: Walk): void {
  if (!walk.due) return;
  const range = rangeFrom(draft, walk.fromId);
  if (range.some((child) => child.phase === 'starting' || child.phase === 'stopping')) return;
  // Temporary children need no filter: their spec went when they were stopped.
  const pending = (walk.stage === 'wait' ? range.map((child) => child.spec.id) : walk.pending).filter((id) => {
    const child = draft.children.get(id);
    return child !== undefined && !isAlive(child) && !child.stoppedByApi;
  });
  const [next, ...rest] = pending;
  draft.walk = next === undefined ? null : { ...walk, stage: 'start', pending: rest };
  if (next !== undefined) {
    startChild(draft, next, 'supervisor');
  } else if (draft.phase === 'starting') {
    draft.phase = 'running';
    draft.actions.push({ type: 'started' });
  }
}

/** Instances share one budget, so that a thousand of them stop in the time of one. */
function stopInstancesTogether(draft: Draft): void {
  const { shutdownMs } = draft.config.children[0]!;
  const running = [...draft.children.values()].filter(
    (child) => child.phase === 'running' || child.phase === 'starting',
  );
  for (const child of running) sendStop(draft, child, shutdownMs === 'brutal' ? 'kill' : 'ask');
  if (typeof shutdownMs === 'number' && running.length > 0) {
    draft.actions.push({ type: 'arm', key: stopAllKey(draft), delayMs: shutdownMs });
  }
}

function rangeFrom(draft: Draft, fromId: string): readonly ChildState[] {
  const children = [...draft.children.values()];
  return children.slice(
    Math.max(
      0,
      children.findIndex((child) => child.spec.id === fromId),
    ),
  );
}
