import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createSlabs, type Dimensions } from '../src/telemetry/slab.ts';
import type { EdgeBoot, FromEdge, ToEdge } from '../src/workers/edgeMessages.ts';
import { createLatch } from '../src/workers/latchWords.ts';
import type { StatusView } from '../src/workers/statusView.ts';

export const dimensions: Dimensions = {
  bots: ['arb:SOL', 'arb:RAY'],
  pairs: ['SOL/USDT'],
  lanes: ['lane:0'],
  children: ['edge', 'lane:0', 'bot:arb:SOL', 'bot:arb:RAY'],
};

export const bots = [
  { id: 'bot:arb:SOL', slot: 0 },
  { id: 'bot:arb:RAY', slot: 1 },
];

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly rawBody?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the fake core does with a question: an answer, or silence. */
export type CoreAnswer = (
  message: Extract<FromEdge, { type: 'control' | 'latchChanged' }>,
) => { readonly status: number; readonly body: unknown } | null;

export interface EdgeUnderTest {
  readonly boot: EdgeBoot;
  readonly dataDir: string;
  readonly tokens: Readonly<Record<'read' | 'operate' | 'kill' | 'alertmanager', string>>;
  readonly port: number;
  /** Everything the edge said, in order. */
  readonly heard: FromEdge[];
  answerWith(answer: CoreAnswer): void;
  post(message: ToEdge): void;
  call(method: string, path: string, options?: CallOptions): Promise<HttpAnswer>;
  /** Polls a condition that must come true within 5 s. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  log(): string;
  latchFile(): unknown;
  stop(): Promise<void>;
}

const acknowledge: CoreAnswer = () => ({ status: 200, body: { journalled: true } });

export async function startEdge(more: Partial<EdgeBoot> & { readonly dataDir?: string } = {}): Promise<EdgeUnderTest> {
  const dataDir = more.dataDir ?? mkdtempSync(join(tmpdir(), 'nightjar-edge-'));
  const boot = edgeBoot(dataDir, more);
  const worker = new Worker(new URL('../src/workers/edgeEntry.ts', import.meta.url), {
    workerData: { module: new URL('../src/control/edgeThread.ts', import.meta.url).href, boot },
  });
  const post = (message: ToEdge) => worker.postMessage(message);
  const heard: FromEdge[] = [];
  let answer = acknowledge;
  worker.on('message', (message: FromEdge) => {
    heard.push(message);
    if (message.type !== 'control' && message.type !== 'latchChanged') return;
    const reply = answer(message);
    const { id } = message.type === 'control' ? message.message : message.cause;
    if (reply !== null) post({ type: 'controlReply', id, ...reply });
  });
  const exited = new Promise<number>((resolve) => worker.on('exit', resolve));
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  const first = heard[0]!;
  if (first.type === 'failed') {
    await exited;
    throw Object.assign(new Error(first.error.message), { code: first.error.code });
  }
  if (first.type !== 'ready') throw new Error(`edge began with ${first.type}`);
  const { port } = first;

  return {
    boot,
    dataDir,
    tokens: JSON.parse(readFileSync(boot.tokensPath, 'utf8')),
    port,
    heard,
    answerWith: (next) => {
      answer = next;
    },
    post,
    call: (method, path, options = {}) => call(port, method, path, options),
    async until(condition) {
      const endMs = performance.now() + 5_000;
      while (!(await condition())) {
        if (performance.now() > endMs) throw new Error(`not within 5 s: ${condition}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    log: () => readFileSync(boot.logPath, 'utf8'),
    latchFile: () => JSON.parse(readFileSync(boot.latchPath, 'utf8')),
    async stop() {
      post({ type: 'stop' });
      await exited;
      if (more.dataDir === undefined) rmSync(dataDir, { recursive: true });
    },
  };
}

export function edgeBoot(dataDir: string, more: Partial<EdgeBoot> = {}): EdgeBoot {
  return {
    incarnation: 1,
    run: 'run-1',
    dataDir,
    tokensPath: join(dataDir, 'tokens'),
    latchPath: join(dataDir, 'latch'),
    logPath: join(dataDir, 'log.jsonl'),
    logLevel: 'debug',
    port: 0,
    host: '127.0.0.1',
    latch: createLatch(bots.length),
    bots,
    slabs: createSlabs(dimensions),
    dimensions,
    version: '0.1.0',
    codeHash: 'c0de',
    configHash: 'c0nf',
    env: 'sim',
    ...more,
  };
}

function call(port: number, method: string, path: string, options: CallOptions): Promise<HttpAnswer> {
  const { token, body, rawBody, headers } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      },
    );
    request.on('error', reject);
    request.end(rawBody ?? (body === undefined ? undefined : JSON.stringify(body)));
  });
}

export function viewAt(atMs: number, more: Partial<StatusView> = {}): StatusView {
  const bot = {
    state: 'idle',
    slotOpen: true,
    netEdgeMinBps: 38,
    looks: 10,
    near: 3,
    auto: 2,
    go: 1,
    trades: 1,
    why: { gross0: 7, dry8: 2 },
    needDeltaPx: 0.04,
    standstill: null,
    quarantined: [],
    lastReasons: [{ atMs, end: 'gross0', value: -3.2, limit: 0, need: 3.2 }],
    ev: { spread: 0.1, adverse: -0.02, fees: -0.01, slippage: 0, net: 0.07 },
  };
  return {
    atMs,
    run: 'run-1',
    startedAtMs: atMs - 60_000,
    incarnation: 1,
    corePid: process.pid,
    mode: 'paper',
    env: 'sim',
    embedded: true,
    phase: 'running',
    guardianUp: true,
    tree: [
      {
        id: 'root',
        state: 'running',
        incarnation: 1,
        restarts: 0,
        children: [{ id: 'lane:0', state: 'running', incarnation: 2, restarts: 1 }],
      },
    ],
    bots: { 'bot:arb:SOL': bot, 'bot:arb:RAY': bot },
    restarts: 1,
    ...more,
  };
}
