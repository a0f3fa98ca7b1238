import assert from 'node:assert/strict';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson } from '../../src/journal/canonicalJson.ts';
import { createJournalWriter } from '../../src/journal/journalWriter.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import { silentMetrics } from '../../src/telemetry/metricSink.ts';
import type { FromJournal } from '../../src/workers/journalMessages.ts';
import { createJournalThread } from '../../src/workers/journalThread.ts';
import { createWallClock } from '../../src/workers/wallClock.ts';
import { type BenchSection, compare, median, quantile } from '../section.ts';

const BATCH = 100;
/** What one group commit may cost, 99th percentile, checkpoints included. */
const LIMIT_MS = 5;

/**
 * Groups of 100 rows through the journal thread's own logic (canonical JSON, chain, SQLite with synchronous=FULL, its
 * checkpoints), each durable before the next comes; the peer appends the same text to a file and calls fdatasync.
 */
export const journalSection: BenchSection = {
  title: 'Journal: groups of 100 rows made durable, against append + fdatasync of the same bytes',
  async run({ quick }) {
    const rounds = quick ? 1 : 7;
    const groups = quick ? 100 : 1000;
    const ours: number[][] = [];
    const peers: number[][] = [];
    const checkpoints: number[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'nightjar-bench-journal-'));
    try {
      const journal = openJournal(folder);
      const file = openSync(join(folder, 'peer.log'), 'w');
      for (let round = -1; round < rounds; round += 1) {
        const batches = Array.from({ length: groups }, (_, i) => makeBatch((round + 1) * groups + i));
        const bytes = batches.map((rows) => Buffer.from(rows.map(lineOf).join('')));
        const ourMs: number[] = [];
        const peerMs: number[] = [];
        // Turn by turn: a slow moment of the disk hits both.
        for (let i = 0; i < groups; i += 1) {
          ourMs.push(timed(() => journal.commit(batches[i]!)));
          peerMs.push(
            timed(() => {
              writeSync(file, bytes[i]!);
              fdatasyncSync(file);
            }),
          );
        }
        if (round < 0) continue;
        ours.push(ourMs);
        peers.push(peerMs);
      }
      closeSync(file);
      checkpoints.push(...journal.checkpointMs());
      journal.close((rounds + 1) * groups * BATCH);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const total = (all: readonly (readonly number[])[]) => all.map((tookMs) => tookMs.reduce((sum, ms) => sum + ms, 0));
    const rate = (all: readonly (readonly number[])[]) =>
      `${Math.round((groups * BATCH) / median(total(all)))} k rows/s`;
    const p99 = (all: readonly (readonly number[])[]) => all.map((tookMs) => quantile(tookMs, 0.99));
    const [ourP99, peerP99] = [p99(ours), p99(peers)];
    const limits = ourP99.map((ms) => LIMIT_MS / ms);
    const figures = `p50 ${median(ours.flat()).toFixed(2)} ms, p99 ${median(ourP99).toFixed(2)}`;
    const rows = [
      {
        name: 'rows/s',
        ...compare(total(ours), total(peers)),
        floor: 0.35,
        aim: 0.65,
        absolutes: `${rate(ours)} against ${rate(peers)}`,
      },
      {
        name: 'commit p99 with checkpoints, against p99 of fdatasync',
        ...compare(ourP99, peerP99),
        floor: 1 / 15,
        aim: 1 / 3,
        absolutes: `${figures} against ${median(peerP99).toFixed(2)}`,
      },
      {
        name: `commit p99 with checkpoints, against the limit of ${LIMIT_MS} ms`,
        ratio: median(limits),
        spread: [Math.min(...limits), Math.max(...limits)] as const,
        aim: 1,
        absolutes: `worst group ${Math.max(...ours.flat()).toFixed(1)} ms`,
      },
    ];
    const seen = checkpoints.length === 0 ? 'none was due' : checkpoints.map((ms) => `${ms.toFixed(0)} ms`).join(', ');
    const notes = [
      `${groups} groups a round, rows of about 300 bytes; every group acknowledged as durable, all rows found afterwards`,
      `checkpoints within them: ${seen}`,
    ];
    return { rows, notes };
  },
};

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** The journal thread's logic in this thread: a message returns when its group is durable, as its last row is an intent. */
function openJournal(runDir: string) {
  const posted: FromJournal[] = [];
  const checkpointMs: number[] = [];
  const path = join(runDir, 'journal.sqlite');
  const writer = createJournalWriter(path, { synchronous: 'FULL' });
  const watched = Object.create(writer, {
    checkpoint: {
      value: () => {
        const startMs = performance.now();
        const left = writer.checkpoint();
        checkpointMs.push(performance.now() - startMs);
        return left;
      },
    },
  });
  const thread = createJournalThread({
    boot: { runDir },
    clock: createWallClock(),
    metrics: silentMetrics,
    port: { post: (message) => posted.push(message), next: () => undefined },
    openWriter: () => watched,
  });
  return {
    checkpointMs: () => checkpointMs,
    commit(rows: readonly JournalRow[]): void {
      posted.length = 0;
      thread.onMessage({ type: 'rows', rows });
      const committed = posted.find((message) => message.type === 'committed');
      assert.equal(committed?.inputSeq, rows.at(-1)!.inputSeq, 'the group is durable when the message was handled');
    },
    close(expectedRows: number): void {
      thread.onMessage({ type: 'stop' });
      const reopened = createJournalWriter(path, { synchronous: 'FULL' });
      const { inputs, decisions, intents } = reopened.lastSeq();
      reopened.close();
      assert.equal(inputs + decisions + intents, expectedRows, 'every row is in the journal');
    },
  };
}

