import type { Venue } from '../domain/instruments.ts';
import { createRandom } from '../domain/random.ts';
import { applySimSetting, defaultSimConfig, type SimConfig } from './simConfig.ts';
import { createSimWorld, type SimWorld } from './simWorld.ts';
import { createSteppedClock, type SteppedClock } from './steppedClock.ts';

/** A world on a stepped clock, for the tests of this folder. */
export interface Testbed {
  readonly clock: SteppedClock;
  readonly world: SimWorld;
  /** Status and parsed body. */
  get(venue: Venue, target: string): { status: number; body: Json };
  post(venue: Venue, target: string, body: object): { status: number; body: Json };
  delete(venue: Venue, target: string): { status: number; body: Json };
  /** Opens a socket and collects its parsed frames; text that is no JSON stays text. */
  listen(venue: Venue, target: string): Listening;
}

export interface Listening {
  readonly frames: Json[];
  readonly closed: { code: number; reason: string }[];
  pings: number;
  send(text: string): void;
  pong(): void;
  close(): void;
}

/** Bodies and frames of many shapes, read by tests only. */
export type Json = ReturnType<typeof JSON.parse>;

export function startTestbed(seed: number | string, settings: Readonly<Record<string, string>> = {}): Testbed {
  const clock = createSteppedClock();
  const config = Object.entries(settings).reduce<SimConfig>(
    (sum, [name, value]) => applySimSetting(sum, `sim.market.${name}`, value),
    defaultSimConfig,
  );
  const world = createSimWorld({ clock, random: createRandom(seed), config });
  const ask = (method: string) => (venue: Venue, target: string, body?: object) => {
    const answer = world.handleHttp(venue, {
      method,
      target,
      headers: {},
      body: body === undefined ? '' : JSON.stringify(body),
    });
    return { status: answer.status, body: JSON.parse(answer.body) as Json };
  };
  return {
    clock,
    world,
    get: ask('GET'),
    post: ask('POST'),
    delete: ask('DELETE'),
    listen(venue, target) {
      const session = world.openSocket(venue, target, {
        send: (text) => listening.frames.push(parse(text)),
        ping() {
          listening.pings += 1;
        },
        close(code, reason) {
          listening.closed.push({ code, reason });
          session?.onClose();
        },
      });
      const listening: Listening = {
        frames: [],
        closed: [],
        pings: 0,
        send: (text) => session?.onText(text),
        pong: () => session?.onPong(),
        close: () => session?.onClose(),
      };
      return listening;
    },
  };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
