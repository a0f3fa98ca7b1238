import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newDataDir, nightjar, readJson, type Summary, startNightjar } from './nightjarProcess.ts';

it('--no-guardian runs the core in the very process, says loudly what is missing, and ends cleanly on Ctrl-C', async () => {
  const dataDir = newDataDir();
  const summaryPath = join(dataDir, 'summary.json');
  const running = startNightjar(
    'start',
    ...['--no-guardian', '--seed', '7', '--port', '0', '--data', dataDir, '--summary', summaryPath],
  );
  await running.saw(/READY/);
  const output = running.output();
  for (const missing of [
    /NO GUARDIAN/,
    /no restart of a core that dies, and no rescue/,
    /no watch over its main thread/,
  ]) {
    expect(output).toMatch(missing);
  }
  const { pid, corePid } = readJson<{ pid: number; corePid: number }>(join(dataDir, 'endpoint.json'));
  expect([pid, corePid]).toEqual([running.process.pid, running.process.pid]);
  const view = JSON.parse((await nightjar('status', '--data', dataDir, '--json')).stdout) as { killswitch?: string };
  // Nobody is there who would end a core that spins.
  expect(view.killswitch).toBe('DOWN');

  running.process.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  const summary = readJson<Summary>(summaryPath);
  expect(summary.ended).toBe('clean');
  const verified = await nightjar('replay', join(dataDir, 'runs', summary.run), '--verify', '--json');
  expect(verified.code, verified.stdout).toBe(0);
});

it('--no-guardian takes a second Ctrl-C as well: it ends at once, says what is open, and exits 3', async () => {
  const dataDir = newDataDir();
  const running = startNightjar('start', ...['--no-guardian', '--seed', '7', '--port', '0', '--data', dataDir]);
  await running.saw(/venues/);
  running.process.kill('SIGINT');
  await running.saw(/SIGINT: stopping/);
  running.process.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(stderr).toMatch(/FORCED to end; orders whose outcome is open: 0/);
  expect(code).toBe(3);
});
