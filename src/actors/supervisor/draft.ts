import type { ExitReason } from '../../domain/exitReason.ts';
import type { ChildTable } from './childTable.ts';
import type { DecideEnv, ManualResult, ReportContext, SupervisorAction, SupervisorReport } from './supervisorEvents.ts';
import type { ChildState, SupervisorState } from './supervisorState.ts';

/** The state while one event is decided: a private copy that the steps may change, and the actions so far. */
export type Draft = {
  -readonly [Key in keyof SupervisorState]: Key extends 'children' ? ChildTable : SupervisorState[Key];
} & { readonly actions: SupervisorAction[]; readonly env: DecideEnv };

// Both are written out: every event pays for them, and a spread of these costs several times as much.
export function openDraft(state: SupervisorState, env: DecideEnv): Draft {
  const { config, incarnation, phase, children, restarts, walk, ending, lastStops } = state;
  return {
    config,
    incarnation,
    phase,
    children: children.copy(),
    restarts,
    walk,
    ending,
    lastStops,
    actions: [],
    env,
  };
}

export function closeDraft(draft: Draft): SupervisorState {
  const { config, incarnation, phase, children, restarts, walk, ending, lastStops } = draft;
  return { config, incarnation, phase, children, restarts, walk, ending, lastStops };
}

/** Changes a child that exists, and answers its new state. */
export function update(draft: Draft, id: string, change: Partial<ChildState>): ChildState {
  const child = { ...draft.children.get(id)!, ...change };
  draft.children.set(id, child);
  return child;
}

/** Timer keys carry the incarnation, so a timer that comes too late fits nothing any more. */
export const backoffKey = (draft: Draft, child: ChildState) =>
  `${draft.config.id}/backoff/${child.spec.id}/${child.incarnation}`;
export const stopKey = (draft: Draft, child: ChildState) =>
  `${draft.config.id}/stop/${child.spec.id}/${child.incarnation}`;
export const stopAllKey = (draft: Draft) => `${draft.config.id}/stopAll/${draft.incarnation}`;

/** The child that a timer is about: between the second `/` after the supervisor's own id and the last one. */
export function childOfTimer(draft: Draft, key: string): string {
  const kind = draft.config.id.length + 1;
  return key.slice(key.indexOf('/', kind) + 1, key.lastIndexOf('/'));
}

export function report(
  draft: Draft,
  context: ReportContext,
  reason: SupervisorReport['reason'],
  child: ChildState | null,
): void {
  const offender = child === null ? null : offenderOf(child);
  draft.actions.push({
    type: 'report',
    report: { supervisor: draft.config.id, context, reason, offender, atMs: draft.env.nowMs },
  });
}

/** All of its spec but how it is started. */
function offenderOf({ spec, incarnation }: ChildState): SupervisorReport['offender'] {
  const { id, restart, shutdownMs, type, significant } = spec;
  return { id, restart, shutdownMs, type, significant, incarnation };
}

export function reply(draft: Draft, ref: string, result: ManualResult): void {
  draft.actions.push({ type: 'reply', ref, result });
}

/** Answers the manual calls that waited for this child; those answered null go on waiting. */
export function settleWaiters(
  draft: Draft,
  id: string,
  answer: (until: 'started' | 'ended') => ManualResult | null,
): void {
  const waiting = draft.children.get(id)?.waiters ?? [];
  if (waiting.length === 0) return;
  const waiters = waiting.filter((waiter) => {
    const result = answer(waiter.until);
    if (result !== null) reply(draft, waiter.ref, result);
    return result === null;
  });
  if (draft.children.has(id)) update(draft, id, { waiters });
}

/** An end that a child asked to stop may have; anything else is reported. @source OTP supervisor, shutdown/1 */
export function isExpectedEnd(draft: Draft, child: ChildState, reason: ExitReason): boolean {
  if (reason.kind === 'shutdown') return true;
  if (reason.kind === 'normal') return child.spec.restart !== 'permanent';
  return reason.kind === 'killed' && (child.spec.shutdownMs === 'brutal' || draft.ending?.cause === 'killed');
}
