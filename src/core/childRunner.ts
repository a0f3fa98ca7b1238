import { NightjarError, toPlainError } from '../domain/errors.ts';
import type { ChildEvents, RunningChild, StartChild } from './childPort.ts';
import type { OtherCommand } from './commands.ts';
import type { InputPayload } from './inputs.ts';

export interface ChildRunner {
  execute(command: Extract<OtherCommand, { type: 'child.start' | 'child.stop' | 'thread.drill' }>): void;
}

/**
 * Runs the tree's commands on real children and reports what becomes of them: per incarnation at most one `started`, and
 * exactly one end (`failed` or `exited`), whatever the child says twice or too late.
 */
export function createChildRunner(
  starters: Readonly<Record<string, StartChild>>,
  admit: (source: string, payload: InputPayload) => void,
): ChildRunner {
  const running = new Map<string, { readonly incarnation: number; readonly child: RunningChild }>();

  const start = (id: string, incarnation: number) => {
    const starter = starters[id];
    let hasStarted = false;
    let hasEnded = false;
    const end = (payload: InputPayload) => {
      if (hasEnded) return;
      hasEnded = true;
      if (running.get(id)?.incarnation === incarnation) running.delete(id);
      admit(id, payload);
    };
    const events: ChildEvents = {
      started() {
        if (hasStarted || hasEnded) return;
        hasStarted = true;
        admit(id, { type: 'child.started', child: id, incarnation });
      },
      failed: (error) => end({ type: 'child.failed', child: id, incarnation, error }),
      exited(reason) {
        if (hasStarted || reason.kind !== 'crash') end({ type: 'child.exited', child: id, incarnation, reason });
        else end({ type: 'child.failed', child: id, incarnation, error: reason.error });
      },
    };
    if (starter === undefined) {
      return events.failed(new NightjarError('thread.lost', `nobody knows how to start ${id}`).toPlain());
    }
    try {
      running.set(id, { incarnation, child: starter(incarnation, events) });
      if (hasEnded) running.delete(id);
    } catch (error) {
      events.failed(toPlainError(error, 'thread.lost'));
    }
  };

  return {
    execute(command) {
      if (command.type === 'thread.drill') return running.get(command.thread)?.child.drill?.(command.drill);
      if (command.type === 'child.start') return start(command.child, command.incarnation);
      const current = running.get(command.child);
      if (current === undefined || current.incarnation !== command.incarnation) {
        // It is gone already; the supervisor waits for an answer all the same.
        return admit(command.child, {
          type: 'child.exited',
          child: command.child,
          incarnation: command.incarnation,
          reason: command.how === 'kill' ? { kind: 'killed' } : { kind: 'shutdown' },
        });
      }
      if (command.how === 'kill') current.child.kill();
      else current.child.stop();
    },
  };
}
