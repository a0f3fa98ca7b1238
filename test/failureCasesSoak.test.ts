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
    '--reconnect-each',
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

it('prices 30 pairs at three venues from live books alone while all 90 connections are cut again and again', () => {
  // The long form: `npm run soak -- --symbols 30 --minutes 60 --reconnect-each 60`, which also judges the heap.
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', SOAK, '--symbols', '30', '--minutes', '2'];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '--reconnect-each', '20', '--json'], {
    encoding: 'utf8',
    timeout: 110_000,
  });
  expect(stdout, stderr).not.toBe('');
  const report = JSON.parse(stdout) as Readonly<Record<string, number>> & { readonly faults: readonly string[] };
  console.log(
    `soak of 30 pairs: ${report.cuts} cuts, ${report.reconnects} reconnects, ${report.lost} messages lost, ${report.resyncs} resyncs, ${report.priced} prices`,
  );
  expect(report.faults).toEqual([]);
  expect(report).toMatchObject({ notLive: 0, wrong: 0 });
  expect(report.reconnects).toBeGreaterThan(200);
  expect(report.resyncs).toBeGreaterThan(0);
});
