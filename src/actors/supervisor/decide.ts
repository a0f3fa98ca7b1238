import { onExited, onStartFailed } from './childEnds.ts';
import { sendStop, startChild } from './childSteps.ts';
import {
  backoffKey,
  childOfTimer,
  closeDraft,
  type Draft,
  openDraft,
  reply,
  report,
  settleWaiters,
  stopAllKey,
  stopKey,
  update,
} from './draft.ts';
import { changeLive } from './liveChange.ts';
import { addChild, cycleChild, deleteChild, restartChild, terminateChild } from './manualCalls.ts';
import type { DecideEnv, Decision, ManualResult, SupervisorEvent } from './supervisorEvents.ts';
import { type ChildState, countChildren, type SupervisorState, whichChildren } from './supervisorState.ts';
import { advance, beginEnding, beginInit, killAll } from './walks.ts';

/**
 * The whole supervisor as one function: what it knows and what happened → what it knows then, and what the shell must do,
 * in order. Pure but for `env.random`. Reports about incarnations that are over, and timers that were cancelled, change
 * nothing; a next incarnation is started only after the one before was reported ended.
 *
 * @source Erlang/OTP stdlib/src/supervisor.erl; backoff between restarts is an addition
 */
export function decide(state: SupervisorState, event: SupervisorEvent, env: DecideEnv): Decision {
  const draft = openDraft(state, env);
  if (!onQuestion(draft, event)) {
    if ('ref' in event) onManualCall(draft, event);
    else onNews(draft, event);
  }
  return { state: closeDraft(draft), actions: draft.actions };
}

/** Questions are answered in every phase. */
function onQuestion(draft: Draft, event: SupervisorEvent): boolean {
  if (event.type === 'which') reply(draft, event.ref, { ok: true, children: whichChildren(draft) });
  else if (event.type === 'spec') reply(draft, event.ref, specAnswer(draft, event.id));
  else if (event.type === 'count') reply(draft, event.ref, { ok: true, count: countChildren(draft) });
  else return false;
  return true;
}

/** A child's spec with every default; of a dynamic supervisor also its template's. @source OTP get_childspec/2 */
function specAnswer(draft: Draft, id: string): ManualResult {
  const template = draft.config.strategy === 'dynamic' ? draft.config.children[0] : undefined;
  const spec = draft.children.get(id)?.spec ?? (template?.id === id ? template : undefined);
  return spec === undefined ? { ok: false, refusal: 'not_found' } : { ok: true, spec };
}

function onManualCall(draft: Draft, call: Extract<SupervisorEvent, { readonly ref: string }>): void {
  if (draft.phase !== 'running') {
    const refusal = draft.phase === 'starting' || draft.phase === 'new' ? 'starting' : 'stopping';
    reply(draft, call.ref, { ok: false, refusal });
    return;
  }
  if (call.type === 'child.add') addChild(draft, call);
  else if (call.type === 'child.terminate') terminateChild(draft, call);
  else if (call.type === 'child.restart') restartChild(draft, call);
  else if (call.type === 'child.delete') deleteChild(draft, call);
  else if (call.type === 'child.cycle') cycleChild(draft, call);
  else if (call.type === 'change') changeLive(draft, call);
}

function onNews(draft: Draft, event: Exclude<SupervisorEvent, { readonly ref: string }>): void {
  if (event.type === 'start') {
    if (draft.phase === 'new') beginInit(draft);
  } else if (event.type === 'stop') {
    onStop(draft, event.how ?? 'ask');
  } else if (event.type === 'timer.due') {
    onTimer(draft, event.key);
  } else {
    const child = draft.children.get(event.id);
    if (child === undefined || child.incarnation !== event.incarnation) return;
    if (event.type === 'child.started') onStarted(draft, child, event.info);
    else if (event.type === 'child.ignored') onIgnored(draft, child);
    else if (event.type === 'child.failed') onStartFailed(draft, child, event.error);
    else onExited(draft, child, event.reason, event.because);
  }
}

function onStop(draft: Draft, how: 'ask' | 'kill'): void {
  if (draft.phase === 'ended') return;
  if (draft.phase !== 'stopping') {
    beginEnding(draft, { cause: how === 'kill' ? 'killed' : 'stopped', error: null });
    return;
  }
  if (how === 'kill' && draft.ending?.cause !== 'killed') {
    draft.ending = { cause: 'killed', error: draft.ending?.error ?? null };
    killAll(draft);
  }
}

function onStarted(draft: Draft, child: ChildState, info: unknown): void {
  if (child.phase !== 'starting') return;
  const { id } = child.spec;
  update(draft, id, {
    phase: 'running',
    startedAtMs: draft.env.nowMs,
    everStarted: true,
    info,
    unrecovered: false,
  });
  report(draft, 'progress', { kind: 'started' }, child);
  if (child.unrecovered) draft.actions.push({ type: 'restarted', id, incarnation: child.incarnation });
  settleWaiters(draft, id, () => ({ ok: true, incarnation: child.incarnation, info }));
  advance(draft);
}

/** "Not now": a kept spec without a running child, or nothing at all for those that are never kept. */
function onIgnored(draft: Draft, child: ChildState): void {
  const { id } = child.spec;
  if (child.phase === 'stopping') {
    onExited(draft, child, { kind: 'shutdown' });
    return;
  }
  if (child.phase !== 'starting') return;
  update(draft, id, { phase: 'stopped', unrecovered: false });
  settleWaiters(draft, id, () => ({ ok: true }));
  if (draft.config.strategy === 'dynamic' || child.spec.restart === 'temporary') draft.children.delete(id);
  advance(draft);
}

function onTimer(draft: Draft, key: string): void {
  if (draft.phase === 'stopping' && key === stopAllKey(draft)) {
    killAll(draft);
    return;
  }
  const child = draft.children.get(childOfTimer(draft, key));
  if (child === undefined) return;
  if (child.phase === 'backingOff' && key === backoffKey(draft, child)) onBackoffOver(draft, child);
  else if (child.phase === 'stopping' && child.stopHow === 'ask' && key === stopKey(draft, child)) {
    sendStop(draft, child, 'kill');
  }
}

function onBackoffOver(draft: Draft, child: ChildState): void {
  const { strategy } = draft.config;
  if (strategy === 'one_for_one' || strategy === 'dynamic') {
    startChild(draft, child.spec.id, 'supervisor');
    return;
  }
  if (draft.walk === null) return;
  draft.walk = { ...draft.walk, due: true };
  advance(draft);
}
