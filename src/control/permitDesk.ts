import type { Closure, ControlMessage, LatchState } from '../domain/control.ts';
import type { Clock, Logger } from '../domain/ports.ts';
import { latchLevel, latchWord, setLatchWord, slamLatchWords } from '../workers/latchWords.ts';
import { type Reply, within } from './coreLink.ts';
import type { GuardianHold } from './guardianHold.ts';
import { LAST_RESORT, slammedState } from './lastResort.ts';
import { closePermits, flattenPermits, levelOf, openPermits } from './latchState.ts';
import { PERMIT_VERBS, type PermitAction } from './permitVerbs.ts';
import type { LatchedBot } from './targets.ts';

/** The traces of a permit action; each is tried whatever became of the others. */
export type Trace = 'latch' | 'log' | 'stdout' | 'counter' | 'journal';

const JOURNAL_DEADLINE_MS = 2_000;
const FILE_RETRY_MS = 1_000;

export interface PermitDeskDeps {
  readonly latch: SharedArrayBuffer;
  readonly initial: LatchState;
  readonly bots: readonly LatchedBot[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes the file durable before it returns; throws when it cannot. */
  readonly writeLatchFile: (state: LatchState) => void;
  /** Outlives this process where the file cannot be written; absent = nobody does. */
  readonly guardian?: GuardianHold;
  /** Straight to the process's standard output, past the logger. */
  readonly writeStdout: (line: string) => void;
  readonly countAction: (action: string, bot: string) => void;
  readonly countTraceFailure: (trace: Trace) => void;
  /** Tells the core, which journals it; resolves with its answer. */
  readonly notifyCore: (latch: LatchState, cause: ControlMessage, durable: boolean) => Promise<Reply | null>;
}

export interface PermitDesk {
  state(): LatchState;
  /** The last write of the latch file succeeded. */
  isDurable(): boolean;
  /** Writes the file as the state is; when that fails, again each second until it succeeds. */
  persist(): boolean;
  /** Whatever throws on the way: the words are closed before the answer. */
  close(action: StopAction, targets: readonly LatchedBot[], message: ControlMessage): Promise<Reply>;
  /** Refuses opening orders, and lets a killed bot close. */
  flatten(targets: readonly LatchedBot[], message: ControlMessage): Promise<Reply>;
  open(targets: readonly LatchedBot[], message: ControlMessage): Promise<Reply>;
  /** The last resort: closes the words of these bots, or of all, past everything that can throw. */
  slam(level: 'permit' | 'kill', targets: readonly LatchedBot[] | null, why: string): void;
}

export type StopAction = 'disable_live' | 'drain' | 'kill';

/** Executes permit actions in the edge thread itself: neither the core nor the journal is needed to stop trading. */
export function createPermitDesk(deps: PermitDeskDeps): PermitDesk {
  const { latch, bots, clock, log } = deps;
  let state = deps.initial;
  let durable = true;
  let retrying = false;
  /** The guardian has the state that the file lacks. */
  let held = false;

  const levels = () => Object.fromEntries(bots.map(({ name, slot }) => [name, latchLevel(latch, slot)]));

  const writeFile = () => {
    durable = false;
    deps.writeLatchFile(state);
    durable = true;
    release();
  };
  /** First the guardian: a disk may hang as well as be full, and the process end meanwhile. */
  const hold = () => {
    try {
      held = deps.guardian?.hold(state) ?? false;
    } catch {
      // The file may do better.
    }
  };
  const release = () => {
    held = false;
    try {
      deps.guardian?.release();
    } catch {
      // Held on, it closes once more than needed.
    }
  };
  /** The words hold meanwhile; the death of guardian and core before the write succeeds would forget the closure. */
  const persist = (): boolean => {
    if (!held) hold();
    return writeOrRetry();
  };
  const writeOrRetry = (): boolean => {
    try {
      writeFile();
      return true;
    } catch {
      durable = false;
      retryFile();
      return false;
    }
  };
  const retryFile = () => {
    if (retrying) return;
    retrying = true;
    clock.after(FILE_RETRY_MS, () => {
      retrying = false;
      if (!durable && persist()) log.log('warn', 'control', 'latch file written at a later try');
    });
  };

  /** Traces that failed, in order. The action itself is done before the first of them. */
  const leaveTraces = (action: PermitAction, targets: readonly LatchedBot[], message: ControlMessage): Trace[] => {
    const failed = new Set<Trace>();
    const attempt = (trace: Trace, write: () => void) => {
      try {
        write();
      } catch {
        failed.add(trace);
      }
    };
    for (const { name } of targets) {
      const line = `${action} reason=${message.reason} bot=${name} by=${message.by}`;
      attempt('stdout', () => deps.writeStdout(`${line}\n`));
      attempt('log', () => log.log('error', 'control', line, { action, bot: name, id: message.id }));
      attempt('counter', () => deps.countAction(action, name));
    }
    return [...failed];
  };

  const journalled = async (message: ControlMessage): Promise<boolean> => {
    try {
      const reply = await within(clock, JOURNAL_DEADLINE_MS, deps.notifyCore(state, message, durable), null);
      return reply !== null && reply.status < 300;
    } catch {
      return false;
    }
  };

  const finish = async (
    action: PermitAction,
    targets: readonly LatchedBot[],
    message: ControlMessage,
    before: Record<string, string>,
    failed: Trace[],
  ): Promise<Reply> => {
    failed.push(...leaveTraces(action, targets, message));
    if (!(await journalled(message))) failed.push('journal');
    for (const trace of failed) alarm(trace, action, message);
    const body = {
      id: message.id,
      action,
      reason: message.reason,
      by: message.by,
      from: message.from,
      scope: targets.map(({ name }) => name),
      before,
      after: levels(),
      consequences: PERMIT_VERBS[action].consequences,
      failedTraces: failed,
    };
    if (failed.length === 0) return { status: 200, body };
    const error = `${action} is done, but these traces could not be written: ${failed.join(', ')}`;
    return { status: 500, body: { ...body, error: failed.includes('latch') ? `${error}; ${whereItHolds()}` : error } };
  };

  /** What the operator can count on while the file lacks the closure. */
  const whereItHolds = () =>
    held
      ? 'closed in memory and with the guardian, NOT on disk: it survives the death of the core, not that of all processes'
      : 'closed in memory, NOT on disk and not with the guardian: the death of the core opens it again';

  const alarm = (trace: Trace, action: PermitAction, message: ControlMessage) => {
    try {
      deps.countTraceFailure(trace);
      log.log('error', 'control', `ALARM ${action}: trace "${trace}" could not be written`, { id: message.id, trace });
    } catch {
      // The reply says it too.
    }
  };

  const closeOrderly = async (
    action: StopAction,
    targets: readonly LatchedBot[],
    message: ControlMessage,
  ): Promise<Reply> => {
    const level = action === 'kill' ? 'kill' : 'permit';
    const wordsBefore = levels();
    // Act first: from here on the gateway refuses, whatever fails below. A kill is never lowered to a closed permit.
    if (message.target === undefined) raise(latch, 'all', level);
    for (const { slot } of targets) raise(latch, slot, level);

    const failed: Trace[] = [];
    const closure: Closure = { reason: message.reason, by: message.by, atMs: clock.nowMs(), level };
    state = closePermits(state, targets, closure, message.target === undefined);
    hold();
    if (!writeOrRetry()) failed.push('latch');
    return finish(action, targets, message, wordsBefore, failed);
  };

  const slam = (level: 'permit' | 'kill', targets: readonly LatchedBot[] | null, why: string): void => {
    slamLatchWords(latch, level, targets === null ? null : targets.map(({ slot }) => slot));
    // The words hold from here on; what follows is for the successor and for the people, each whatever became of the others.
    const action = level === 'kill' ? 'kill' : 'disable_live';
    const atMs = clock.nowMs();
    const cause = { id: `last-resort:${atMs}`, action, reason: why, args: {}, by: LAST_RESORT, from: 'edge' };
    const closure: Closure = { reason: why, by: LAST_RESORT, atMs, level };
    state = slammedState(state, closure, targets === null ? null : targets.map(({ id }) => id));
    durable = false;
    const steps = [
      hold,
      writeOrRetry,
      () => durable || retryFile(),
      () => deps.writeStdout(`${action} reason=${why} by=${LAST_RESORT}\n`),
      () => log.log('error', 'control', `ALARM ${LAST_RESORT}: ${action} reason=${why}`),
      () => deps.notifyCore(state, cause, durable).catch(() => {}),
    ];
    for (const step of steps) {
      try {
        step();
      } catch {
        // The next one may do better.
      }
    }
  };

  return {
    state: () => state,
    slam,
    isDurable: () => durable,
    persist,

    async close(action, targets, message) {
      try {
        return await closeOrderly(action, targets, message);
      } catch (error) {
        slam(action === 'kill' ? 'kill' : 'permit', message.target === undefined ? null : targets, message.reason);
        const why = error instanceof Error ? error.message : String(error);
        return {
          status: 500,
          body: {
            id: message.id,
            action,
            after: levels(),
            error: `${action} is done by the last resort, since ${why}`,
          },
        };
      }
    },

    async flatten(targets, message) {
      const wordsBefore = levels();
      const everyBot = message.target === undefined;
      // Refusing comes first and needs no file; what a killed bot is allowed comes after the file says so.
      if (everyBot) raise(latch, 'all', 'permit');
      for (const { slot } of targets) raise(latch, slot, 'permit');
      const previous = state;
      const closure: Closure = { reason: message.reason, by: message.by, atMs: clock.nowMs() };
      const failed: Trace[] = [];
      // The retry must not write, the guardian not keep, nor a restart read, a flatten that the words never granted.
      const refusing = closePermits(previous, targets, { ...closure, level: 'permit' }, everyBot);
      state = refusing;
      hold();
      state = flattenPermits(previous, targets, closure, everyBot);
      if (!writeOrRetry()) {
        failed.push('latch');
        state = refusing;
      } else {
        if (everyBot) setLatchWord(latch, 'all', levelOf(state.all));
        for (const { id, slot } of targets) setLatchWord(latch, slot, levelOf(state.bots[id]));
      }
      return finish('flatten', targets, message, wordsBefore, failed);
    },

    async open(targets, message) {
      const wordsBefore = levels();
      const previous = state;
      state = openPermits(state, targets, bots, message.target === undefined);
      // The other way round than a close: nothing opens before the file says so.
      try {
        writeFile();
      } catch (error) {
        state = previous;
        retryFile();
        const reason = error instanceof Error ? error.message : String(error);
        return {
          status: 500,
          body: { id: message.id, error: `enable_live refused: the latch file cannot be written (${reason})` },
        };
      }
      for (const { id, slot } of bots) setLatchWord(latch, slot, levelOf(state.bots[id]));
      setLatchWord(latch, 'all', levelOf(state.all));
      return finish('enable_live', targets, message, wordsBefore, []);
    },
  };
}

/** Never lowers what is closed already. */
function raise(latch: SharedArrayBuffer, slot: number | 'all', level: 'permit' | 'kill'): void {
  if (level === 'kill' || latchWord(latch, slot) === 'open') setLatchWord(latch, slot, level);
}
