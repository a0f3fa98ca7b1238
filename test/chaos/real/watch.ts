import { type Counters, fallenCounters } from '../../invariants/counters.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 500;
/** What a core showed is binding when it lived on for so long: by then it is in the journal. */
const DURABLE_AFTER_MS = 1000;

export interface Watch {
  readonly problems: readonly string[];
  looks(): number;
  stop(): Promise<void>;
}

/** Looks again and again who is there, and whether a counter has fallen, over all incarnations of the core. */
export function startWatch(world: World, journalIsWhole: () => boolean): Watch {
  const problems: string[] = [];
  const shown: { readonly incarnation: number; readonly atMs: number; readonly counters: Counters }[] = [];
  let floor: Counters = {};
  let looks = 0;
  let stopping = false;

  const look = async () => {
    world.family.look();
    const status = await world.operator.status();
    // A hole in the journal takes along what was counted in it.
    if (!journalIsWhole()) shown.length = 0;
    if (status === null) return;
    const atMs = status.atMs - status.viewAgeMs;
    const counters = Object.fromEntries(
      Object.entries(status.bots).flatMap(([bot, { looks: all, near, auto, go, trades }]) =>
        Object.entries({ looks: all, near, auto, go, trades }).map(([name, value]) => [`${bot} ${name}`, value]),
      ),
    );
    looks += 1;
    problems.push(...fallenCounters(floor, counters));
    while (shown[0] !== undefined && shown[0].incarnation === status.incarnation) {
      if (atMs - shown[0].atMs < DURABLE_AFTER_MS) break;
      floor = shown.shift()!.counters;
    }
    while (shown[0] !== undefined && shown[0].incarnation !== status.incarnation) shown.shift();
    if (journalIsWhole()) shown.push({ incarnation: status.incarnation, atMs, counters });
  };

  const turning = (async () => {
    while (!stopping) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  })();
  return {
    problems,
    looks: () => looks,
    stop() {
      stopping = true;
      return turning;
    },
  };
}
