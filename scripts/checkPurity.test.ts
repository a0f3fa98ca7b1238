import { describe, expect, it } from 'vitest';
import { findPurityViolations } from './checkPurity.ts';

describe('the purity check', () => {
  it.each([
    ['Date.now', 'const t = Date.now();'],
    ['a bare new Date', 'const t = new Date();'],
    ['Temporal.Now', 'const t = Temporal.Now.instant();'],
    ['performance.now', 'const t = performance.now();'],
    ['a timer', 'setTimeout(() => {}, 5);'],
    ['Math.random', 'const r = Math.random();'],
    ['crypto randomness', 'const id = crypto.randomUUID();'],
    ['process.hrtime', 'const t = process.hrtime.bigint();'],
  ])('finds %s in pure and in clocked code', (_name, text) => {
    expect(findPurityViolations('src/machines/m.ts', text)).toHaveLength(1);
    expect(findPurityViolations('src/venues/okx/feed.ts', text)).toHaveLength(1);
    expect(findPurityViolations('src/workers/laneThread.ts', text)).toHaveLength(1);
  });

  it.each([
    ['the environment', 'const home = process.env.HOME;'],
    ['the file system', "import { readFileSync } from 'node:fs';"],
    ['the console', 'console.log(1);'],
    ['a Date of any kind', 'const d = new Date(0);'],
  ])('finds %s in pure code only', (_name, text) => {
    expect(findPurityViolations('src/risk/limits.ts', text)).toHaveLength(1);
    expect(findPurityViolations('src/sim/market.ts', text)).toEqual([]);
  });

  it('leaves other folders and tests alone', () => {
    expect(findPurityViolations('src/actors/shell.ts', 'Date.now()')).toEqual([]);
    expect(findPurityViolations('src/machines/m.test.ts', 'Date.now()')).toEqual([]);
  });

  it('does not take an injected clock, a comment or a text for the real thing', () => {
    const text = [
      'clock.after(5, fn);',
      'timers.setTimeout(fn, 5);',
      '// never Date.now()',
      "const help = 'uses Math.random()';",
      'const shown = `at ${now} not Date.now()`;',
    ].join('\n');
    expect(findPurityViolations('src/strategies/a.ts', text)).toEqual([]);
  });

  it('finds impurity inside the hole of a template', () => {
    expect(findPurityViolations('src/strategies/a.ts', 'const s = `at ${Date.now()}`;')).toEqual([
      { file: 'src/strategies/a.ts', line: 1, message: 'Date.now in a pure folder: take a Clock' },
    ]);
  });
});
