import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newDataDir, nightjar, runStart, startNightjar } from './nightjarProcess.ts';

it('gives up at once on a token file that is none, says what to do, and does not hide the run before', async () => {
  const { dataDir, summary } = await runStart(['--clock', 'virtual', '--for', '5s', '--seed', '7']);
  const tokens = join(dataDir, 'tokens');
  writeFileSync(tokens, 'garbage', { mode: 0o600 });
  const start = await nightjar('start', '--port', '0', '--data', dataDir, '--for', '5s');
  expect(start.code, start.stderr).toBe(1);
  // Its last words: cause and remedy. No second try, and no advice that nobody could follow.
  expect(start.stderr.trim().split('\n').at(-1)).toMatch(/token file .* does not hold four tokens: delete it/);
  expect(start.stderr).not.toMatch(/enable_live|gave up|incarnation 2/);

  const verified = await nightjar('journal', 'verify', '--data', dataDir);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stdout).toContain(`journal of run ${summary.run}`);
  expect(verified.stderr).toMatch(/run \S+ ended before anything was journalled; this is about /);
});

it('watches a running system until Ctrl-C, one object a line; what is misnamed is a usage error', async () => {
  const dataDir = newDataDir();
  const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
  await running.saw(/READY/);
  const watch = startNightjar('status', '--watch', '--json', '--data', dataDir);
  await watch.saw(/^\{.*\}\n\{.*\}\n/);
  watch.process.kill('SIGINT');
  const watched = await watch.ended;
  expect(watched.code, watched.stderr).toBe(0);
  const runs = watched.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { run: string }).run);
  expect(new Set(runs).size).toBe(1);

  const misnamed = await nightjar('ctl', 'restart', 'nonsense', '--data', dataDir);
  expect(misnamed.code, misnamed.stderr).toBe(2);
  expect(misnamed.stderr).toMatch(/unknown target "nonsense": use one of .*lane:0/);

  // The guardian dies and ends nothing; the next start says which run that was.
  running.process.kill('SIGKILL');
  await running.ended;
  const next = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
  const [run] = new Set(runs);
  await next.saw(new RegExp(`LAST RUN +${run} did not end cleanly: .*embedded venues are gone with it`));
  await next.saw(/READY/);
  next.process.kill('SIGTERM');
  expect((await next.ended).code).toBe(0);
});
