import type { Clock, Random, SocketHandle, SocketHandlers, Transport } from '../../src/domain/ports.ts';
import type { VenueFault } from './venueFaultKinds.ts';

/** Market data that breaks off, loses frames or falls silent, at the socket. */
export interface FeedFaults {
  openSocket(url: string, handlers: SocketHandlers): SocketHandle;
  begin(fault: VenueFault): void;
  clear(): void;
}

interface LiveSocket {
  readonly venue: string;
  cut(): void;
}

export function createFeedFaults(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Transport;
  hit(kind: string): void;
}): FeedFaults {
  const { clock, random, network, hit } = deps;
  const live = new Set<LiveSocket>();
  let active: (VenueFault & { readonly untilMs: number })[] = [];
  const running = (venue: string, kind: string) =>
    active.find((fault) => fault.venue === venue && fault.kind === kind && clock.nowMs() < fault.untilMs);
  /** The frame is lost: one of many, or all of them. */
  const isLost = (venue: string): boolean => {
    const gap = running(venue, 'feedGap');
    const lost = running(venue, 'feedSilence') !== undefined || (gap !== undefined && random.next() < gap.share);
    if (lost) hit(gap === undefined ? 'feedSilence' : 'feedGap');
    return lost;
  };

  return {
    openSocket(url, handlers) {
      const venue = new URL(url).hostname.replace(/\.sim$/, '');
      let closed = false;
      const close = (code: number, reason: string) => {
        if (closed) return;
        closed = true;
        live.delete(entry);
        handlers.onClose(code, reason);
      };
      const socket = network.openSocket(url, {
        onOpen: () => closed || handlers.onOpen(),
        onMessage: (data, isBinary) => closed || isLost(venue) || handlers.onMessage(data, isBinary),
        onHeartbeat: () => closed || running(venue, 'feedSilence') !== undefined || handlers.onHeartbeat(),
        onClose: close,
      });
      const entry: LiveSocket = {
        venue,
        cut() {
          socket.close();
          close(1006, 'cut by the fault plan');
        },
      };
      live.add(entry);
      // As long as the cut lasts nobody gets in either.
      if (running(venue, 'feedCut') !== undefined) clock.after(5, entry.cut);
      return {
        send: (text) => !closed && socket.send(text),
        ping: () => closed || socket.ping(),
        close: () => socket.close(),
      };
    },
    begin(fault) {
      active.push({ ...fault, untilMs: clock.nowMs() + fault.forMs });
      if (fault.kind !== 'feedCut') return;
      for (const socket of [...live]) {
        if (socket.venue !== fault.venue) continue;
        hit('feedCut');
        socket.cut();
      }
    },
    clear() {
      active = [];
    },
  };
}
