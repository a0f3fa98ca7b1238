import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeCore } from '../src/composeCore.ts';
import { createLossDesk } from '../src/core/orderDeskLosses.ts';
import { createRandom } from '../src/domain/random.ts';
import type { CoreBoot, FromCore } from '../src/guardian/coreMessages.ts';
import { defaultRiskLimits } from '../src/risk/limits.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import { createWallPorts } from '../src/workers/gatewayPorts.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { startEdge } from './edgeHarness.ts';
import { type CommandResult, newDataDir, nightjar, runStart } from './nightjarProcess.ts';

let run: Awaited<ReturnType<typeof runStart>>;
beforeAll(async () => {
  run = await runStart(['--clock', 'virtual', '--for', '20s', '--seed', '7']);
});

describe('G1: where nothing may be sent there is nobody who could', () => {
  const demo = { apiKey: 'live-key', secret: 'live-secret' };
  const rest = { rest: 'http://127.0.0.1:9', ws: 'ws://127.0.0.1:9' };

  it.each(['replay', 'paper', 'shadow'] as const)(
    'makes no signer in mode %s, whatever keys are at hand',
    async (mode) => {
      const asked: string[] = [];
      const transport = {
        request: async ({ url }: { readonly url: string }) => {
          asked.push(url);
          throw new Error('nothing may be sent');
        },
        openSocket: () => {
          throw new Error('nothing may be sent');
        },
      };
      const endpoints = { binance: rest, okx: rest, bybit: rest, jupiter: rest };
      const keys = { binance: demo, okx: { ...demo, password: 'p' }, bybit: demo };
      const boot = { mode, env: 'sim', pairs: ['SOL/USDT'], endpoints, keys } as const;
      const made = createWallPorts(boot, { transport, clock: createWallClock(), metrics: silentMetrics });
      await expect(made).rejects.toMatchObject({ code: 'config.invalid', message: expect.stringContaining(mode) });
      expect(asked).toEqual([]);
    },
  );

  it.each(['replay', 'paper', 'shadow', 'canary'])(
    'starts nothing in mode %s: exit 2 before a process or a folder',
    async (mode) => {
      const dataDir = join(newDataDir(), 'none');
      const { code, stderr } = await nightjar('start', '--mode', mode, '--data', dataDir);
      expect([code, stderr]).toMatchObject([2, expect.stringContaining(`mode = ${mode}`)]);
      expect(existsSync(dataDir)).toBe(false);
    },
  );

  it('writes to no socket and loads no signer while it replays a run', async () => {
    const record = join(run.dataDir, 'egress.json');
    const verified = await withRecorder(record, () => nightjar('replay', run.runDir, '--verify'));
    expect(verified.code, verified.stderr).toBe(0);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual({ connects: [], signers: [] });
  });
});

