import type { Scope } from '../../src/core/virtualChild.ts';
import type { Clock, SocketHandle, Transport } from '../../src/domain/ports.ts';
import { createOwnedClock } from '../../src/sim/ownedClock.ts';

/**
 * What a process or thread has of the world: a clock that may be off, and a network that is gone with it. Whatever it
 * still waits for when it ends never comes: timers, answers, frames.
 */
export interface ProcessScope extends Scope {
  /** Nothing of it runs for so long, as under SIGSTOP or a paused machine; what was due runs afterwards, in order. */
  pause(durationMs: number): void;
  isAlive(): boolean;
}

/**
 * @param offsetMs    what its wall clock is off; within a process it never steps
 * @param onUncaught  an exception nobody caught: a real process would die of it
 */
export function createProcessScope(
  world: Clock,
  network: Transport,
  { offsetMs = 0, onUncaught }: { readonly offsetMs?: number; readonly onUncaught?: (error: unknown) => void } = {},
): ProcessScope {
  const owned = createOwnedClock(world);
  const sockets = new Set<SocketHandle>();
  let pausedUntilMs = 0;
  let alive = true;

  const run = (act: () => void) => {
    if (onUncaught === undefined) return act();
    try {
      act();
    } catch (error) {
      onUncaught(error);
    }
  };
  const after = (delayMs: number, act: () => void) => {
    let cancel = owned.after(delayMs, fire);
    function fire(): void {
      if (world.nowMs() < pausedUntilMs) cancel = owned.after(pausedUntilMs - world.nowMs(), fire);
      else run(act);
    }
    return () => cancel();
  };
  /** Now, or when the pause is over, or never. */
  const heard = (act: () => void) => {
    if (!alive) return;
    if (world.nowMs() < pausedUntilMs) after(0, act);
    else run(act);
  };

  return {
    clock: {
      nowMs: () => world.nowMs() + offsetMs,
      after,
      every(periodMs, act) {
        let cancel = after(periodMs, tick);
        function tick(): void {
          cancel = after(periodMs, tick);
          act();
        }
        return () => cancel();
      },
    },
    transport: {
      request: (request) =>
        new Promise((resolve, reject) => {
          if (!alive) return;
          network.request(request).then(
            (response) => heard(() => resolve(response)),
            (error) => heard(() => reject(error)),
          );
        }),
      openSocket(url, handlers) {
        if (!alive) return { send: () => false, ping: () => {}, close: () => {} };
        const socket = network.openSocket(url, {
          onOpen: () => heard(handlers.onOpen),
          onMessage(data, isBinary) {
            const kept = world.nowMs() < pausedUntilMs ? data.slice() : data;
            heard(() => handlers.onMessage(kept, isBinary));
          },
          onHeartbeat: () => heard(handlers.onHeartbeat),
          onClose(code, reason) {
            sockets.delete(socket);
            heard(() => handlers.onClose(code, reason));
          },
        });
        sockets.add(socket);
        return socket;
      },
    },
    pause(durationMs) {
      pausedUntilMs = Math.max(pausedUntilMs, world.nowMs() + durationMs);
    },
    end() {
      alive = false;
      owned.stop();
      for (const socket of [...sockets]) socket.close();
    },
    isAlive: () => alive,
  };
}
