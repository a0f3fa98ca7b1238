import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nightjar } from './nightjarProcess.ts';

describe('the command line', () => {
  it('fails, and says so, when a recording holds nothing that can be read', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nightjar-replay-'));
    const empty = join(dir, 'empty.txt');
    writeFileSync(empty, '');
    const { code, stderr } = await nightjar('replay', empty);
    expect(code).toBe(1);
    expect(stderr).toContain('nothing could be read');
    rmSync(dir, { recursive: true });
  });

  it('lists its commands', async () => {
    const { code, stdout } = await nightjar('--help');
    expect(code).toBe(0);
    for (const command of ['start', 'sim', 'replay', 'status', 'ctl', 'funnel', 'why', 'config']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
  });

  it.each([
    [['strat'], 'unknown command', 'start'],
    [['config', 'print', '--prot', '1'], 'unknown option', '--port'],
    [['config', 'print', '--set', 'bots.arb.netEdgMinBps=1'], 'config.invalid', 'bots.arb.netEdgeMinBps?'],
    [['config', 'explain', 'bots.arb.guardMS2'], 'config.invalid', 'bots.arb.guardMs?'],
    [['config', 'print', '--config', '/nowhere/x.yaml'], 'no such file', '--config'],
    [['start', '--port', '99999'], 'config.invalid', '65535'],
    [['start', '--set', 'bots.arb.ladderNotional=9'], 'bots.arb.SOL.ladderNotional', 'raise ladderNotional to 10'],
    [['start', '--set', 'bots.arb.ladderNotional=-1'], 'bots.arb.ladderNotional', '0.01'],
    [['start', '--set', 'bots.arb.cexFeeBps=40'], 'netEdgeMinBps', 'raise netEdgeMinBps'],
  ])('%j is a usage error: exit 2, one message with a remedy, nothing on stdout', async (args, message, remedy) => {
    const { code, stdout, stderr } = await nightjar(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain(remedy);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('prints its version', async () => {
    expect((await nightjar('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('nightjar config', () => {
  it('print shows value, unit and origin, and keeps its talk off stdout', async () => {
    const { code, stdout, stderr } = await nightjar('config', 'print', '--set', 'bots.arb.SOL.nearPx=0.06');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bots\.arb\.SOL\.nearPx +0\.06 +USDT +flag \(--set\)$/m);
    expect(stdout).toMatch(/^bots\.arb\.RAY\.slot +allDay +default \(embedded venues: open all day\)$/m);
    expect(stderr).toContain('info: bots.arb.SOL.slot = allDay');
    expect(stdout).not.toContain('info:');
  });

  it('print --json can be read back', async () => {
    const { stdout } = await nightjar('config', 'print', '--json', '--seed', '9');
    const printed = JSON.parse(stdout) as { hash: string; values: { path: string; value: unknown; origin: string }[] };
    expect(printed.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(printed.values.find(({ path }) => path === 'seed')).toMatchObject({ value: 9, origin: 'flag' });
  });

  it('explain tells meaning, limits, all ways to set it, and the value now', async () => {
    const { stdout } = await nightjar('config', 'explain', 'bots.arb.guardMs');
    expect(stdout).toContain('a number from 100 to 60000 ms; default 1000');
    expect(stdout).toContain('NIGHTJAR_BOTS_ARB_GUARD_MS or GUARD_SEC');
    expect(stdout).toContain('now bots.arb.SOL.guardMs = 1000, from default');
  });

  it('schema is a JSON Schema that knows no other keys', async () => {
    const schema = JSON.parse((await nightjar('config', 'schema')).stdout) as Record<string, unknown>;
    expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(schema.properties).toHaveProperty('bots.properties.arb.properties.SOL.properties.nearPx.maximum', 1000);
  });
});

describe('nightjar replay', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightjar-replay-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const depth = (first: number, last: number) =>
    JSON.stringify({
      stream: 'btcusdt@depth@100ms',
      data: {
        e: 'depthUpdate',
        E: 1723161253000,
        s: 'BTCUSDT',
        U: first,
        u: last,
        b: [['61000.01000000', '1.50000000']],
        a: [['61000.02000000', '0.25000000']],
      },
    });
  const snapshot = JSON.stringify({
    lastUpdateId: 100,
    bids: [['61000.00000000', '2.00000000']],
    asks: [['61000.03000000', '1.00000000']],
  });
  const lineOf = (frame: string, index: number) => `${1723161253937000000n + BigInt(index) * 100_000_000n} ${frame}`;

  function recordingOf(frames: readonly string[], name: string): string {
    const path = join(folder, name);
    writeFileSync(path, gzipSync(`${frames.map(lineOf).join('\n')}\n`));
    return path;
  }

  it('counts what a recording holds, and names the line that is broken', async () => {
    const file = recordingOf([snapshot, depth(101, 102), '{"torn', depth(103, 104)], 'good.gz');
    const { code, stdout } = await nightjar('replay', file, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ lines: 4, depthUpdates: 2, gaps: 0, crossed: 0, badLineCount: 1 });
    expect(JSON.parse(stdout).badLines[0]).toMatchObject({ line: 3 });
    const text = (await nightjar('replay', file)).stdout;
    expect(text).toMatch(/binance spot +BTCUSDT/);
    expect(text).toMatch(/good\.gz:3 \(byte \d+\)/);
  });

  it('sees the gap where a frame is missing', async () => {
    const file = recordingOf([snapshot, depth(101, 102), depth(105, 106)], 'gap.gz');
    expect(JSON.parse((await nightjar('replay', file, '--json')).stdout).gaps).toBe(1);
  });

  it('fails with one message on a file that is not there, and on a folder that is no run', async () => {
    const missing = await nightjar('replay', join(folder, 'none.gz'));
    expect([missing.code, missing.stdout]).toEqual([1, '']);
    expect(missing.stderr).toContain('data.unreadable');
    const noRun = await nightjar('replay', folder, '--verify');
    expect(noRun.code).toBe(1);
    expect(noRun.stderr).toContain('without manifest.json');
  });
});
