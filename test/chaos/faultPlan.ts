import type { Venue } from '../../src/domain/instruments.ts';
import type { Random } from '../../src/domain/ports.ts';
import type { ControlAction } from '../../src/telemetry/metrics.ts';
import { ORDER_FAULTS, VENUE_FAULTS, type VenueFault } from './venueFaultKinds.ts';

export type ThreadId = 'edge' | 'journal' | 'gateway' | 'lane:0';

/** One thing that goes wrong, or that somebody does. */
export type Fault =
  | { readonly type: 'coreDeath'; readonly offsetMs: number }
  /** While it hands over its n-th next batch of rows. */
  | { readonly type: 'coreDeathAtRows'; readonly batches: number; readonly offsetMs: number }
  | { readonly type: 'corePause'; readonly forMs: number }
  | { readonly type: 'threadDeath'; readonly thread: ThreadId }
  /** The thread dies again and again, faster than any budget allows. */
  | { readonly type: 'deathStorm'; readonly thread: ThreadId; readonly deaths: number }
  | { readonly type: 'coreStorm'; readonly deaths: number }
  | { readonly type: 'drill'; readonly target: string }
  | { readonly type: 'diskStall'; readonly forMs: number }
  | { readonly type: 'diskFull'; readonly forMs: number }
  | { readonly type: 'venue'; readonly fault: VenueFault }
  | { readonly type: 'control'; readonly action: ControlAction; readonly target?: string; readonly again: boolean }
  /** The journal is slow, and the permits close while the next order waits for its commit. */
  | { readonly type: 'lateCommit'; readonly forMs: number; readonly action: ControlAction }
  /** So many control messages in one moment; every second one repeats the id of the one before. */
  | { readonly type: 'flood'; readonly messages: number }
  /** The operator looks after it: restarts a failed journal, opens the permits. */
  | { readonly type: 'operator' };

export interface PlannedFault {
  /** Since the start of the run. */
  readonly atMs: number;
  /** Then not at once, but so long after the next order was decided, or sent: the moments that matter are rare. */
  readonly next?: { readonly what: 'intent' | 'send'; readonly delayMs: number };
  readonly fault: Fault;
}

/** Some runs are stormy, some leave time to trade between two blows. */
const MEAN_GAPS_MS = [500, 1_200, 3_000] as const;
/** Each run has its own taste, so that the rare kinds get runs of their own (swarm testing). */
const TASTES = [0, 0.5, 1, 3] as const;
const VENUES: readonly Venue[] = ['binance', 'okx', 'bybit', 'jupiter'];
const THREADS: readonly ThreadId[] = ['edge', 'journal', 'gateway', 'lane:0'];
const LATCH_ACTIONS: readonly ControlAction[] = ['disable_live', 'drain', 'kill', 'flatten', 'disable_live'];

/** A core has few lives a minute, a venue may have a fault every moment. */
const WEIGHTS: readonly (readonly [type: Fault['type'], weight: number])[] = [
  ['venue', 50],
  ['control', 6],
  ['drill', 7],
  ['threadDeath', 5],
  ['coreDeath', 2.5],
  ['coreDeathAtRows', 2.5],
  ['corePause', 3],
  ['diskStall', 3],
  ['lateCommit', 2],
  ['diskFull', 1.6],
  ['flood', 1.6],
  ['deathStorm', 0.3],
  ['coreStorm', 0.3],
];
/** Whoever looks after it comes in any run: what closes a permit would else end the trading for good. */
const OPERATOR_SHARE = 0.3;

