import { runSimulated } from '../test/chaos/command.ts';

/**
 * `npm run chaos -- --seed 1 --minutes 5`: simulated faults on the virtual clock. With `--real`: processes, threads and
 * signals, judged by the same invariants.
 */
const args = process.argv.slice(2);
if (args.includes('--real')) {
  const { runReal } = await import('../test/chaos/real/command.ts');
  process.exitCode = await runReal(args.filter((arg) => arg !== '--real'));
} else process.exitCode = await runSimulated(args);
