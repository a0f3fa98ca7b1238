import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { STUCK_MS, startThread } from '../src/core/threadChild.ts';
import { createVirtualClock } from '../src/core/virtualClock.ts';
import type { ExitReason } from '../src/domain/exitReason.ts';
import { createPulse } from '../src/workers/threadPulse.ts';
import { SERVICE_WATCH } from '../src/workers/threadWatchdog.ts';

it('a thread that sits in a system call is found silent, and when force does not end it either, that is said once', async () => {
  const pipe = join(mkdtempSync(join(tmpdir(), 'nightjar-stuck-')), 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  // The watchdog's time is the test's; the thread, its pulse and the call that does not return are real.
  const clock = createVirtualClock(0);
  const pulse = createPulse();
  const blocks = Promise.withResolvers<void>();
  const exit = Promise.withResolvers<ExitReason>();
  const stuck: string[] = [];
  const thread = startThread({
    name: 'journal',
    entry: new URL('./blockedThread.ts', import.meta.url),
    workerData: { pulse, pipe },
    maxHeapMb: 64,
    clock,
    pulse,
    limits: SERVICE_WATCH,
    onMessage: () => blocks.resolve(),
    onExit: exit.resolve,
    onStuck: (text) => stuck.push(text),
  });
  await blocks.promise;
  const beats = new Int32Array(pulse);
  for (let seen = -1; seen !== Atomics.load(beats, 0); await new Promise((resolve) => setTimeout(resolve, 100))) {
    seen = Atomics.load(beats, 0);
  }
  await clock.run(SERVICE_WATCH.blockedMs + SERVICE_WATCH.beatMs);
  expect(stuck).toEqual([]);
  await clock.run(clock.nowMs() + STUCK_MS);
  expect(stuck).toEqual(['journal was ended 5 s ago and is still there, inside a system call']);

  // The call returns, and the end that was ordered takes place.
  closeSync(openSync(pipe, 'w'));
  expect(await exit.promise).toMatchObject({
    kind: 'crash',
    error: { message: expect.stringMatching(/journal hangs/) },
  });
  await clock.run(clock.nowMs() + 10 * STUCK_MS);
  expect(stuck).toHaveLength(1);
  thread.kill();
});
