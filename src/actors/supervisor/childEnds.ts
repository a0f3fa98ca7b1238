import type { PlainError } from '../../domain/errors.ts';
import type { ExitReason } from '../../domain/exitReason.ts';
import { forgetIfStable, nextBackoff } from './backoff.ts';
import { startChild } from './childSteps.ts';
import { backoffKey, type Draft, isExpectedEnd, report, settleWaiters, stopKey, update } from './draft.ts';
import { restartsInWindow, spendRestart } from './restartBudget.ts';
import { type ChildState, isCleanEnd } from './supervisorState.ts';
import { advance, beginCycle, beginEnding, isInWalk } from './walks.ts';

/** A child's end was reported: what it means depends on whether somebody wanted it. */
export function onExited(draft: Draft, child: ChildState, reason: ExitReason, because?: PlainError): void {
  const error = because ?? errorOf(child, reason);
  if (child.phase === 'stopping') endStop(draft, child, reason);
  else if (child.phase === 'starting') onStartFailed(draft, child, error);
  else if (child.phase !== 'running') return;
  else if (draft.phase === 'stopping') endStop(draft, child, reason);
  else if (draft.walk?.stage === 'stop' && isInWalk(draft, child.spec.id)) endInsideCycle(draft, child, reason, error);
  else endByItself(draft, child, reason, error);
}

/** A start that failed: at first start it ends the supervisor, a manual one is answered, any other is retried. */
export function onStartFailed(draft: Draft, child: ChildState, error: PlainError): void {
  const { id } = child.spec;
  if (child.phase === 'stopping') {
    endStop(draft, child, { kind: 'crash', error });
    return;
  }
  if (child.phase !== 'starting') return;
  // Whoever called by hand is answered with the error: no report on top.
  if (child.purpose === 'api' || child.purpose === 'add') {
    update(draft, id, { phase: 'stopped', lastError: error });
    settleWaiters(draft, id, () => ({ ok: false, error }));
    if (child.purpose === 'add') draft.children.delete(id);
    advance(draft);
    return;
  }
  report(draft, 'start_error', { kind: 'crash', error }, child);
  if (draft.phase === 'starting' && !child.everStarted) {
    update(draft, id, { phase: 'stopped', lastError: error });
    pushCrashed(draft, child, error, null);
    beginEnding(draft, { cause: 'startFailed', error });
    return;
  }
  spendOn(draft, child, error);
}

/** The end of a child that was asked to end. */
function endStop(draft: Draft, child: ChildState, reason: ExitReason): void {
  const { id } = child.spec;
  if (typeof child.spec.shutdownMs === 'number' && child.phase === 'stopping') {
    draft.actions.push({ type: 'cancel', key: stopKey(draft, child) });
  }
  if (!isExpectedEnd(draft, child, reason)) report(draft, 'shutdown_error', reason, child);
  const isOver = draft.config.strategy === 'dynamic' || child.spec.restart === 'temporary';
  update(draft, id, { phase: 'stopped', startedAtMs: null, stopHow: null });
  if (child.startAfterStop && draft.phase !== 'stopping') {
    startChild(draft, id, 'supervisor');
  } else {
    const comesBack = draft.phase !== 'stopping' && !child.stoppedByApi && !isOver;
    settleWaiters(draft, id, (until) => {
      if (until === 'ended') return { ok: true };
      return comesBack ? null : { ok: false, refusal: draft.phase === 'stopping' ? 'stopping' : 'not_found' };
    });
    if (isOver) draft.children.delete(id);
  }
  advance(draft);
}

/** It died while its turn to be stopped had not come: no entry of its own, the cycle starts it again anyway. */
function endInsideCycle(draft: Draft, child: ChildState, reason: ExitReason, error: PlainError): void {
  const comesBack = child.spec.restart !== 'temporary';
  update(draft, child.spec.id, { phase: 'stopped', startedAtMs: null });
  if (!isCleanEnd(reason)) {
    report(draft, 'child_terminated', reason, child);
    update(draft, child.spec.id, { lastError: error, unrecovered: comesBack });
    const driver = [...draft.children.values()].find((other) => other.phase === 'backingOff');
    const delayMs = Math.max(0, (driver?.backoffDueMs ?? draft.env.nowMs) - draft.env.nowMs);
    pushCrashed(draft, child, error, comesBack ? delayMs : null);
  }
  if (!comesBack) draft.children.delete(child.spec.id);
  advance(draft);
}

