import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startThread } from '../src/core/threadChild.ts';
import type { ExitReason } from '../src/domain/exitReason.ts';
import type { FromJournal, JournalBoot } from '../src/workers/journalMessages.ts';
import type { ThreadDrill } from '../src/workers/threadDrill.ts';
import { createPulse } from '../src/workers/threadPulse.ts';
import { SERVICE_WATCH } from '../src/workers/threadWatchdog.ts';
import { createWallClock } from '../src/workers/wallClock.ts';

/** A journal thread under watch, with a heap that is soon full. */
async function startJournal() {
  const pulse = createPulse();
  const ready = Promise.withResolvers<void>();
  const exit = Promise.withResolvers<ExitReason>();
  const boot: JournalBoot = {
    incarnation: 1,
    runDir: mkdtempSync(join(tmpdir(), 'nightjar-left-')),
    slab: new SharedArrayBuffer(8),
    pulse,
  };
  const thread = startThread({
    name: 'journal',
    entry: new URL('../src/workers/journalEntry.ts', import.meta.url),
    workerData: boot,
    maxHeapMb: 48,
    clock: createWallClock(),
    pulse,
    limits: { ...SERVICE_WATCH, spinCpuMs: 200, blockedMs: 2000 },
    onMessage: (message) => {
      if ((message as FromJournal).type === 'ready') ready.resolve();
    },
    onExit: exit.resolve,
    onStuck: exit.reject,
  });
  await ready.promise;
  return { thread, exit: exit.promise };
}

const openResources = () => {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

it('N09 a thread that was ended, however, leaves no timer, port or worker behind', async () => {
  const drills: readonly (ThreadDrill | 'kill')[] = ['kill', 'spin', 'memory', 'hang', 'kill'];
  // What the first thread of a process loads for good is not a leftover.
  const first = await startJournal();
  first.thread.kill();
  await first.exit;
  const before = openResources();
  const ends: string[] = [];
  for (const how of drills) {
    const { thread, exit } = await startJournal();
    expect(openResources()).not.toEqual(before);
    if (how === 'kill') thread.kill();
    else thread.drill(how);
    const reason = await exit;
    ends.push(reason.kind === 'crash' ? reason.error.message : reason.kind);
    // A message to the dead goes nowhere, and holds nothing.
    thread.post({ type: 'stop' });
  }
  expect(ends).toEqual([
    'killed',
    expect.stringMatching(/spins/),
    expect.stringMatching(/memory/),
    expect.stringMatching(/hangs/),
    'killed',
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(openResources()).toEqual(before);
});
