import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

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
