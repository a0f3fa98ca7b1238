import type { PlainError } from '../../domain/errors.ts';
import type { ExitReason } from '../../domain/exitReason.ts';
import { createRandom } from '../../domain/random.ts';
import { type ChildSpecInput, checkSupervisorConfig, type SupervisorConfigInput } from './childSpec.ts';
import { decide } from './decide.ts';
import type { ManualResult, SupervisorAction, SupervisorEvent, SupervisorReport } from './supervisorEvents.ts';
import { createSupervisorState, type Ending } from './supervisorState.ts';

/** How a pretended child behaves; `hold` answers nothing until the test does. */
export interface Behaviour {
  start?: 'ok' | 'fail' | 'ignore' | 'hold';
  /** What it does when asked to stop; a kill always ends it. */
  stop?: 'ok' | 'deaf' | 'hold' | ExitReason;
}

export const BOOM: PlainError = { code: 'actor.crashed', message: 'boom', details: {} };
export const CRASH: ExitReason = { kind: 'crash', error: BOOM };

/** A child spec with nothing but an id, or more. */
export const child = (id: string, more: Partial<ChildSpecInput> = {}): ChildSpecInput => ({ id, start: id, ...more });

export type World = ReturnType<typeof startWorld>;

/** One supervisor over pretended children and a stepped clock. `log` holds what happened, as `start a#1`, `ask a#1` … */
export function startWorld(
  input: Partial<SupervisorConfigInput> & { readonly children: readonly ChildSpecInput[] },
  behaviours: Record<string, Behaviour> = {},
  seed = 1,
) {
  const config = checkSupervisorConfig({ id: 'sup', intensity: 10, periodMs: 60_000, ...input });
  let state = createSupervisorState(config);
  let nowMs = 1000;
  const random = createRandom(seed);
  const log: string[] = [];
  const reports: SupervisorReport[] = [];
  const crashes: Extract<SupervisorAction, { type: 'crashed' }>[] = [];
  const replies = new Map<string, ManualResult>();
  const timers = new Map<string, number>();
  /** Running incarnations, to catch two at once. */
  const alive = new Map<string, number>();
  const queue: SupervisorEvent[] = [];
  let ending: Ending | null = null;
  let refs = 0;
  let isDraining = false;

  function send(event: SupervisorEvent): void {
    queue.push(event);
    if (isDraining) return;
    isDraining = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const decision = decide(state, next, { nowMs, random });
      state = decision.state;
      for (const action of decision.actions) perform(action);
    }
    isDraining = false;
  }

  function perform(action: SupervisorAction): void {
    if (action.type === 'start') {
      const { id, incarnation } = action;
      log.push(`start ${id}#${incarnation}`);
      if (alive.has(id)) throw new Error(`${id}#${incarnation} started while #${alive.get(id)} lives`);
      alive.set(id, incarnation);
      answerStart(id, incarnation, behaviours[id]?.start ?? 'ok');
    } else if (action.type === 'stop') {
      log.push(`${action.how} ${action.id}#${action.incarnation}`);
      answerStop(action.id, action.how);
    } else if (action.type === 'arm') {
      timers.set(action.key, nowMs + action.delayMs);
    } else if (action.type === 'cancel') {
      timers.delete(action.key);
    } else if (action.type === 'report') {
      reports.push(action.report);
    } else if (action.type === 'crashed') {
      crashes.push(action);
    } else if (action.type === 'reply') {
      replies.set(action.ref, action.result);
    } else if (action.type === 'ended') {
      ending = action.ending;
      log.push(`ended ${action.ending.cause}`);
    } else {
      log.push(action.type === 'started' ? 'started' : `restarted ${action.id}#${action.incarnation}`);
    }
  }

  function answerStart(id: string, incarnation: number, how: NonNullable<Behaviour['start']>): void {
    if (how === 'hold') return;
    if (how === 'ok') {
      send({ type: 'child.started', id, incarnation, info: `${id}-info` });
      return;
    }
    alive.delete(id);
    send(
      how === 'fail'
        ? { type: 'child.failed', id, incarnation, error: BOOM }
        : { type: 'child.ignored', id, incarnation },
    );
  }

  function answerStop(id: string, how: 'ask' | 'kill'): void {
    const stop = behaviours[id]?.stop ?? 'ok';
    if (how === 'kill') {
      exit(id, { kind: 'killed' });
      return;
    }
    if (stop === 'ok') {
      exit(id, { kind: 'shutdown' });
      return;
    }
    if (typeof stop === 'object') exit(id, stop);
  }

  /** Ends what runs of a child, as if by itself. */
  function exit(id: string, reason: ExitReason = CRASH): void {
    const incarnation = alive.get(id);
    if (incarnation === undefined) return;
    alive.delete(id);
    send({ type: 'child.exited', id, incarnation, reason });
  }

  function advance(ms: number): void {
    const untilMs = nowMs + ms;
    for (;;) {
      const [due] = [...timers].filter(([, atMs]) => atMs <= untilMs).sort((a, b) => a[1] - b[1]);
      if (due === undefined) break;
      timers.delete(due[0]);
      nowMs = Math.max(nowMs, due[1]);
      send({ type: 'timer.due', key: due[0] });
    }
    nowMs = untilMs;
  }

  return {
    log,
    reports,
    crashes,
    replies,
    timers,
    behaviours,
    send,
    exit,
    advance,
    start: () => send({ type: 'start' }),
    stop: (how: 'ask' | 'kill' = 'ask') => send({ type: 'stop', how }),
    /** Answers a held start. */
    answerStart: (id: string, how: NonNullable<Behaviour['start']>) => answerStart(id, alive.get(id)!, how),
    /** A manual call and its answer, undefined while it waits. */
    call(
      type: 'child.terminate' | 'child.restart' | 'child.delete' | 'child.cycle',
      id: string,
    ): ManualResult | undefined {
      refs += 1;
      send({ type, ref: `r${refs}`, id });
      return replies.get(`r${refs}`);
    },
    add(spec: ChildSpecInput | { readonly id: string; readonly start?: unknown }): ManualResult | undefined {
      refs += 1;
      send({ type: 'child.add', ref: `r${refs}`, spec });
      return replies.get(`r${refs}`);
    },
    ask(type: 'which' | 'count'): ManualResult {
      refs += 1;
      send({ type, ref: `r${refs}` });
      return replies.get(`r${refs}`)!;
    },
    spec(id: string): ManualResult {
      refs += 1;
      send({ type: 'spec', ref: `r${refs}`, id });
      return replies.get(`r${refs}`)!;
    },
    reply: (number: number) => replies.get(`r${number}`),
    /** What happened since the last call. */
    take: () => log.splice(0),
    phase: (id: string) => state.children.get(id)?.phase,
    incarnation: (id: string) => state.children.get(id)?.incarnation,
    alive: () => [...alive.keys()],
    state: () => state,
    ending: () => ending,
    nowMs: () => nowMs,
  };
}
