import { checkSupervisorConfig } from '../../src/actors/supervisor/childSpec.ts';
import { decide } from '../../src/actors/supervisor/decide.ts';
import type {
  ManualResult,
  SupervisorAction,
  SupervisorEvent,
  SupervisorReport,
} from '../../src/actors/supervisor/supervisorEvents.ts';
import {
  createSupervisorState,
  type Ending,
  type SupervisorState,
} from '../../src/actors/supervisor/supervisorState.ts';
import type { ExitReason } from '../../src/domain/exitReason.ts';
import { createRandom } from '../../src/domain/random.ts';
import { CRASH, deathReason, NO_BACKOFF, PERIOD_MS, specOf } from './pretended.ts';
import type { Flags, OnAsk, Op, Scenario, StartAnswer, WorkerPlan } from './scenario.ts';

/**
 * What our supervisor does in a scenario without inner supervisors, in the oracle's words. Delays are 0; a restart
 * comes right after the crash, a retry after whatever waits for the supervisor, as OTP's message to itself does.
 */
export function playOnNightjar(scenario: Scenario): readonly string[] {
  const steps: string[] = [];
  const isDynamic = scenario.strategy === 'dynamic';
  const random = createRandom(1);
  const starts = new Map<string, StartAnswer[]>(Object.entries(scenario.starts).map(([id, list]) => [id, [...list]]));
  const alive = new Map<string, { readonly incarnation: number; readonly onAsk: OnAsk }>();
  /** Dead, but the supervisor has not heard of it. */
  const unheard = new Map<string, ExitReason>();
  const timers = new Set<string>();
  const reactions: SupervisorEvent[] = [];
  const callsDuring: SupervisorEvent[] = [];
  const replies = new Map<string, ManualResult>();
  let ending: Ending | null = null;
  let lastFailed = '';
  let refs = 0;
  let state: SupervisorState = createSupervisorState(
    checkSupervisorConfig(configOf(scenario, scenario.children as readonly WorkerPlan[])),
  );

  function send(event: SupervisorEvent): void {
    reactions.push(event);
    for (;;) {
      const next = reactions.shift() ?? budgetOver();
      if (next === undefined) return;
      const decision = decide(state, next, { nowMs: 0, random });
      state = decision.state;
      for (const action of decision.actions) perform(action);
    }
  }

  /** Nothing else happens while a supervisor waits for a deaf child. */
  function budgetOver(): SupervisorEvent | undefined {
    const key = [...timers].find((each) => !each.includes('/backoff/'));
    if (key !== undefined) timers.delete(key);
    return key === undefined ? undefined : { type: 'timer.due', key };
  }

  /** An event from outside and the restart that it causes; retries of failing starts stay armed. */
  function handle(event: SupervisorEvent): void {
    const before = new Set(timers);
    send(event);
    for (const key of [...timers].filter((each) => !before.has(each))) fire(key);
  }

  function fire(key: string): void {
    if (timers.delete(key)) send({ type: 'timer.due', key });
  }

  function comeToRest(): void {
    for (;;) {
      const call = callsDuring.shift();
      const [key] = timers;
      if (call !== undefined) handle(call);
      else if (key !== undefined) fire(key);
      else return;
    }
  }

  function perform(action: SupervisorAction): void {
    if (action.type === 'start') {
      begin(action.id, action.incarnation, action.start as OnAsk);
    } else if (action.type === 'stop') {
      steps.push(`${action.how} ${action.id}`);
      heedStop(action.id, action.how);
    } else if (action.type === 'arm') {
      timers.add(action.key);
    } else if (action.type === 'cancel') {
      timers.delete(action.key);
    } else if (action.type === 'report') {
      if (action.report.context === 'start_error') lastFailed = action.report.offender!.id;
      steps.push(...reportStep(action.report));
    } else if (action.type === 'reply') {
      replies.set(action.ref, action.result);
    } else if (action.type === 'started') {
      steps.push('started');
    } else if (action.type === 'ended') {
      ending = action.ending;
      steps.push(ending.cause === 'startFailed' ? `failed ${lastFailed}` : 'ended shutdown');
    }
  }

  function begin(id: string, incarnation: number, onAsk: OnAsk): void {
    steps.push(`start ${id}`);
    const answer = starts.get(id)?.shift() ?? 'ok';
    if (answer === 'ok') {
      alive.set(id, { incarnation, onAsk });
      reactions.push({ type: 'child.started', id, incarnation });
    } else if (answer === 'ignore') {
      reactions.push({ type: 'child.ignored', id, incarnation });
    } else {
      reactions.push({ type: 'child.failed', id, incarnation, error: CRASH.error });
      if (answer !== 'fail') callsDuring.push({ type: `child.${answer.during}`, ref: newRef('during'), id });
    }
  }

  function heedStop(id: string, how: 'ask' | 'kill'): void {
    const { onAsk } = alive.get(id)!;
    const died = unheard.get(id);
    if (died !== undefined) report(id, died);
    else if (how === 'kill') report(id, { kind: 'killed' });
    else if (onAsk !== 'deaf') report(id, deathReason(onAsk));
  }

  function report(id: string, reason: ExitReason): void {
    reactions.push(end(id, reason));
  }

  function end(id: string, reason: ExitReason): SupervisorEvent {
    const { incarnation } = alive.get(id)!;
    alive.delete(id);
    unheard.delete(id);
    return { type: 'child.exited', id, incarnation, reason };
  }

  function newRef(kind: string): string {
    refs += 1;
    return `${kind}/${refs}`;
  }

  function play(op: Op): void {
    if (op.op === 'starts') {
      starts.set(op.id, [...op.answers]);
    } else if (op.op === 'die') {
      if (alive.has(op.id)) handle(end(op.id, deathReason(op.how)));
    } else if (op.op === 'dieTogether') {
      const dying = op.ids.filter((id) => alive.has(id));
      for (const id of dying) unheard.set(id, CRASH);
      for (const id of dying) if (unheard.has(id) && alive.has(id)) handle(end(id, CRASH));
    } else {
      handle(callOf(op, newRef(op.op), isDynamic));
    }
    comeToRest();
    if (ending === null) for (const [ref, result] of replies) steps.push(answerStep(ref, result, isDynamic));
    replies.clear();
  }

  send({ type: 'start' });
  for (const op of scenario.ops) if (ending === null) play(op);
  if (ending === null) send({ type: 'stop' });
  return steps;
}

