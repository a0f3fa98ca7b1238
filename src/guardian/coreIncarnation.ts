import type { ChildProcess } from 'node:child_process';
import type { CoreBoot, CoreStatus, FromCore, ToCore } from './coreMessages.ts';
import type { CoreWatchdog } from './coreWatchdog.ts';

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
  heard: (message: FromCore) => void,
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
  child.on('message', (raw) => {
    const message = raw as FromCore;
    if (message.type === 'beat') return watchdog.beat();
    if (message.type === 'stopped') {
      end.stopped = message;
      watchdog.stop();
    } else if (message.type === 'failed') end.failed = message;
    else if (message.type === 'status') end.status = message.status;
    heard(message);
  });
  if (child.connected) child.send({ type: 'boot', boot } satisfies ToCore);
  end.how = await exited;
  watchdog.stop();
  return end;
}
