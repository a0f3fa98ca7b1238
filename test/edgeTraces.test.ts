import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openDataDir } from '../src/journal/dataDir.ts';
import { nightjar } from './nightjarProcess.ts';

it('takes a kill from the command line within 2 s while the core spins: the latch that the gateway asks refuses all', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-spin-'));
  const host = fileURLToPath(new URL('./edgeSpinningHost.ts', import.meta.url));
  const child = spawn(process.execPath, [host, dataDir], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const saw = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(stderr);
      if (found !== null) return found[1]!;
      if (child.exitCode !== null) throw new Error(`ended early: ${stderr}`);
      await new Promise((resolve) => child.stderr.once('data', resolve));
    }
  };
  const port = await saw(/^port (\d+)$/m);
  openDataDir(dataDir).writeEndpoint({
    pid: child.pid!,
    corePid: child.pid!,
    url: `http://127.0.0.1:${port}`,
    run: 'run-1',
    startedAtMs: 0,
  });

  // What any command takes to start on this machine at this time says nothing about the kill.
  const { elapsedMs: startMs } = await nightjar('--version');
  const askedAtMs = Date.now();
  const ctl = nightjar('ctl', 'kill', '--reason', 'spinning', '--data', dataDir);
  const refusedAtMs = Number(await saw(/^refused (\d+) killed$/m));
  const answer = await ctl;
  console.log(`kill in force ${refusedAtMs - askedAtMs} ms after the command was started, with the core spinning`);

  expect(refusedAtMs - askedAtMs).toBeLessThan(2_000 + startMs);
  // The core, which should journal it, says nothing: done, and not everywhere recorded.
  expect(answer.code).toBe(1);
  expect(answer.stderr).toContain('kill is done, but these traces could not be written: journal');
  expect(JSON.parse(readFileSync(join(dataDir, 'latch'), 'utf8'))).toMatchObject({
    all: { level: 'kill', reason: 'spinning', by: 'kill' },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  rmSync(dataDir, { recursive: true });
});

it('writes the line to stdout with the logger silenced and the main thread spinning, and is closed and durable', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-traces-'));
  const host = fileURLToPath(new URL('./edgeSpinningHost.ts', import.meta.url));
  const child = spawn(process.execPath, [host, dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const port = await new Promise<string>((resolve, reject) => {
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      const found = /^port (\d+)$/m.exec(stderr);
      if (found !== null) resolve(found[1]!);
    });
    child.on('exit', () => reject(new Error(`ended early: ${stderr}`)));
  });
  const { operate } = JSON.parse(readFileSync(join(dataDir, 'tokens'), 'utf8')) as { operate: string };

  const answer = await fetch(`http://127.0.0.1:${port}/control`, {
    method: 'POST',
    headers: { 'x-auth-token': operate },
    body: JSON.stringify({ action: 'disable_live', target: 'arb:SOL', reason: 'drill' }),
  });

  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ after: { 'arb:SOL': 'permit' }, failedTraces: ['journal'] });
  expect(stdout.split('\n')).toContain('disable_live reason=drill bot=arb:SOL by=operate');
  expect(readFileSync(join(dataDir, 'log.jsonl'), 'utf8')).toBe('');
  expect(JSON.parse(readFileSync(join(dataDir, 'latch'), 'utf8'))).toMatchObject({
    bots: { 'bot:arb:SOL': { reason: 'drill', by: 'operate' } },
  });
  child.removeAllListeners('exit');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  rmSync(dataDir, { recursive: true });
});
