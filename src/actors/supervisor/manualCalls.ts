import { NightjarError, toPlainError } from '../../domain/errors.ts';
import { type ChildSpec, checkChildSpec } from './childSpec.ts';
import { cancelBackoff, startChild, stopChild } from './childSteps.ts';
import { type Draft, reply, update } from './draft.ts';
import type { Refusal, SupervisorEvent } from './supervisorEvents.ts';
import { type ChildState, createChildState, isAlive, type Waiter } from './supervisorState.ts';
import { abandonCycle, beginCycle } from './walks.ts';

type Call<Type extends SupervisorEvent['type']> = Extract<SupervisorEvent, { readonly type: Type }>;

/** Adds a child at the end and starts it; a failing start leaves nothing behind. */
export function addChild(draft: Draft, call: Call<'child.add'>): void {
  const spec = specOf(draft, call);
  if (spec instanceof NightjarError) {
    reply(draft, call.ref, { ok: false, error: spec.toPlain() });
    return;
  }
  const known = draft.children.get(call.spec.id);
  if (known !== undefined) {
    const refusal = isAlive(known) ? 'already_started' : 'already_present';
    reply(draft, call.ref, { ok: false, refusal, incarnation: known.incarnation });
    return;
  }
  if (draft.walk !== null) {
    refuse(draft, call.ref, 'restarting');
    return;
  }
  const waiters: readonly Waiter[] = [{ ref: call.ref, until: 'started' }];
  draft.children.set(spec.id, { ...createChildState(spec, call.incarnationBefore ?? 0), waiters });
  startChild(draft, spec.id, 'add');
}

/** Ends a child, or its waiting for a restart; answered when nothing of it runs. The spec of a temporary one goes too. */
export function terminateChild(draft: Draft, call: Call<'child.terminate'>): void {
  const child = draft.children.get(call.id);
  if (child === undefined) {
    refuseTermination(draft, call);
    return;
  }
  update(draft, call.id, { stoppedByApi: true, startAfterStop: false, unrecovered: false });
  if (isAlive(child)) {
    wait(draft, call.id, { ref: call.ref, until: 'ended' });
    stopChild(draft, call.id);
    return;
  }
  const drivesWalk = child.phase === 'backingOff';
  if (drivesWalk) cancelBackoff(draft, child);
  if (draft.config.strategy === 'dynamic' || child.spec.restart === 'temporary') draft.children.delete(call.id);
  reply(draft, call.ref, { ok: true });
  // Nothing that waited for this child's restart runs without it: it stands still until somebody starts it.
  if (drivesWalk && draft.walk !== null) abandonCycle(draft);
}

/** Of a dynamic supervisor the end of an instance that is gone already is what was asked for. */
function refuseTermination(draft: Draft, call: Call<'child.terminate'>): void {
  if (draft.config.strategy !== 'dynamic') refuse(draft, call.ref, 'not_found');
  else if (call.id === draft.config.children[0]!.id) refuse(draft, call.ref, 'not_for_dynamic');
  else reply(draft, call.ref, { ok: true });
}

/** Starts a child that stands still. */
export function restartChild(draft: Draft, call: Call<'child.restart'>): void {
  const child = findStatic(draft, call);
  if (child === null) return;
  if (isAlive(child)) {
    refuse(draft, call.ref, 'running');
    return;
  }
  if (draft.walk !== null || child.phase === 'backingOff') {
    refuse(draft, call.ref, 'restarting');
    return;
  }
  wait(draft, call.id, { ref: call.ref, until: 'started' });
  startChild(draft, call.id, 'api');
}

export function deleteChild(draft: Draft, call: Call<'child.delete'>): void {
  const child = findStatic(draft, call);
  if (child === null) return;
  if (isAlive(child)) {
    refuse(draft, call.ref, 'running');
    return;
  }
  if (draft.walk !== null || child.phase === 'backingOff') {
    refuse(draft, call.ref, 'restarting');
    return;
  }
  draft.children.delete(call.id);
  reply(draft, call.ref, { ok: true });
}

/** Orderly stop and start by hand: spends no restart, and does not wait for a backoff. */
export function cycleChild(draft: Draft, call: Call<'child.cycle'>): void {
  const child = draft.children.get(call.id);
  if (child === undefined) {
    refuse(draft, call.ref, 'not_found');
    return;
  }
  if (draft.walk !== null) {
    refuse(draft, call.ref, 'restarting');
    return;
  }
  wait(draft, call.id, { ref: call.ref, until: 'started' });
  const takesSiblings = draft.config.strategy === 'one_for_all' || draft.config.strategy === 'rest_for_one';
  if (takesSiblings && child.spec.restart !== 'temporary') {
    beginCycle(draft, call.id, true);
    return;
  }
  if (!isAlive(child)) {
    startChild(draft, call.id, 'supervisor');
    return;
  }
  update(draft, call.id, { startAfterStop: true });
  stopChild(draft, call.id);
}

function specOf(draft: Draft, call: Call<'child.add'>): ChildSpec | NightjarError {
  const { strategy, children, autoShutdown, id } = draft.config;
  if (strategy === 'dynamic') {
    const template = children[0]!;
    return { ...template, id: call.spec.id, start: call.spec.start ?? template.start };
  }
  try {
    return checkChildSpec({ start: undefined, ...call.spec }, autoShutdown, `supervisor ${id}`);
  } catch (error) {
    return error instanceof NightjarError ? error : NightjarError.fromPlain(toPlainError(error));
  }
}

function findStatic(draft: Draft, call: { readonly ref: string; readonly id: string }): ChildState | null {
  if (draft.config.strategy === 'dynamic') refuse(draft, call.ref, 'not_for_dynamic');
  else if (!draft.children.has(call.id)) refuse(draft, call.ref, 'not_found');
  else return draft.children.get(call.id)!;
  return null;
}

function wait(draft: Draft, id: string, waiter: Waiter): void {
  update(draft, id, { waiters: [...draft.children.get(id)!.waiters, waiter] });
}

function refuse(draft: Draft, ref: string, refusal: Refusal): void {
  reply(draft, ref, { ok: false, refusal });
}