/** 100 rows as an attempt leaves them: inputs with figures, decisions about them, and one order. */
function makeBatch(batch: number): JournalRow[] {
  const rows: JournalRow[] = [];
  for (let i = 0; i < BATCH; i += 1) {
    const inputSeq = batch * (BATCH / 2) + (i >> 1) + 1;
    const isInput = i % 2 === 0;
    const isIntent = i === BATCH - 1;
    rows.push({
      table: isInput ? 'inputs' : isIntent ? 'intents' : 'decisions',
      seq: isInput ? inputSeq : isIntent ? batch + 1 : batch * (BATCH / 2 - 1) + (i >> 1) + 1,
      inputSeq,
      timeMs: 1_767_623_400_000 + batch + i / 128,
      subject: isInput ? 'lane:0' : 'bot:arb:SOL',
      kind: isInput ? 'lane.evaluation' : isIntent ? 'order.place' : 'look.ended',
      payload: isIntent ? orderOf(batch) : isInput ? evaluationOf(inputSeq) : lookOf(inputSeq),
    });
  }
  return rows;
}

/** The columns as the journal's table has them. */
const lineOf = ({ seq, inputSeq, timeMs, subject, kind, payload }: JournalRow): string =>
  `${seq}\t${inputSeq}\t${timeMs}\t${subject}\t${kind}\t${canonicalJson(payload)}\n`;

const evaluationOf = (inputSeq: number) => ({
  type: 'lane.evaluation',
  lane: 'lane:0',
  bot: 'arb:SOL',
  lookId: inputSeq,
  stage: 'near',
  dexPx: 152.34 + inputSeq / 1e6,
  cexPx: 152.36 + inputSeq / 1e6,
  venue: 'binance',
  grossBps: 1.3125,
  ages: { binance: 12.5, bybit: 31, jupiter: 140, okx: 18.25 },
  qty: 0.065,
  receivedTimeMs: 1_767_623_400_000 + inputSeq,
});

const lookOf = (inputSeq: number) => ({
  lookId: inputSeq,
  end: 'gross0',
  beganAtMs: 1_767_623_400_000 + inputSeq,
  value: 1.3125,
  limit: 40,
  need: 38.6875,
  needDeltaPx: 0.589,
  near: { binance: 1.31, bybit: 0.92, okx: 1.12 },
  episode: Math.floor(inputSeq / 40),
  knobs: 'e58c29a1',
  side: 'buy',
});

const orderOf = (batch: number) => ({
  clientOrderId: `nj7kqa1${batch}`,
  bot: 'bot:arb:SOL',
  botSlot: 0,
  epoch: 1,
  attempt: batch,
  leg: 'cex',
  venue: 'binance',
  account: 'main',
  pair: 'SOL/USDT',
  side: 'sell',
  type: 'market',
  effect: 'open',
  qty: '0.065',
  decidedAtMs: 1_767_623_400_000 + batch,
});
