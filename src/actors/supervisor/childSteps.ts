import { backoffKey, type Draft, stopKey, update } from './draft.ts';
import type { ChildState, StartPurpose } from './supervisorState.ts';

/** Starts the next incarnation of a child of which nothing runs. */
export function startChild(draft: Draft, id: string, purpose: StartPurpose): void {
  const before = draft.children.get(id)!;
  if (before.phase === 'backingOff') draft.actions.push({ type: 'cancel', key: backoffKey(draft, before) });
  const child = update(draft, id, {
    phase: 'starting',
    purpose,
    incarnation: before.incarnation + 1,
    startedAtMs: null,
    backoffDueMs: null,
    stopHow: null,
    stoppedByApi: false,
    startAfterStop: false,
  });
  draft.actions.push({ type: 'start', id, incarnation: child.incarnation, start: child.spec.start });
}

/** Begins the end of a running or starting child, by its own budget. */
export function stopChild(draft: Draft, id: string): void {
  const child = draft.children.get(id)!;
  if (child.phase !== 'running' && child.phase !== 'starting') return;
  const { shutdownMs } = child.spec;
  sendStop(draft, child, shutdownMs === 'brutal' ? 'kill' : 'ask');
  if (typeof shutdownMs === 'number') {
    draft.actions.push({ type: 'arm', key: stopKey(draft, child), delayMs: shutdownMs });
  }
}

export function sendStop(draft: Draft, child: ChildState, how: 'ask' | 'kill'): void {
  update(draft, child.spec.id, { phase: 'stopping', stopHow: how });
  draft.actions.push({ type: 'stop', id: child.spec.id, incarnation: child.incarnation, how });
}

export function cancelBackoff(draft: Draft, child: ChildState): void {
  draft.actions.push({ type: 'cancel', key: backoffKey(draft, child) });
  update(draft, child.spec.id, { phase: 'stopped', backoffDueMs: null });
}