/** The faults of a run: a function of the generator alone. */
export function makeFaultPlan(random: Random, durationMs: number, bots: readonly string[]): PlannedFault[] {
  const plan: PlannedFault[] = [];
  const meanGapMs = MEAN_GAPS_MS[random.int(MEAN_GAPS_MS.length)]!;
  const weights = WEIGHTS.map(([type, weight]) => [type, weight * TASTES[random.int(TASTES.length)]!] as const);
  for (let atMs = 3_000; ; ) {
    atMs += random.exponential(meanGapMs);
    if (atMs >= durationMs) return plan;
    const type = random.next() < OPERATOR_SHARE ? 'operator' : pickType(random, weights);
    const moment = type === 'lateCommit' ? ON_INTENT : makeMoment(random);
    plan.push({ atMs: Math.round(atMs * 10) / 10, ...moment, fault: makeFault(type, random, bots) });
  }
}

/** Before the journal has even heard of it. */
const ON_INTENT: Pick<PlannedFault, 'next'> = { next: { what: 'intent', delayMs: 0 } };

function makeMoment(random: Random): Pick<PlannedFault, 'next'> {
  const kind = random.next();
  const what = random.next() < 0.5 ? 'intent' : 'send';
  // Commits take milliseconds, answers some more, swaps a second.
  const delayMs = Math.round(10 * random.exponential([1, 8, 400][random.int(3)]!)) / 10;
  return kind < 0.5 ? {} : { next: { what, delayMs } };
}

function makeFault(type: Fault['type'], random: Random, bots: readonly string[]): Fault {
  const one = <Value>(values: readonly Value[]) => values[random.int(values.length)]!;
  const between = (from: number, to: number) => Math.round(from + (to - from) * random.next());
  // Half of the restarts find the clock as it was.
  const offsetMs = () => (random.next() < 0.5 ? 0 : between(-5_000, 5_000));
  switch (type) {
    case 'coreDeath':
      return { type, offsetMs: offsetMs() };
    case 'coreDeathAtRows':
      return { type, batches: 1 + random.int(12), offsetMs: offsetMs() };
    case 'corePause':
      return { type, forMs: between(50, 4_000) };
    case 'threadDeath':
      return { type, thread: one(THREADS) };
    case 'deathStorm':
      return { type, thread: one(THREADS.slice(0, 3)), deaths: 5 };
    case 'coreStorm':
      return { type, deaths: 4 };
    case 'drill':
      return { type, target: one([...bots, ...bots, ...bots, 'lane:0', 'gateway', 'risk', 'control']) };
    case 'diskStall':
      return { type, forMs: between(20, 3_000) };
    case 'lateCommit':
      return { type, forMs: between(500, 3_000), action: random.next() < 0.5 ? 'kill' : 'disable_live' };
    case 'diskFull':
      return { type, forMs: between(500, 8_000) };
    case 'venue':
      return {
        type,
        fault: {
          kind: one(random.next() < 0.75 ? ORDER_FAULTS : VENUE_FAULTS),
          venue: one(VENUES),
          ...venueFault(random, between),
        },
      };
    case 'control': {
      const target = random.next() < 0.5 ? {} : { target: one(bots) };
      return { type, action: one(LATCH_ACTIONS), ...target, again: random.next() < 0.3 };
    }
    case 'flood':
      return { type, messages: between(20, 120) };
    case 'operator':
      return { type };
  }
}

const venueFault = (random: Random, between: (from: number, to: number) => number) => ({
  forMs: between(1_000, 15_000),
  share: [0.1, 0.4, 0.8, 1][random.int(4)]!,
});

function pickType(random: Random, weights: readonly (readonly [type: Fault['type'], weight: number])[]): Fault['type'] {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [type, weight] of weights) {
    left -= weight;
    if (left < 0) return type;
  }
  return 'operator';
}

/** One line of the plan, for people. */
export function faultText({ atMs, next, fault }: PlannedFault): string {
  const { type, ...rest } = fault;
  const details = type === 'venue' ? fault.fault : rest;
  const when = next === undefined ? '' : `, ${next.delayMs} ms after the next ${next.what}`;
  return `${(atMs / 1000).toFixed(1).padStart(7)} s  ${type} ${JSON.stringify(details)}${when}`;
}