function endByItself(draft: Draft, child: ChildState, reason: ExitReason, error: PlainError): void {
  const { id, restart } = child.spec;
  const isClean = isCleanEnd(reason);
  if (restart === 'permanent' || !isClean) report(draft, 'child_terminated', reason, child);
  if (restart === 'permanent' || (restart === 'transient' && !isClean)) {
    spendOn(draft, child, error);
    return;
  }
  update(draft, id, { phase: 'stopped', startedAtMs: null });
  if (!isClean) {
    update(draft, id, { lastError: error });
    pushCrashed(draft, child, error, null);
  }
  if (restart === 'temporary' || draft.config.strategy === 'dynamic') draft.children.delete(id);
  if (child.spec.significant && significantEndCounts(draft)) {
    report(draft, 'shutdown', { kind: 'auto_shutdown' }, child);
    beginEnding(draft, { cause: 'autoShutdown', error: null });
    return;
  }
  advance(draft);
}

function significantEndCounts(draft: Draft): boolean {
  if (draft.config.autoShutdown !== 'all_significant') return draft.config.autoShutdown === 'any_significant';
  return ![...draft.children.values()].some((other) => other.spec.significant && other.phase !== 'stopped');
}

/** One crash, one entry: restart after the backoff, or give up. */
function spendOn(draft: Draft, child: ChildState, error: PlainError): void {
  const { config, env } = draft;
  const { id } = child.spec;
  const spent = spendRestart(draft.restarts, { atMs: env.nowMs, child: id }, config);
  draft.restarts = spent.entries;
  if (!spent.allowed) {
    giveUp(draft, child, error);
    return;
  }
  const memory = forgetIfStable(child.backoff, child.startedAtMs, env.nowMs, config.backoff);
  const backoff = nextBackoff(memory, config.backoff, env.random);
  const waiting = update(draft, id, {
    phase: 'backingOff',
    startedAtMs: null,
    backoff,
    backoffDueMs: env.nowMs + backoff.lastDelayMs,
    unrecovered: true,
    lastError: error,
  });
  draft.actions.push({ type: 'arm', key: backoffKey(draft, waiting), delayMs: backoff.lastDelayMs });
  pushCrashed(draft, child, error, backoff.lastDelayMs);
  if (config.strategy === 'one_for_all' || config.strategy === 'rest_for_one') beginCycle(draft, id, false);
  else advance(draft);
}

function giveUp(draft: Draft, child: ChildState, cause: PlainError): void {
  const { config } = draft;
  update(draft, child.spec.id, { phase: 'stopped', startedAtMs: null, lastError: cause });
  pushCrashed(draft, child, cause, null);
  report(draft, 'shutdown', { kind: 'reached_max_intensity' }, child);
  const error: PlainError = {
    code: 'actor.gave-up',
    message: `${config.id} gave up: ${child.spec.id} needed restart ${config.intensity + 1} within ${config.periodMs} ms, ${config.intensity} are allowed`,
    details: { child: child.spec.id, intensity: config.intensity, periodMs: config.periodMs, last: cause.message },
  };
  beginEnding(draft, { cause: 'gaveUp', error });
}

function pushCrashed(draft: Draft, child: ChildState, error: PlainError, nextDelayMs: number | null): void {
  const { nowMs } = draft.env;
  const { length } = restartsInWindow(draft.restarts, nowMs, draft.config.periodMs);
  const { id } = child.spec;
  draft.actions.push({
    type: 'crashed',
    id,
    incarnation: child.incarnation,
    error,
    restartsInWindow: length,
    nextDelayMs,
  });
}

/** What is wrong with an end that nobody wanted. */
function errorOf(child: ChildState, reason: ExitReason): PlainError {
  if (reason.kind === 'crash') return reason.error;
  const how = reason.kind === 'killed' ? 'was killed' : `ended (${reason.kind})`;
  return {
    code: 'actor.crashed',
    message: `${child.spec.id} ${how}, nobody asked it to`,
    details: { kind: reason.kind },
  };
}
