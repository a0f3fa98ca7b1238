import { parseArgs } from 'node:util';
import { copyTree } from './mutations/copyTree.ts';
import { titlePattern } from './mutations/mutation.ts';
import { runTests, stopTests, type TestRun } from './mutations/runTests.ts';
import { MUTATIONS } from './mutations/table.ts';

/**
 * `npm run mutations [-- --only A1,B3]`: breaks the program in one named way at a time, in a copy of the tree, and
 * expects the failure case's own test to fail; unbroken, the same test must pass. Exit 1 when a mutant survives.
 */
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' } } });
const wanted = values.only?.split(',').map((number) => number.trim().toUpperCase());
const chosen = MUTATIONS.filter(({ number }) => wanted === undefined || wanted.includes(number));
const unknown = wanted?.filter((number) => !MUTATIONS.some((one) => one.number === number)) ?? [];
if (unknown.length > 0) {
  const known = [...new Set(MUTATIONS.map(({ number }) => number))].join(', ');
  console.error(`--only ${unknown.join(',')}: no mutation has this number; there are ${known}`);
  process.exit(2);
}

type Verdict = 'killed' | 'SURVIVED' | 'NOT UNIQUE' | 'BROKEN TEST';
const results: { readonly number: string; readonly name: string; readonly verdict: Verdict; readonly note: string }[] =
  [];
const tree = copyTree();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopTests();
    tree.remove();
    process.exit(130);
  });
}
const startMs = performance.now();
try {
  const healthy = new Map<string, TestRun>();
  for (const [index, mutation] of chosen.entries()) {
    const { number, name, file, test } = mutation;
    const pattern = titlePattern(mutation);
    const key = `${test} ${pattern}`;
    const unbroken = healthy.get(key) ?? (await runTests(tree.root, test, pattern));
    healthy.set(key, unbroken);
    const judged = await judge();
    results.push({ number, name, ...judged });
    console.error(
      `${index + 1}/${chosen.length}  ${number.padEnd(4)} ${judged.verdict.padEnd(11)} ${name} (${judged.note})`,
    );

    async function judge(): Promise<{ verdict: Verdict; note: string }> {
      if (unbroken.passed === 0 || unbroken.failed > 0 || unbroken.broken) {
        return {
          verdict: 'BROKEN TEST',
          note: `unbroken: ${unbroken.passed} passed, ${unbroken.failed} failed in ${test}`,
        };
      }
      const restore = tree.mutate([mutation, ...(mutation.also ?? [])]);
      if (restore === null)
        return { verdict: 'NOT UNIQUE', note: `the search text stands not exactly once in ${file}` };
      try {
        const run = await runTests(tree.root, test, pattern);
        // A file that does not load fails every test and proves nothing.
        if (run.broken) return { verdict: 'BROKEN TEST', note: 'the mutated program does not load' };
        if (run.failed === 0) return { verdict: 'SURVIVED', note: `${run.passed} passed in ${test}` };
        return { verdict: 'killed', note: `${run.failed} of ${run.failed + run.passed} failed` };
      } finally {
        restore();
      }
    }
  }
} finally {
  tree.remove();
}

const killed = results.filter(({ verdict }) => verdict === 'killed').length;
if (values.json === true) console.log(JSON.stringify(results, null, 2));
else for (const { number, verdict, name } of results) console.log(`${number.padEnd(4)} ${verdict.padEnd(11)} ${name}`);
console.log(`${killed} of ${results.length} mutants killed in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
process.exitCode = killed === results.length ? 0 : 1;
