import { closeSync, existsSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../journal/statistics.ts';
import { type Finding, fail, guarded, warn, well } from './finding.ts';

const LEAST_FREE_BYTES = 256 * 2 ** 20;
const GOOD_FREE_BYTES = 5 * 2 ** 30;
/** The journal's group commit has to be durable within 5 ms at p99. */
const GOOD_SYNC_P99_MS = 5;
const SYNCS = 200;
const NODE_MAJOR = 26;

/** Node, the disk's free space and how long it takes to make 4 KiB durable. */
export function checkMachine(root: string): readonly Finding[] {
  return [checkNode(process.versions.node), ...guarded('disk', () => checkDisk(root))];
}

export function checkNode(version: string): Finding {
  return Number(version.split('.')[0]) >= NODE_MAJOR
    ? well('node', version)
    : fail('node', `${version} is too old`, `install Node ${NODE_MAJOR}, or start through npm, which brings it along`);
}

function checkDisk(root: string): readonly Finding[] {
  if (!existsSync(root)) return [];
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  const text = `${(free / 2 ** 30).toFixed(1)} GiB free`;
  const remedy = 'free the disk, or lower journal.inputsKeptDays and run "nightjar journal prune"';
  const space =
    free < LEAST_FREE_BYTES
      ? fail('disk', text, remedy)
      : free < GOOD_FREE_BYTES
        ? warn('disk', text, remedy)
        : well('disk', text);
  return [space, ...guarded('sync', () => [checkSync(root)])];
}

function checkSync(root: string): Finding {
  const path = join(root, `.doctor.${process.pid}.tmp`);
  const file = openSync(path, 'w', 0o600);
  const tookMs: number[] = [];
  try {
    const block = Buffer.alloc(4096, 1);
    for (let i = 0; i < SYNCS; i += 1) {
      const beganMs = performance.now();
      writeSync(file, block, 0, block.length, i * block.length);
      fdatasyncSync(file);
      tookMs.push(performance.now() - beganMs);
    }
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
  tookMs.sort((a, b) => a - b);
  const [p50, p99] = [quantile(tookMs, 0.5), quantile(tookMs, 0.99)];
  const text = `4 KiB written and fdatasynced ${SYNCS} times: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  return p99 <= GOOD_SYNC_P99_MS
    ? well('sync', text)
    : warn(
        'sync',
        text,
        `orders wait for one sync each: a disk with p99 below ${GOOD_SYNC_P99_MS} ms makes them faster`,
      );
}
