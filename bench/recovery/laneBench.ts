import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import type { ExitReason } from '../../src/domain/exitReason.ts';
import { createSlab, type Dimensions, slabLayout } from '../../src/telemetry/slab.ts';
import { createLaneHost } from '../../src/workers/laneHost.ts';
import type { LaneBoot } from '../../src/workers/laneMessages.ts';
import { createWallClock } from '../../src/workers/wallClock.ts';
import { type BenchSection, compare, median } from '../section.ts';

const LANE = 'lane:0';
const DIMENSIONS: Dimensions = { bots: [], pairs: [], lanes: [LANE], children: [] };
const SPINNING =
  'data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.postMessage(0); for (;;);';
const EMPTY = 'data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.postMessage(0);';

/**
 * A lane whose thread really spins is found out by its watchdog, ended, and the next incarnation beats. Measured from the
 * moment in which the watchdog ends the thread; the peer ends a spinning worker that holds nothing, and starts another.
 */
export const laneSection: BenchSection = {
  title: 'Recovery: hung lane ended and replaced, against terminate + start of an empty worker',
  async run({ quick }) {
    const rounds = quick ? 1 : 9;
    const ours: number[] = [];
    const detections: number[] = [];
    const peer: number[] = [];
    await using lane = await startWatchedLane();
    for (let round = -1; round < rounds; round += 1) {
      const { replacedMs, detectedMs } = await lane.spinAndReplace();
      const peerMs = await replaceEmptyWorker();
      if (round < 0) continue;
      ours.push(replacedMs);
      detections.push(detectedMs);
      peer.push(peerMs);
    }
    const ms = (tookMs: readonly number[]) => median(tookMs).toFixed(1);
    const row = {
      name: 'ended → the next incarnation beats',
      ...compare(ours, peer),
      floor: 1 / 5,
      aim: 1 / 2,
      absolutes: `${ms(ours)} ms against ${ms(peer)}`,
    };
    const found = `${ms(detections)} ms (${Math.min(...detections).toFixed(0)}–${Math.max(...detections).toFixed(0)})`;
    const notes = [
      `each lane spun, was ended for that by its watchdog, and the next incarnation said ready; detection ${found}`,
    ];
    return { rows: [row], notes };
  },
};

/** A lane without bots, since what it watches is no part of the question; its venues answer nothing. */
async function startWatchedLane() {
  const venues = http.createServer((_request, response) => response.writeHead(503).end());
  await new Promise<void>((resolve) => venues.listen(0, '127.0.0.1', resolve));
  const { port } = venues.address() as AddressInfo;
  const venue = { rest: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` };
  const bootOf = (incarnation: number): LaneBoot => ({
    lane: LANE,
    incarnation,
    endpoints: { binance: venue, okx: venue, bybit: venue, jupiter: venue },
    instruments: [],
    bots: [],
  });
  let exited = Promise.withResolvers<ExitReason>();
  const host = createLaneHost({
    clock: createWallClock(),
    slab: { kind: 'lane', thread: LANE, buffer: createSlab(slabLayout('lane', LANE, DIMENSIONS)) },
    dimensions: DIMENSIONS,
    onEvaluation: () => {},
    onMessage: () => {},
    onExit: (reason) => exited.resolve(reason),
  });
  let incarnation = 1;
  await host.start(bootOf(incarnation));
  return {
    async spinAndReplace(): Promise<{ readonly replacedMs: number; readonly detectedMs: number }> {
      exited = Promise.withResolvers();
      const watch = noteTermination();
      try {
        const askedMs = performance.now();
        host.drill('spin');
        const reason = await exited.promise;
        assert.match(reason.kind === 'crash' ? reason.error.message : reason.kind, /lane:0 spins/);
        incarnation += 1;
        await host.start(bootOf(incarnation));
        const endedMs = watch.atMs();
        return { replacedMs: performance.now() - endedMs, detectedMs: endedMs - askedMs };
      } finally {
        watch[Symbol.dispose]();
      }
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      venues.closeAllConnections();
      await new Promise((resolve) => venues.close(resolve));
    },
  };
}

/** When the first worker of this process is ended by force: whoever decides it does so with this call. */
function noteTermination() {
  const { terminate } = Worker.prototype;
  let atMs: number | null = null;
  Worker.prototype.terminate = function (this: Worker) {
    atMs ??= performance.now();
    return terminate.call(this);
  };
  return {
    atMs(): number {
      assert.notEqual(atMs, null, 'the watchdog ended a thread');
      return atMs!;
    },
    [Symbol.dispose]() {
      Worker.prototype.terminate = terminate;
    },
  };
}

/** @returns milliseconds from the decision to end a spinning worker until another one has said something */
async function replaceEmptyWorker(): Promise<number> {
  const spinning = new Worker(new URL(SPINNING));
  await firstMessage(spinning);
  const startMs = performance.now();
  await spinning.terminate();
  const next = new Worker(new URL(EMPTY));
  await firstMessage(next);
  const tookMs = performance.now() - startMs;
  await next.terminate();
  return tookMs;
}

const firstMessage = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
