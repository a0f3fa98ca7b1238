import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import { BEAT_EVERY_MS, CORE_SILENT_MS, createCoreWatchdog, FIRST_BEAT_MS } from './coreWatchdog.ts';

async function watch() {
  const clock = createVirtualClock(0);
  const silent: number[] = [];
  const watchdog = createCoreWatchdog(clock, () => silent.push(clock.nowMs()));
  return { clock, silent, watchdog, until: (atMs: number) => clock.run(atMs, () => false) };
}

describe('the watchdog of the core', () => {
  it('lets a core live that beats, and ends one that has been silent for two seconds, once', async () => {
    const { silent, watchdog, until } = await watch();
    for (let atMs = 0; atMs <= 10_000; atMs += BEAT_EVERY_MS) {
      await until(atMs);
      watchdog.beat();
    }
    expect(silent).toEqual([]);
    await until(30_000);
    expect(silent).toEqual([10_000 + CORE_SILENT_MS]);
  });

  it('waits longer for the first beat: a journal may have to be read before it', async () => {
    const { silent, until } = await watch();
    await until(FIRST_BEAT_MS - 1);
    expect(silent).toEqual([]);
    await until(FIRST_BEAT_MS);
    expect(silent).toEqual([FIRST_BEAT_MS]);
  });

  it('says nothing after it was stopped', async () => {
    const { silent, watchdog, until } = await watch();
    watchdog.beat();
    watchdog.stop();
    await until(60_000);
    expect(silent).toEqual([]);
  });
});
