import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { newDataDir, nightjar, readJson, startNightjar } from './nightjarProcess.ts';

interface Examined {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly level: string; readonly message: string }[];
}
const failedChecks = (stdout: string) =>
  (JSON.parse(stdout) as Examined).findings.filter(({ level }) => level === 'FAIL').map(({ check }) => check);

it('F2: with nothing but garbage as state doctor, verify, prune and ctl still work and name it', async () => {
  const data = mkdtempSync(join(tmpdir(), 'nightjar-'));
  const garbage = Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 131 + 7) % 256));
  const runDir = join(data, 'runs', 'garbage');
  mkdirSync(runDir, { recursive: true });
  for (const name of ['lock', 'endpoint.json', 'tokens', 'latch', 'state.sqlite', 'state.sqlite-wal']) {
    writeFileSync(join(data, name), garbage);
  }
  for (const name of ['manifest.json', 'journal.sqlite', 'journal.sqlite-wal', 'journal.mark', 'exec_log.jsonl']) {
    writeFileSync(join(runDir, name), garbage);
  }
  const [doctor, plain, verify, prune, kill] = await Promise.all([
    nightjar('doctor', '--json', '--data', data),
    nightjar('doctor', '--data', data),
    nightjar('journal', 'verify', '--run', 'garbage', '--data', data),
    nightjar('journal', 'prune', '--data', data),
    nightjar('ctl', 'kill', '--data', data),
  ]);
  expect(doctor.code, doctor.stderr).toBe(1);
  expect(failedChecks(doctor.stdout)).toEqual(
    expect.arrayContaining(['tokens', 'latch', 'audit', 'secrets', 'run garbage', 'journal garbage']),
  );
  expect(plain.stdout).toMatch(/FAIL {2}journal garbage .*cannot be read as a journal/);
  expect(verify.code, verify.stderr).toBe(1);
  expect(verify.stdout).toMatch(/file: .*cannot be read as a journal[\s\S]*DAMAGED/);
  expect(kill.code).toBe(1);
  expect(kill.stderr).toMatch(/nightjar: data\.unreadable: .*endpoint\.json holds no pid and url/);
  expect(prune.code, prune.stderr).toBe(0);
  for (const { stderr } of [doctor, plain, verify, prune, kill]) expect(stderr).not.toMatch(/unexpected|\n {4}at /);
  expect(readFileSync(join(runDir, 'journal.sqlite')).equals(garbage)).toBe(true);
});

it('F2: a journal that turns to garbage under a living system is named, kills still work, and it is quarantined', async () => {
  const data = newDataDir();
  const running = startNightjar('start', '--seed', '7', '--port', '0', '--data', data);
  onTestFinished(() => void running.process.kill('SIGKILL'));
  await running.saw(/READY/);
  const healthy = await nightjar('doctor', '--json', '--data', data);
  expect(failedChecks(healthy.stdout)).toEqual([]);
  expect(healthy.code).toBe(0);

  const { run, corePid } = readJson<{ run: string; corePid: number }>(join(data, 'endpoint.json'));
  const journal = join(data, 'runs', run, 'journal.sqlite');
  const garbage = Buffer.alloc(500_000, 'not a database ');
  writeFileSync(journal, garbage);
  writeFileSync(join(data, 'state.sqlite'), garbage);
  const doctor = await nightjar('doctor', '--json', '--data', data);
  expect(doctor.code).toBe(1);
  expect(failedChecks(doctor.stdout)).toEqual([`journal ${run}`]);
  expect((await nightjar('journal', 'verify', '--data', data)).code).toBe(1);
  const kill = await nightjar('ctl', 'kill', '--reason', 'garbage', '--data', data);
  expect(kill.code, kill.stderr).toBe(0);
  expect(readFileSync(join(data, 'latch'), 'utf8')).toContain('"kill"');

  process.kill(corePid, 'SIGKILL');
  writeFileSync(journal, garbage);
  const ended = await running.ended;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/data\.unreadable: .*journal\.sqlite/);
  const manifest = readJson<{ ended: string; quarantine: { reason: string } }>(
    join(data, 'runs', run, 'manifest.json'),
  );
  expect(manifest.ended).toBe('quarantined');
  expect(manifest.quarantine.reason).toMatch(/journal\.sqlite cannot be read as a journal/);
  expect(readFileSync(journal).equals(garbage)).toBe(true);
  const pruned = await nightjar('journal', 'prune', '--days', '0', '--data', data);
  expect(pruned).toMatchObject({ code: 1, stdout: expect.stringContaining('it is quarantined') });
});
