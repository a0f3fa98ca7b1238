import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SOAK = fileURLToPath(new URL('../scripts/soak.ts', import.meta.url));

it('F8: the heap does not grow while all connections of both bots are cut again and again', () => {
  // The long form is a day: `node --expose-gc scripts/soak.ts`. Here the same cuts come closer together.
  const args = [
    '--expose-gc',
    '--disable-warning=ExperimentalWarning',
    SOAK,
    '--minutes',
    '2',
    '--cut-every',
    '4',
    '--json',
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 110_000 });
  expect(stdout, stderr).not.toBe('');
  const report = JSON.parse(stdout) as Readonly<Record<string, number>>;
  console.log(
    `F8: heap ${report.heapMbPerHour!.toFixed(2)} MB per 60 cuts after ${report.reconnects} reconnects, ${report.looks} looks`,
  );
  expect(report.reconnects).toBeGreaterThan(50);
  expect(report.looks).toBeGreaterThan(50);
  expect([status, report.ok], stderr).toEqual([0, true]);
});
