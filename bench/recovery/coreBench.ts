import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchSection, compare, median } from '../section.ts';

const BIN = fileURLToPath(new URL('../../bin/nightjar.js', import.meta.url));
/** Far above what a slow machine needs: a core that does not come back must fail the bench, not hang it. */
const GIVE_UP_MS = 60_000;

interface Core {
  readonly corePid: number;
  readonly url: string;
}

/**
 * The core of a running `nightjar start` gets SIGKILL; measured until the next core's edge answers `GET /healthz`, with
 * all that lies between: the rescue that cancels and proves at the venues, the guardian's delay of 100 ms, the start. The
 * peer is an empty Node program, started and ended.
 */
export const coreSection: BenchSection = {
  title: 'Recovery: killed core → the next one is alive, against an empty Node program',
  async run({ quick }) {
    const rounds = quick ? 1 : 7;
    const ours: number[] = [];
    const ready: number[] = [];
    const peer: number[] = [];
    {
      await using run = await startRun();
      for (let round = quick ? 0 : -1; round < rounds; round += 1) {
        const back = await run.killCore();
        const peerMs = await emptyNode();
        if (round < 0) continue;
        ours.push(back.aliveMs);
        ready.push(back.readyMs);
        peer.push(peerMs);
      }
    }
    const row = (name: string, tookMs: readonly number[]) => ({
      name,
      ...compare(tookMs, peer),
      absolutes: `${median(tookMs).toFixed(0)} ms against ${median(peer).toFixed(0)}`,
    });
    const rows = [
      { ...row('killed → edge answers', ours), floor: 1 / 20, aim: 1 / 8 },
      row('killed → reconciled and ready to trade', ready),
    ];
    return { rows, notes: ['embedded venues, no order open; each core was another process and the next incarnation'] };
  },
};

async function startRun() {
  const dataDir = mkdtempSync(join(tmpdir(), 'nightjar-bench-core-'));
  const args = ['start', '--seed', '7', '--port', '0', '--data', dataDir, '--core-restarts', '1000/1s'];
  const process = spawn(globalThis.process.execPath, [BIN, ...args], {
    env: { ...globalThis.process.env, NIGHTJAR_CONFIG: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = listen(process);
  await said.saw(/READY /);
  let incarnation = 1;
  return {
    async killCore(): Promise<{ readonly aliveMs: number; readonly readyMs: number }> {
      const before = coreOf(dataDir)!;
      const startMs = performance.now();
      globalThis.process.kill(before.corePid, 'SIGKILL');
      await untilAlive(dataDir, before.corePid);
      const aliveMs = performance.now() - startMs;
      incarnation += 1;
      await said.saw(new RegExp(`READY again, core incarnation ${incarnation}\\b`));
      return { aliveMs, readyMs: performance.now() - startMs };
    },
    async [Symbol.asyncDispose]() {
      process.kill('SIGTERM');
      await said.ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Until another core than this one answers at the address that clients are told. */
async function untilAlive(dataDir: string, deadPid: number): Promise<void> {
  const giveUpAtMs = performance.now() + GIVE_UP_MS;
  while (performance.now() < giveUpAtMs) {
    const core = coreOf(dataDir);
    if (core !== null && core.corePid !== deadPid) {
      const answer = await fetch(`${core.url}/healthz`).catch(() => null);
      if (answer?.ok) {
        assert.deepEqual(await answer.json(), { alive: true });
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`no core answered within ${GIVE_UP_MS / 1000} s after the last one was killed`);
}

/** Null while the file is being written. */
function coreOf(dataDir: string): Core | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'endpoint.json'), 'utf8')) as Core;
  } catch {
    return null;
  }
}

/** @returns milliseconds from start to end */
function emptyNode(): Promise<number> {
  const startMs = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve(performance.now() - startMs);
      else reject(new Error(`the empty program ended with ${code}`));
    });
  });
}

function listen(child: ChildProcess) {
  let text = '';
  let look = () => {};
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      look();
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    ended,
    saw(pattern: RegExp): Promise<void> {
      const seen = new Promise<void>((resolve) => {
        look = () => {
          if (pattern.test(text)) resolve();
        };
        look();
      });
      const early = ended.then(() => Promise.reject(new Error(`ended without ${pattern}:\n${text}`)));
      return Promise.race([seen, early]);
    },
  };
}
