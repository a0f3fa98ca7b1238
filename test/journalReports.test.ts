import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDataDir } from '../src/journal/dataDir.ts';
import { makeRow, makeTempDir } from '../src/journal/journalTestRows.ts';
import { createJournalWriter } from '../src/journal/journalWriter.ts';
import type { JournalRow } from '../src/journal/rows.ts';
import { type RunManifest, writeManifest } from '../src/journal/runManifest.ts';
import { summariseRun } from '../src/journal/summariseRun.ts';

const START_MS = Date.UTC(2026, 0, 5, 14, 30);
const bin = fileURLToPath(new URL('../bin/nightjar.js', import.meta.url));

function nightjar(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** A run of two bots, of which RAY has not looked yet. */
function writeRun(
  data: string,
  folder: string,
  ended: RunManifest['ended'],
  decisions: readonly Partial<JournalRow>[],
): string {
  const dataDir = createDataDir(data);
  dataDir.createRunFolder(folder);
  const runDir = dataDir.runDir(folder);
  const manifest = {
    manifestVersion: 1,
    run: folder,
    folder,
    runTag: 'abcdefgh',
    startedAtMs: START_MS,
    ended,
    clock: 'wall',
    mode: 'live',
  };
  writeManifest(runDir, manifest as RunManifest);
  const writer = createJournalWriter(join(runDir, 'journal.sqlite'), { synchronous: 'FULL' });
  writer.append([
    makeRow('inputs', 1, { kind: 'core.started', payload: {} }),
    ...decisions.map((row, i) => makeRow('decisions', i + 1, { timeMs: START_MS + i * 1000, ...row })),
    makeRow('crashes', 1, { subject: 'lane:0', kind: 'crash' }),
    makeRow('crashes', 2, { subject: 'lane:0', kind: 'restarted' }),
    makeRow('crashes', 3, { subject: 'lane:0', kind: 'crash' }),
  ]);
  writer.close();
  return runDir;
}

const look = (lookId: number, end: string, change: object = {}): Partial<JournalRow> => ({
  kind: 'look.ended',
  payload: {
    lookId,
    end,
    beganAtMs: START_MS + lookId * 1000 - 1200,
    value: null,
    limit: null,
    need: null,
    needDeltaPx: null,
    ...change,
  },
});
const episode = (kind: string, number: number): Partial<JournalRow> => ({
  kind,
  payload: { episode: number, snapshot: null },
});
const decisions: Partial<JournalRow>[] = [
  look(1, 'gross10', { value: 4.25, limit: 10, need: 5.75, needDeltaPx: 0.62 }),
  look(2, 'stale', { value: 1200, limit: 1000, need: 200 }),
  episode('near', 1),
  look(3, 'dry8', { value: 7.5, limit: 8, need: 0.5, needDeltaPx: 0.03 }),
  episode('auto', 1),
  { kind: 'look.pending', payload: { lookId: 4, beganAtMs: START_MS, needDeltaPx: 0 } },
  episode('go', 1),
  look(4, 'trade', { needDeltaPx: 0 }),
  {
    kind: 'attempt.closed',
    payload: {
      attempt: 1,
      lookId: 4,
      notional: 10,
      spread: 0.05,
      adverse: -0.01,
      fees: -0.012,
      slippage: 0,
      net: 0.028,
      execLog: {},
    },
  },
  { kind: 'look.pending', payload: { lookId: 5, beganAtMs: START_MS + 8900, needDeltaPx: 0 } },
];

let data: string;
let runDir: string;
beforeAll(() => {
  data = makeTempDir();
  runDir = writeRun(data, '20260105T143000Z-aaaa', 'clean', decisions);
});

describe('run summary', () => {
  it('counts every look once, the one that never ended as crashed', () => {
    const summary = summariseRun(runDir, ['bot:arb:SOL', 'bot:arb:RAY']);
    expect(summary.bots['arb:SOL']).toEqual({
      looks: 5,
      open: 0,
      near: 1,
      auto: 1,
      go: 1,
      trades: 1,
      incomplete: { attempts: 0, unrealisedNet: 0 },
      why: { crashed: 1, dry8: 1, gross10: 1, stale: 1 },
      ev: { spread: 0.05, adverse: -0.01, fees: -0.012, slippage: 0, net: 0.028 },
    });
    expect(summary.bots['arb:RAY']).toMatchObject({ looks: 0, trades: 0, why: {}, ev: { net: 0 } });
    expect(summary.restarts).toEqual({ 'lane:0': 1 });
    expect(summary.decisionsHash).toMatch(/^[0-9a-f]{64}$/);
    expect(summary.commandsHash).not.toBe(summary.decisionsHash);
  });

  it('tells the net of a position that stayed open from what was earned', () => {
    const parts = { spread: 0.06, adverse: 0, fees: 0, slippage: 0, net: 0.06 };
    const left = { attempt: 2, lookId: 6, residual: true, notional: 10, ...parts, execLog: {} };
    const rows = [...decisions, look(6, 'incomplete'), { kind: 'attempt.closed', payload: left }];
    expect(summariseRun(writeRun(makeTempDir(), 'r', 'clean', rows)).bots['arb:SOL']).toMatchObject({
      looks: 6,
      trades: 1,
      incomplete: { attempts: 1, unrealisedNet: 0.06 },
      why: { incomplete: 1 },
      ev: { net: 0.088 },
    });
  });

  it('leaves a pending look open while the run goes on', () => {
    const going = writeRun(makeTempDir(), 'r', 'running', decisions);
    expect(summariseRun(going).bots['arb:SOL']).toMatchObject({ looks: 5, open: 1, trades: 1, why: { dry8: 1 } });
  });
});

describe('nightjar funnel', () => {
  it('prints the stages, the reasons, what was missing and the last trades', () => {
    const { status, stdout, stderr } = nightjar('funnel', 'arb:SOL', '--data', data);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain('arb:SOL · run 20260105T143000Z-aaaa (live, ended clean), last 5 looks');
    expect(stdout).toMatch(/ {2}auto +1 +100\.0 %\n/);
    expect(stdout).toMatch(/ {2}gross10 +1 +20\.0 %\n/);
    expect(stdout).toMatch(/need_delta_px {2}p10 0\.0000 {2}p50 0\.015\d/);
    expect(stdout).toContain('last 1 trade   won 100.0 %, mean net +0.028000 USDT (no interval from one trade)');
    expect(stdout).not.toContain('MIXED');
  });

  it('takes the tree id too, and answers in JSON', () => {
    const { status, stdout } = nightjar('funnel', 'bot:arb:SOL', '--data', data, '--last', '2', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      run: '20260105T143000Z-aaaa',
      bots: [{ bot: 'arb:SOL', window: { asked: 2, looks: 2 }, trades: 1, mixedSources: false }],
    });
  });

  it('flags a funnel that does not add up', () => {
    const mixed = makeTempDir();
    writeRun(mixed, 'r', 'clean', [look(1, 'gross0'), episode('go', 3)]);
    expect(nightjar('funnel', '--data', mixed).stdout).toContain(
      'MIXED SOURCES: this funnel does not add up (go in episode 3',
    );
  });

  it('says that a run which nobody runs any more was killed', () => {
    const killed = makeTempDir();
    writeRun(killed, 'r', 'running', decisions);
    const { stdout } = nightjar('funnel', '--data', killed);
    expect(stdout).toContain('(live, ended killed)');
    expect(stdout).toMatch(/crashed +1/);
  });

  it('says when and why there is nothing', () => {
    const empty = makeTempDir();
    writeRun(empty, 'r', 'clean', []);
    const { status, stdout } = nightjar('funnel', '--data', empty);
    expect(status).toBe(0);
    expect(stdout).toContain('has no look records');
  });

  it.each([
    [['--data', '/nowhere/at/all'], 1, 'there is none'],
    [['--run', 'zzz'], 1, 'there are 20260105T143000Z-aaaa'],
    [['arb:XYZ'], 2, 'name one of arb:SOL'],
    [['--last', '0'], 2, 'is not a whole number from 1'],
  ])('answers %j with exit code %i and a remedy', (args, code, message) => {
    const { status, stdout, stderr } = nightjar(
      'funnel',
      ...(args.includes('--data') ? [] : ['--data', data]),
      ...args,
    );
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('nightjar why', () => {
  it('lists the nearest misses first, with value, limit, need and unit', () => {
    const { status, stdout } = nightjar('why', 'arb:SOL', '--data', data);
    expect(status).toBe(0);
    const list = stdout.slice(stdout.indexOf('nearest misses first')).split('\n').slice(2);
    expect(list[0]).toMatch(/crashed/);
    expect(list[1]).toMatch(/14:30:03\.000 +dry8 +7\.5 +8 +0\.5 +bp +0\.0300/);
    expect(list[2]).toMatch(/gross10 +4\.25 +10 +5\.75 +bp +0\.6200/);
    expect(list[3]).toMatch(/stale +1200 +1000 +200 +ms +–/);
  });

  it('shows the looks around a time', () => {
    const { stdout } = nightjar('why', 'arb:SOL', '--data', data, '--at', '14:30:01', '--last', '2', '--json');
    expect(JSON.parse(stdout).misses.map(({ end }: { end: string }) => end)).toEqual(['stale', 'dry8']);
  });

  it.each(['yesterday', '25:00', '2026-13-40T00:00'])('refuses the time %s as usage', (time) => {
    const { status, stderr } = nightjar('why', 'arb:SOL', '--data', data, '--at', time);
    expect(status).toBe(2);
    expect(stderr).toContain('is no time: write 2026-01-05T14:31:00Z');
  });
});