/** Runs a command whose process notes each connection it opens and each module that could sign. */
async function withRecorder(file: string, command: () => Promise<CommandResult>): Promise<CommandResult> {
  const module = join(run.dataDir, 'egressRecorder.mjs');
  writeFileSync(
    module,
    `import net from 'node:net'; import { writeFileSync } from 'node:fs'; import { registerHooks } from 'node:module';
    const connects = [], signers = [];
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function (...args) { connects.push(JSON.stringify(args)); return connect.apply(this, args); };
    registerHooks({ load(url, context, next) { if (/node_modules.ccxt|gatewayEntry|ccxtClient/.test(url)) signers.push(url); return next(url, context); } });
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, JSON.stringify({ connects, signers })));`,
  );
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--import ${pathToFileURL(module).href}`;
  try {
    return await command();
  } finally {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  }
}

it('G3: no loss rule fires for a bot that has not traded: 1000 seeds of days, restarts of the net and limits', () => {
  let asked = 0;
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const random = createRandom(`flat/${seed}`);
    let nowMs = Date.UTC(2026, 0, 5) + random.int(86_400_000);
    const fired: unknown[] = [];
    const desk = createLossDesk({
      // However tight: nothing lost is within every limit.
      limits: {
        ...defaultRiskLimits,
        maxDailyLoss: random.int(2) * random.next(),
        maxDrawdown: random.int(2) * random.next(),
      },
      nowMs: () => nowMs,
      command: (command) => fired.push(command),
      alarm: (text) => fired.push(text),
    });
    for (let step = 0; step < 50; step += 1) {
      nowMs += random.int(7_200_000);
      if (random.int(3) > 0) desk.note('bot:flat', random.int(2) === 0 ? 0 : -0);
      expect(desk.of('bot:flat')).toEqual({ dayLoss: 0, drawdown: 0 });
      asked += 1;
    }
    expect(fired, `seed ${seed}`).toEqual([]);
  }
  expect(asked).toBe(50_000);
});

describe('G5: what only looks changes nothing, and says what it is', () => {
  /** Everything that is stored, but for SQLite's own lock words. */
  const stateHash = (folder: string) => {
    const hash = createHash('sha256');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const path = join(folder, name);
      if (!statSync(path).isFile() || name.endsWith('-shm')) continue;
      hash.update(`${name}\n`).update(readFileSync(path));
    }
    return hash.digest('hex');
  };

  it.each([
    ['replay', 'RUN', '--verify'],
    ['journal', 'verify', '--data', 'DATA'],
    ['journal', 'prune', '--plan', '--data', 'DATA'],
    ['why', 'arb:SOL', '--data', 'DATA'],
    ['funnel', '--data', 'DATA'],
    ['limits', 'test'],
  ])('%s %s %s', async (...command) => {
    const before = stateHash(run.dataDir);
    const args = command.map((part) => part.replace('RUN', run.runDir).replace('DATA', run.dataDir));
    const { code, stdout, stderr } = await nightjar(...args);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout + stderr).not.toMatch(/\bLIVE\b/);
    expect(stateHash(run.dataDir)).toBe(before);
  });

  it('the plan of a permit verb touches neither latch words nor files', async () => {
    const edge = await startEdge();
    try {
      const before = [stateHash(edge.dataDir).length, [...new Int32Array(edge.boot.latch)], readdirSync(edge.dataDir)];
      const files = () => readdirSync(edge.dataDir).filter((name) => name !== 'log.jsonl');
      const latchBefore = existsSync(edge.boot.latchPath) ? readFileSync(edge.boot.latchPath, 'utf8') : null;
      for (const action of ['kill', 'flatten', 'drain', 'disable_live', 'enable_live']) {
        const answer = await edge.call('POST', '/control', {
          token: edge.tokens.kill,
          body: { action, args: { plan: true } },
        });
        expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { plan: true }]);
      }
      expect([...new Int32Array(edge.boot.latch)]).toEqual(before[1]);
      expect(existsSync(edge.boot.latchPath) ? readFileSync(edge.boot.latchPath, 'utf8') : null).toBe(latchBefore);
      expect(files()).toEqual((before[2] as string[]).filter((name) => name !== 'log.jsonl'));
      expect(edge.heard.filter(({ type }) => type === 'latchChanged')).toEqual([]);
    } finally {
      await edge.stop();
    }
  });

  it('a run’s first line names its mode, its venues and its clock as they are', () => {
    expect(run.result.stderr).toMatch(/clock virtual {2}mode live {2}env sim/);
    expect(run.result.stderr).toContain('prove the plumbing, not a profit');
  });
});

describe('G6: one part of an older build', () => {
  const bootOf = (env: string) =>
    ({
      ...{ incarnation: 2, run: 'r', runTag: 'testtest', runDir: join(run.dataDir, 'g6'), dataDir: run.dataDir },
      ...{ clock: 'virtual', settings: { env }, kernel: {}, port: 0, logLevel: 'silent', endpoints: null },
      ...{ version: '0', codeHash: 'f'.repeat(64), configHash: '', forMs: 1, drills: [] },
    }) as unknown as CoreBoot;
  const start = async (env: string) => {
    const said: FromCore[] = [];
    const host = {
      send: (message: FromCore) => said.push(message),
      isGuarded: () => true,
      leave() {},
      onStoppable() {},
    };
    const error = await composeCore(bootOf(env), host).then(
      () => null,
      (caught: unknown) => caught,
    );
    return { said, error };
  };

  it.each(['testnet', 'mainnet'])(
    'does not trade on %s: it refuses before it opens anything, and names both builds',
    async (env) => {
      const { said, error } = await start(env);
      expect(error).toMatchObject({ code: 'build.mismatch', message: expect.stringContaining('(ffffffffffff)') });
      expect(said).toEqual([]);
      expect(existsSync(join(run.dataDir, 'g6'))).toBe(false);
    },
  );

  it('is said, where no money moves', async () => {
    const { said } = await start('sim');
    expect(said[0]).toMatchObject({ type: 'notice', line: expect.stringContaining('is not that of the run') });
  });
});