const configOf = ({ strategy, intensity, auto }: Flags, children: readonly WorkerPlan[]) => ({
  id: 'sup',
  strategy,
  intensity,
  periodMs: PERIOD_MS,
  autoShutdown: auto,
  backoff: NO_BACKOFF,
  children: children.map(specOf),
});

function callOf(
  op: Exclude<Op, { readonly op: 'starts' | 'die' | 'dieTogether' }>,
  ref: string,
  isDynamic: boolean,
): SupervisorEvent {
  if (op.op === 'which' || op.op === 'count') return { type: op.op, ref };
  // An instance is its template's, under a name of its own.
  if (op.op === 'add') return { type: 'child.add', ref, spec: isDynamic ? { id: op.child.id } : specOf(op.child) };
  if (op.op === 'change') return { type: 'change', ref, config: configOf(op.flags, op.children) };
  return { type: `child.${op.op}`, ref, id: op.id };
}

/** Progress is told by the starts; that a significant end shuts down is a report of ours only. */
export function reportStep({ context, reason, offender }: SupervisorReport): readonly string[] {
  if (context === 'progress' || reason.kind === 'auto_shutdown') return [];
  const why = reason.kind === 'reached_max_intensity' ? 'gave_up' : reason.kind;
  return [`report ${context} ${offender?.id} ${why}`];
}

function answerStep(ref: string, result: ManualResult, isDynamic: boolean): string {
  const prefix = ref.startsWith('during') ? 'during ' : '';
  if (!result.ok) {
    if ('error' in result) return prefix + (ref.startsWith('change') ? 'invalid' : 'error');
    return prefix + refusalWord(result.refusal);
  }
  if ('children' in result) {
    const shown = result.children.map(
      ({ id, handle }) => `${id}:${typeof handle === 'number' ? 'alive' : (handle ?? 'none')}`,
    );
    return `which ${(isDynamic ? shown.sort() : shown).join(',')}`;
  }
  if ('count' in result) return `count ${result.count.specs} ${result.count.active}`;
  return `${prefix}ok`;
}

const refusalWord = (refusal: string) => (refusal === 'not_for_dynamic' ? 'simple_one_for_one' : refusal);
