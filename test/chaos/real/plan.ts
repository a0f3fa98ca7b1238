import type { Random } from '../../../src/domain/ports.ts';
import { createRandom } from '../../../src/domain/random.ts';

/** One thing that goes wrong, with all that the seed decides about it. Times in ms. */
export type Fault =
  | { readonly kind: 'core.kill' }
  /** The core that follows is killed as well, so many ms after it answers: in the middle of its recovery. */
  | { readonly kind: 'core.killTwice'; readonly afterMs: number }
  /** SIGSTOP and SIGCONT before the watchdog's limit. */
  | { readonly kind: 'core.pause'; readonly forMs: number }
  /** SIGSTOP for good: the guardian has to notice. */
  | { readonly kind: 'core.hang' }
  /** The venues answer nothing for a while, and then all at once; the core may be killed meanwhile. */
  | { readonly kind: 'venues.pause'; readonly forMs: number; readonly killCore: boolean }
  | { readonly kind: 'crash'; readonly target: string }
  /** No file of the core may grow: a full disk. The core may be killed before anybody frees it. */
  | { readonly kind: 'disk.full'; readonly forMs: number; readonly killCore: boolean }
  | { readonly kind: 'latch.kill'; readonly forMs: number }
  | {
      readonly kind: 'latch.close';
      readonly action: 'disable_live' | 'drain' | 'flatten';
      readonly bot: string;
      readonly forMs: number;
    }
  | { readonly kind: 'control.flood'; readonly requests: number };

export interface PlannedFault {
  /** After the one before it was injected. */
  readonly pauseMs: number;
  readonly fault: Fault;
}

export const BOTS = ['bot:arb:SOL', 'bot:arb:RAY'] as const;
const CRASH_TARGETS = ['lane:0', 'gateway', 'journal', 'edge', ...BOTS] as const;
const LONGEST_PAUSE_MS = 4000;

/** In a bag, so that each turn through it brings every kind once, in an order of the seed's. */
const MAKERS: readonly ((random: Random) => Fault)[] = [
  () => ({ kind: 'core.kill' }),
  (random) => ({ kind: 'core.killTwice', afterMs: between(random, 0, 600) }),
  (random) => ({ kind: 'core.pause', forMs: between(random, 200, 1200) }),
  () => ({ kind: 'core.hang' }),
  (random) => ({ kind: 'venues.pause', forMs: between(random, 500, 6000), killCore: random.next() < 0.4 }),
  (random) => ({ kind: 'crash', target: oneOf(random, CRASH_TARGETS) }),
  (random) => ({ kind: 'crash', target: oneOf(random, CRASH_TARGETS) }),
  (random) => ({ kind: 'crash', target: oneOf(random, CRASH_TARGETS) }),
  (random) => ({ kind: 'disk.full', forMs: between(random, 100, 3000), killCore: random.next() < 0.25 }),
  (random) => ({ kind: 'latch.kill', forMs: between(random, 200, 2500) }),
  (random) => ({
    kind: 'latch.close',
    action: oneOf(random, ['disable_live', 'drain', 'flatten']),
    bot: oneOf(random, BOTS),
    forMs: between(random, 200, 2500),
  }),
  (random) => ({ kind: 'control.flood', requests: between(random, 50, 300) }),
];

/** Faults without end. The seed fixes them; when each one hits, and what it hits, the machine decides. */
export function* planFaults(seed: number): Generator<PlannedFault, never> {
  const random = createRandom(seed).fork('chaosReal');
  for (;;) {
    const bag = [...MAKERS];
    while (bag.length > 0) {
      const [make] = bag.splice(Math.floor(random.next() * bag.length), 1);
      // Half of them follow closely, into what the one before has left.
      const pauseMs = random.next() < 0.5 ? between(random, 0, 300) : between(random, 300, LONGEST_PAUSE_MS);
      yield { pauseMs, fault: make!(random) };
    }
  }
}

/** As it stands in the output. */
export function faultText(fault: Fault): string {
  const { kind, ...rest } = fault;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [kind, ...details].join(' ');
}

const between = (random: Random, low: number, high: number) => Math.round(low + random.next() * (high - low));
const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random.next() * values.length)]!;
