import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchSection } from '../section.ts';
import { compare, median } from '../section.ts';

const PROGRAM = fileURLToPath(new URL('idleBots.ts', import.meta.url));

interface Figures {
  readonly supervisedBytes: number;
  readonly bareBytes: number;
}

/** What one idle bot keeps on the heap, host, mailbox and its place in the tree included, beside a bare XState actor. */
export const memorySection: BenchSection = {
  title: 'Memory of an idle supervised bot, against a bare XState actor',
  async run({ quick }) {
    const counts = quick ? [1000] : [1000, 10_000];
    const rows = counts.map((count) => {
      const rounds = Array.from({ length: quick ? 1 : 5 }, () => measure(count));
      const supervised = rounds.map(({ supervisedBytes }) => supervisedBytes);
      const bare = rounds.map(({ bareBytes }) => bareBytes);
      return {
        name: `${count.toLocaleString('en')} idle bots, bare / supervised`,
        ...compare(supervised, bare),
        floor: 1 / 3,
        aim: 1 / 1.8,
        isSteady: true,
        absolutes: `${median(supervised).toFixed(0)} bytes per bot against ${median(bare).toFixed(0)}`,
      };
    });
    return { rows, notes: ['heap after collection, each round in a process of its own; every bot has answered once'] };
  },
};

function measure(count: number): Figures {
  const args = ['--expose-gc', PROGRAM, String(count)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Figures;
}
