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
    ['2 for an unknown target', ['disable_live', 'arb:BTC'], 2, /use arb:SOL, arb:RAY/],
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

  it('waits after a drain until no attempt is open', async () => {
    const view = viewAt(performance.timeOrigin + performance.now());
    const sol = view.bots['bot:arb:SOL']!;
    edge.post({
      type: 'view',
      view: { ...view, bots: { ...view.bots, 'bot:arb:SOL': { ...sol, state: 'go.firing' } } },
    });
    let ended = false;
    const draining = nightjar('ctl', 'drain', '--reason', 'x', '--data', edge.dataDir).finally(() => {
      ended = true;
    });
    await edge.until(async () => {
      const { text } = await edge.call('GET', '/metrics');
      return /nightjar_http_requests_total\{route="\/api\/status",status="2xx"\} ([3-9]|\d\d)/.test(text);
    });
    expect(ended).toBe(false);
    edge.post({ type: 'view', view });

    const { code, stderr } = await draining;
    expect([code, stderr]).toEqual([0, 'drained: no attempt is open\n']);
  });

  it('says it with the least role that suffices, and prints who, before → after and what it means', async () => {
    edge.post({ type: 'view', view: viewAt(performance.timeOrigin + performance.now()) });
    const closed = await nightjar('ctl', 'drain', 'arb:SOL', '--reason', 'drill', '--data', edge.dataDir);

    expect(closed.code, closed.stderr).toBe(0);
    expect(closed.stdout).toMatch(
      /permit +arb:SOL: open → closed\n[\s\S]*attempts under way finish[\s\S]*by +operate from 127/,
    );
    await nightjar('ctl', 'kill', 'arb:SOL', '--reason', 'enough', '--data', edge.dataDir);
    await nightjar('ctl', 'flatten', 'arb:SOL', '--reason', 'down', '--data', edge.dataDir);
    expect(edge.latchFile()).toMatchObject({ bots: { 'bot:arb:SOL': { level: 'flatten', by: 'kill' } } });
    expect(edge.log()).toContain('drain reason=drill bot=arb:SOL by=operate');
  });

  it('prints a plan and changes nothing', async () => {
    const orders = [
      { clientOrderId: 'nj1', venue: 'okx', pair: 'SOL/USDT', side: 'sell', effect: 'closing', qty: '1', filledQty: 0 },
    ];
    edge.answerWith(() => ({
      status: 200,
      body: [{ bot: 'bot:arb:SOL', state: 'go.firing', attemptOpen: true, orders }],
    }));
    const { code, stdout } = await nightjar('ctl', 'kill', '--plan', '--data', edge.dataDir);

    expect(code).toBe(0);
    expect(stdout).toContain('PLAN kill arb:SOL, arb:RAY: nothing was done');
    expect(stdout).toMatch(/permit +arb:SOL: open → kill/);
    expect(stdout).toMatch(
      /in flight bot:arb:SOL: go.firing, an attempt is open, 1 orders\n +nj1 okx sell 1 SOL\/USDT/,
    );
    expect(stdout).toMatch(/not +orders already handed to a venue/);
    expect(latchLevel(edge.boot.latch, 0)).toBe('open');
    expect((await nightjar('ctl', 'crash', 'lane:0', '--plan', '--data', edge.dataDir)).code).toBe(2);
  });

  it('asks for the phrase that lifts a kill, and takes it', async () => {
    await nightjar('ctl', 'kill', '--reason', 'x', '--data', edge.dataDir);
    const asked = await nightjar('ctl', 'enable_live', '--reason', 'ok', '--data', edge.dataDir);
    expect(asked.code).toBe(1);
    expect(latchLevel(edge.boot.latch, 0)).toBe('kill');

    const phrase = /--phrase '([^']+)'/.exec(asked.stderr)![1]!;
    const lifted = await nightjar('ctl', 'enable_live', '--phrase', phrase, '--reason', 'ok', '--data', edge.dataDir);
    expect([lifted.code, latchLevel(edge.boot.latch, 0)]).toEqual([0, 'open']);
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
  let telling: NodeJS.Timeout;
  beforeEach(async () => {
    // Again and again, as the core does: a view that ages while the command starts says that the core is gone.
    const tell = () => edge.post({ type: 'view', view: viewAt(performance.timeOrigin + performance.now()) });
    tell();
    telling = setInterval(tell, 500);
    await edge.until(async () => (await edge.call('GET', '/api/status', { token: edge.tokens.read })).status === 200);
  });
  afterEach(() => clearInterval(telling));

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
