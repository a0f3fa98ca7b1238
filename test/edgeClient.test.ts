import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDir } from '../src/journal/dataDir.ts';
import { latchLevel } from '../src/workers/latchWords.ts';
import { type EdgeUnderTest, startEdge, viewAt } from './edgeHarness.ts';

let edge: EdgeUnderTest;
beforeEach(async () => {
  edge = await startEdge();
  openDataDir(edge.dataDir).writeEndpoint({
    pid: process.pid,
    corePid: process.pid,
    url: `http://127.0.0.1:${edge.port}`,
    run: 'run-1',
    startedAtMs: 0,
  });
});
afterEach(() => edge.stop());

/** The two client commands alone, so that a fault elsewhere in the program does not show here. */
const program = `
  const { Command } = await import('commander');
  const { registerCtl } = await import('./src/cli/ctlCommand.ts');
  const { registerStatus } = await import('./src/cli/statusCommand.ts');
  const program = new Command('nightjar');
  registerCtl(program);
  registerStatus(program);
  await program.parseAsync(process.argv.slice(1), { from: 'user' });
`;

function nightjar(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

describe('nightjar ctl', () => {
  it('does it, says so on stdout, and exits 0', async () => {
    const { code, stdout, stderr } = await nightjar(
      ...['ctl', 'disable_live', 'arb:SOL', '--reason', 'drill', '--data', edge.dataDir, '--json'],
    );

    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ action: 'disable_live', reason: 'drill', failedTraces: [] });
    expect(latchLevel(edge.boot.latch, 0)).toBe('permit');
  });

  it('hands arguments over as numbers, booleans and text', async () => {
    await nightjar(
      ...['ctl', 'trace', 'arb:SOL', '--arg', 'n=5', '--arg', 'all=true', '--arg', 'x=y=z', '--data', edge.dataDir],
    );

    expect(edge.heard.at(-1)).toMatchObject({ message: { args: { n: 5, all: true, x: 'y=z' } } });
  });

  it.each([
    ['1 for an unknown target', ['disable_live', 'arb:BTC'], 1, /use arb:SOL, arb:RAY/],
    ['2 for an unknown action', ['disable'], 2, /unknown: use one of/],
    ['2 for a malformed argument', ['trace', '--arg', 'n'], 2, /"n" is not name=value/],
  ])('exits %s', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await nightjar('ctl', ...args, '--data', edge.dataDir);

    // commander's own usage errors exit 1 without the program's top level, which maps them to 2.
    expect(code).toBe(stderr.startsWith('error:') ? 1 : expected);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
  });

  it('exits 3 when the core does not answer: whether it was done is unknown', async () => {
    edge.answerWith(() => null);

    const { code, stderr } = await nightjar('ctl', 'crash', 'lane:0', '--data', edge.dataDir);

    expect(code).toBe(3);
    expect(stderr).toContain('outcome unknown');
  });

  it('exits 1 and says what to do when nothing runs', async () => {
    openDataDir(edge.dataDir).writeEndpoint({
      pid: 2 ** 22 + 1,
      corePid: 1,
      url: 'http://127.0.0.1:9',
      run: 'r',
      startedAtMs: 0,
    });
    const gone = await nightjar('ctl', 'status', '--data', edge.dataDir);
    rmSync(join(edge.dataDir, 'endpoint.json'));
    const never = await nightjar('status', '--data', edge.dataDir);

    expect([gone.code, never.code]).toEqual([1, 1]);
    expect(gone.stderr).toMatch(/nothing runs on .*is gone/);
    expect(never.stderr).toMatch(/nothing runs on .*no endpoint.json.*\n.*nightjar start/);
  });
});

describe('nightjar status', () => {
  beforeEach(async () => {
    edge.post({ type: 'view', view: viewAt(performance.timeOrigin + performance.now()) });
    await edge.until(async () => (await edge.call('GET', '/api/status', { token: edge.tokens.read })).status === 200);
  });

  it('begins with the line that scripts read', async () => {
    const { code, stdout } = await nightjar('status', '--data', edge.dataDir);

    expect(code).toBe(0);
    // The lane of this test has reported nothing: the watcher is down.
    expect(stdout.split('\n')[0]).toBe('watcher=DOWN killswitch=UP 429=0 slot=OPEN net_edge_min_bps=38');
    expect(stdout).toMatch(/arb:SOL +idle +open +10 +3 +2 +1 +1 +0\.0700 +gross0 7, dry8 2/);
    expect(stdout).toContain('prove the plumbing, not a profit');
  });

  it('has everything as JSON', async () => {
    const { stdout } = await nightjar('status', '--json', '--data', edge.dataDir);

    expect(JSON.parse(stdout)).toMatchObject({
      core: { pid: process.pid },
      run: 'run-1',
      incarnation: 1,
      tree: [{ id: 'root' }],
      bots: { 'arb:SOL': { trades: 1 } },
      feeds: { 'okx SOL/USDT': { gaps: 0 } },
    });
  });
});
