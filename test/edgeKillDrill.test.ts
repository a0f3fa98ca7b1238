import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFaultPoints } from './statementFaults.ts';

/** From the authenticated request to the durable latch and the journal's acknowledgement. */
const PATH = [
  ...['edgeRoutes', 'controlRequest', 'controlDoor', 'replyMemory', 'coreLink', 'targets'].map(
    (one) => `control/${one}`,
  ),
  ...['permitDesk', 'latchState', 'latchFile'].map((one) => `control/${one}`),
  ...['workers/latchWords', 'journal/durableFile', 'telemetry/scrubber'],
].map((one) => new URL(`../src/${one}.ts`, import.meta.url));

interface Drill {
  readonly fault: string | null;
  readonly status: number;
  readonly sentBefore: boolean;
  readonly forbidden: readonly string[];
  readonly levels: readonly string[];
  readonly durable: boolean;
}
interface Result {
  readonly openDrill: Drill;
  readonly clean: Drill;
  readonly fromCoverage: readonly string[];
  readonly reached: readonly string[];
  readonly injected: readonly string[];
  readonly drills: readonly Drill[];
  readonly escaped: readonly string[];
}

let result: Result;
const folder = mkdtempSync(join(tmpdir(), 'nightjar-faults-'));
beforeAll(() => {
  const file = join(folder, 'sources.json');
  writeFileSync(file, JSON.stringify(Object.fromEntries(PATH.map((url) => [url.href, withFaultPoints(url)]))));
  const child = fileURLToPath(new URL('./edgeKillDrillChild.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [child, file], { encoding: 'utf8', timeout: 100_000 });
  if (status !== 0) throw new Error(`the drill ended with ${status}: ${stderr.slice(-4_000)}`);
  result = JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('G2: the kill path throws at every statement in turn', () => {
  it('is a drill that can fail: without a kill the venues see every order', () => {
    expect(result.openDrill.sentBefore).toBe(true);
    expect(result.openDrill.forbidden).toHaveLength(4);
    expect(result.clean).toMatchObject({ status: 200, sentBefore: true, forbidden: [], durable: true });
  });

  it('injects at exactly the statements that coverage lists', () => {
    const byFile = (ids: readonly string[]) => {
      const counts: Record<string, number> = {};
      for (const id of ids) counts[id.split(':')[0]!] = (counts[id.split(':')[0]!] ?? 0) + 1;
      return JSON.stringify(counts);
    };
    console.log(`covered  ${result.fromCoverage.length} statements ${byFile(result.fromCoverage)}`);
    console.log(`injected ${result.injected.length} statements ${byFile(result.injected)}`);
    expect([...result.injected].sort()).toEqual([...result.fromCoverage].sort());
    expect([...result.injected].sort()).toEqual([...result.reached].sort());
    expect(result.injected.length).toBeGreaterThan(100);
  });

  it('lets no order out after the latch, closes every word, and makes the kill durable, whatever threw', () => {
    const leaks = result.drills.filter(({ forbidden }) => forbidden.length > 0);
    const open = result.drills.filter(({ levels }) => levels.some((level) => level !== 'kill'));
    const forgotten = result.drills.filter(({ durable }) => !durable);
    console.log(`forbidden sends after the latch: ${leaks.length} in ${result.drills.length} kills`);
    expect([leaks, open, forgotten]).toEqual([[], [], []]);
  });

  it('ends no thread: nothing escapes as an unhandled rejection', () => {
    expect(result.escaped).toEqual([]);
  });
});
