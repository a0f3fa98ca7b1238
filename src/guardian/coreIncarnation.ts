import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { CancelTimer, Clock } from '../domain/ports.ts';
import type { CoreBoot, CoreStatus, FromCore, ToCore } from './coreMessages.ts';
import type { CoreWatchdog } from './coreWatchdog.ts';
import { LATCH_FD, type LatchHold } from './latchHold.ts';

/** From its last words to its exit; a thread that sits in a system call holds up the exit of its process for ever. */
export const LEAVE_MS = 10_000;

/** How one core process ended. */
export interface CoreEnd {
  /** Signal or exit code. */
  readonly how: string;
  /** Its last words, where it had any: an orderly stop, or why it could not go on. */
  readonly stopped: Extract<FromCore, { type: 'stopped' }> | null;
  readonly failed: Extract<FromCore, { type: 'failed' }> | null;
  readonly status: CoreStatus | null;
}

/** Boots one core process and listens to it until it is gone. @param heard  every message but beats, in order */
export async function runIncarnation(
  child: ChildProcess,
  boot: CoreBoot,
  watchdog: CoreWatchdog,
  hold: LatchHold,
  heard: (message: FromCore) => void,
  clock: Clock,
): Promise<CoreEnd> {
  const end: { -readonly [Part in keyof CoreEnd]: CoreEnd[Part] } = {
    how: '',
    stopped: null,
    failed: null,
    status: null,
  };
  const exited = new Promise<string>((resolve) => {
    // It may have died while it waited for its boot data.
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode ?? `code ${child.exitCode}`);
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  let cancelKill: CancelTimer | null = null;
  const mustLeave = () => {
    cancelKill ??= clock.after(LEAVE_MS, () => child.kill('SIGKILL'));
  };
  child.on('message', (raw) => {
    const message = raw as FromCore;
    if (message.type === 'beat') return watchdog.beat();
    if (message.type === 'stopped') {
      end.stopped = message;
      watchdog.stop();
      mustLeave();
    } else if (message.type === 'failed') {
      end.failed = message;
      mustLeave();
    } else if (message.type === 'status') end.status = message.status;
    heard(message);
  });
  const pipe = (child.stdio[LATCH_FD] ?? null) as Readable | null;
  const drained = pipe === null ? null : hold.listen(pipe);
  if (child.connected) {
    child.send({ type: 'boot', boot, guardianFd: pipe === null ? null : LATCH_FD } satisfies ToCore);
  }
  end.how = await exited;
  watchdog.stop();
  (cancelKill as CancelTimer | null)?.();
  await drained?.();
  return end;
}
