import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { nightjar, runStart } from './nightjarProcess.ts';

it('verifies, exports, asks and prunes a run from the command line, and names damage with exit code 1', async () => {
  const { dataDir, runDir } = await runStart(['--clock', 'virtual', '--for', '20s', '--seed', '7']);
  const journal = (...args: readonly string[]) => nightjar('journal', ...args, '--data', dataDir);

  const whole = await journal('verify', '--json');
  expect(whole.code, whole.stdout).toBe(0);
  const report = JSON.parse(whole.stdout) as { journal: { rows: Record<string, number> } };
  expect(report.journal.rows.inputs).toBeGreaterThan(10);

  const asked = await journal('query', 'SELECT count(*) AS n FROM inputs', '--json');
  expect(JSON.parse(asked.stdout)).toEqual({ columns: ['n'], rows: [[report.journal.rows.inputs]], cut: false });
  const refused = await journal('query', 'DELETE FROM inputs');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('it does not begin with SELECT or WITH');

  const exported = await journal('export', '--table', 'inputs', '--from', '2', '--to', '4');
  const lines = exported.stdout.trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual([2, 3, 4]);
  expect((await journal('export', '--from', 'soon')).code).toBe(2);

  expect((await journal('prune', '--plan')).stdout).toContain('No run that is over has inputs older than 7 days.');
  const planned = await journal('prune', '--plan', '--days', '0', '--json');
  expect(JSON.parse(planned.stdout)).toMatchObject({ plan: true, runs: [{ inputs: report.journal.rows.inputs }] });
  expect(JSON.parse((await journal('verify', '--json')).stdout)).toEqual(JSON.parse(whole.stdout));

  const hand = new DatabaseSync(join(runDir, 'journal.sqlite'));
  hand.exec("UPDATE decisions SET kind='other' WHERE seq=2; DELETE FROM transitions WHERE seq=3");
  hand.close();
  const damaged = await journal('verify');
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toMatch(/chain: decisions 2 .* is not what its writer wrote/);
  expect(damaged.stdout).toContain('sequence: transitions: after 2 is 4: rows are missing');
  expect(damaged.stdout).toContain('DAMAGED: ');

  writeFileSync(join(runDir, 'journal.sqlite'), 'not a database'.repeat(1000));
  const foreign = await journal('verify');
  expect(foreign.code).toBe(1);
  expect(foreign.stdout).toMatch(/file: .*journal\.sqlite cannot be read as a journal/);
  const left = await journal('prune', '--days', '0');
  expect(left).toMatchObject({ code: 1, stdout: expect.stringContaining('left alone') });
});
