import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ARB_EVALUATION_WORDS } from '../src/strategies/arb/arbEvaluation.ts';
import { createRingBuffer, createRingConsumer } from '../src/workers/ring.ts';
import type { RingBenchOrder } from './ringWorker.ts';
import type { BenchRow, BenchSection } from './section.ts';
import { compare, median } from './section.ts';

const ROUNDS = 5;
const PACED = 1000;
const FLOOD_RING = 1_000_000;
const FLOOD_POST = 50_000;
const ROUND_TRIPS = 1000;
const workerUrl = new URL('./ringWorker.ts', import.meta.url);
const nowMs = () => performance.timeOrigin + performance.now();

/**
 * A lane's record on its way to the core's thread: our ring against `postMessage` of the same figures as an object, and
 * against a `piscina.run` round trip. Paced at 1000/s for latency, flooded for the rate.
 */
export const ringSection: BenchSection = {
  title: 'thread crossing: ring, postMessage, piscina.run',
  async run() {
    const ring: Latencies = { p50: [], p99: [] };
    const post: Latencies = { p50: [], p99: [] };
    const run: Latencies = { p50: [], p99: [] };
    const ringMs: number[] = [];
    const postMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      note(ring, await pacedRing());
      note(post, await pacedPost());
      note(run, await piscinaRoundTrips());
      ringMs.push((await floodRing()) / FLOOD_RING);
      postMs.push((await floodPost()) / FLOOD_POST);
    }
    const rate = (msPerRecord: readonly number[]) => `${Math.round(1 / median(msPerRecord)).toLocaleString('en')} k/s`;
    const rows: BenchRow[] = [
      {
        name: 'latency p50: ring one way against piscina.run round trip',
        ...compare(ring.p50, run.p50),
        absolutes: `${us(ring.p50)} against ${us(run.p50)} µs (p99 ${us(ring.p99)} against ${us(run.p99)})`,
      },
      {
        name: 'latency p50: ring against postMessage, both one way',
        ...compare(ring.p50, post.p50),
        absolutes: `${us(ring.p50)} against ${us(post.p50)} µs`,
      },
      {
        name: 'latency p99: ring against postMessage, both one way',
        ...compare(ring.p99, post.p99),
        absolutes: `${us(ring.p99)} against ${us(post.p99)} µs`,
      },
      {
        name: 'rate: ring against postMessage of objects, flooded',
        ...compare(ringMs, postMs),
        floor: 5,
        absolutes: `${rate(ringMs)} against ${rate(postMs)}`,
      },
    ];
    return { rows, notes: [`records of ${ARB_EVALUATION_WORDS} float64; paced: ${PACED} at 1000/s, ${ROUNDS} rounds`] };
  },
};

interface Latencies {
  readonly p50: number[];
  readonly p99: number[];
}

function note(into: Latencies, samples: Float64Array): void {
  samples.sort();
  into.p50.push(samples[Math.floor(samples.length * 0.5)]!);
  into.p99.push(samples[Math.floor(samples.length * 0.99)]!);
}

const us = (ms: readonly number[]) => (median(ms) * 1000).toFixed(1);

async function startProducer(order: Omit<RingBenchOrder, 'ring' | 'words'>) {
  const ring = createRingBuffer(1024, ARB_EVALUATION_WORDS);
  const workerData: RingBenchOrder = { ...order, ring, words: ARB_EVALUATION_WORDS };
  const worker = new Worker(workerUrl, { workerData });
  await new Promise((resolve, reject) => {
    worker.once('online', resolve);
    worker.once('error', reject);
  });
  return { worker, consumer: createRingConsumer(ring) };
}

async function pacedRing(): Promise<Float64Array> {
  const samples = new Float64Array(PACED);
  const { worker, consumer } = await startProducer({ via: 'ring', mode: 'paced', count: PACED });
  worker.postMessage('go');
  for (let got = 0; got < PACED; ) {
    const taken = consumer.drain((words, offset) => {
      samples[got++] = nowMs() - words[offset]!;
    }, 64);
    if (taken === 0) await consumer.arm();
  }
  await worker.terminate();
  return samples;
}

async function pacedPost(): Promise<Float64Array> {
  const samples = new Float64Array(PACED);
  const { worker } = await startProducer({ via: 'post', mode: 'paced', count: PACED });
  await received(worker, PACED, (record, i) => {
    samples[i] = nowMs() - record.sentAtMs;
  });
  return samples;
}

/** @returns ms until the last record was in the consumer's hands */
async function floodRing(): Promise<number> {
  const { worker, consumer } = await startProducer({ via: 'ring', mode: 'flood', count: FLOOD_RING });
  let sum = 0;
  let startMs = 0;
  worker.postMessage('go');
  for (let got = 0; got < FLOOD_RING; ) {
    const taken = consumer.drain((words, offset) => {
      if (got === 0) startMs = nowMs();
      got += 1;
      sum += words[offset + 1]!;
    }, 1024);
    if (taken === 0) await consumer.arm();
  }
  const tookMs = nowMs() - startMs;
  await worker.terminate();
  if (sum !== FLOOD_RING) throw new Error(`ring flood: checksum ${sum}, expected ${FLOOD_RING}`);
  return tookMs;
}

async function floodPost(): Promise<number> {
  const { worker } = await startProducer({ via: 'post', mode: 'flood', count: FLOOD_POST });
  let startMs = 0;
  await received(worker, FLOOD_POST, (_record, i) => {
    if (i === 0) startMs = nowMs();
  });
  return nowMs() - startMs;
}

async function received(
  worker: Worker,
  count: number,
  take: (record: { readonly sentAtMs: number }, index: number) => void,
): Promise<void> {
  let got = 0;
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (record: { readonly sentAtMs: number }) => {
      take(record, got++);
      if (got === count) resolve();
    });
    worker.postMessage('go');
  });
  await worker.terminate();
}

async function piscinaRoundTrips(): Promise<Float64Array> {
  const pool = new Piscina({ filename: workerUrl.href, minThreads: 1, maxThreads: 1, atomics: 'disabled' });
  const samples = new Float64Array(ROUND_TRIPS);
  for (let i = 0; i < 100; i += 1) await pool.run(0);
  for (let i = 0; i < ROUND_TRIPS; i += 1) {
    const sentAtMs = nowMs();
    await pool.run(sentAtMs);
    samples[i] = nowMs() - sentAtMs;
    // Paced like the others: an idle moment between two, in which the worker falls asleep.
    await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
  await pool.destroy();
  return samples;
}
