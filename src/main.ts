import { flushCompileCache } from 'node:module';
import { Socket } from 'node:net';
import { composeWarmCore, EDGE_MODULE } from './composeCore.ts';
import { warmThreads } from './core/wall/warmThreads.ts';
import { toPlainError } from './domain/errors.ts';
import { type FromCore, type ToCore, WARM } from './guardian/coreMessages.ts';
import { BEAT_EVERY_MS } from './guardian/coreWatchdog.ts';
import { createWallClock } from './workers/wallClock.ts';

/**
 * The core process: started by the guardian, told over IPC what to be, and gone when that channel closes, since a core
 * without its guardian has nobody left to stop it.
 */
const send = (message: FromCore) => {
  if (process.connected) process.send?.(message);
};

// Now, as a core that is killed never comes to it: its successor is to find all that was compiled up to here.
flushCompileCache();

// While the guardian's rescue runs, or the rest of this process loads.
const warm = process.argv.includes(WARM) ? warmThreads(EDGE_MODULE) : null;
let stop: ((reason: string) => void) | null = null;
let stopWanted: string | null = null;

process.on('disconnect', () => process.exit(process.exitCode ?? 0));
process.on('message', (raw) => {
  const message = raw as ToCore;
  if (message.type === 'boot') {
    void start(message).catch((error: unknown) => {
      const { code, message: text } = toPlainError(error);
      send({ type: 'failed', code, message: text });
      process.exit(1);
    });
  } else if (stop === null) stopWanted = message.reason;
  else stop(message.reason);
});

async function start({ boot, guardianFd }: Extract<ToCore, { type: 'boot' }>): Promise<void> {
  // Taken as a socket it does not block any more: a guardian that stands still must not hold up a stop.
  if (guardianFd !== null) new Socket({ fd: guardianFd, readable: false, writable: true }).unref();
  await composeWarmCore(
    boot,
    {
      send,
      isGuarded: () => process.connected === true,
      guardianFd,
      leave(exitCode) {
        if (exitCode !== 0) process.exitCode = exitCode;
        if (process.connected) process.disconnect?.();
      },
      onStoppable(stopRuntime) {
        stop = stopRuntime;
        if (stopWanted !== null) stopRuntime(stopWanted);
      },
    },
    warm,
  );
  // From here on silence means that the main thread does not turn. A virtual run is over by now.
  if (boot.clock === 'wall') createWallClock({ unref: true }).every(BEAT_EVERY_MS, () => send({ type: 'beat' }));
}
