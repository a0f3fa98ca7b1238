import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { brokenSums, nightjar, runStart } from './nightjarProcess.ts';

const dir = mkdtempSync(join(tmpdir(), 'nightjar-faults-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('plays a plan in a virtual run, twice the same, with every sum kept and every row decided again', async () => {
  const args = ['--clock', 'virtual', '--for', '60s', '--seed', '7', '--faults', 'seed:3'];
  const { summary, runDir, dataDir, result } = await runStart(args);
  const again = await runStart(args, dataDir);
  expect(again.summary.decisionsHash).toBe(summary.decisionsHash);
  expect(again.summary.commandsHash).toBe(summary.commandsHash);
  expect(brokenSums(summary)).toEqual([]);
  expect(result.stderr).toMatch(/fault {5}\S+.* at \S+ begins/);
  expect(result.stderr).toMatch(/faults {4}[MOX]\d+ .*begun \d+, hits [1-9]/);
  const verified = await nightjar('replay', runDir, '--verify', '--json');
  expect(verified.code, verified.stderr).toBe(0);
});

it('lists the faults, and refuses a plan before anything starts', async () => {
  const listed = await nightjar('sim', '--faults', 'list');
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(/^M1 +sequence-gap +binance,okx,bybit/m);
  const plan = join(dir, 'plan.json');
  writeFileSync(plan, JSON.stringify({ faults: [{ fault: 'nonsense', venue: 'okx', atMs: 0 }] }));
  for (const command of ['sim', 'start']) {
    const refused = await nightjar(command, '--faults', plan);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/faults\.0\.fault = "nonsense": there is no such fault/);
  }
});
