import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import {
  BEAT_EVERY_MS,
  CORE_SILENT_MS,
  createCoreWatchdog,
  FIRST_BEAT_MS,
  KILLED_SILENT_MS,
  UNEASY_MS,
} from './coreWatchdog.ts';

function watch({ killed = false } = {}) {
  const clock = createVirtualClock(0);
  const silent: number[] = [];
  const uneasy: number[] = [];
  const state = { killed };
  const watchdog = createCoreWatchdog(clock, {
    isKilled: () => state.killed,
    onUneasy: () => uneasy.push(clock.nowMs()),
    onSilent: () => silent.push(clock.nowMs()),
  });
  return { clock, silent, uneasy, state, watchdog, until: (atMs: number) => clock.run(atMs, () => false) };
}

describe('the watchdog of the core', () => {
  it('lets a core live that beats, and ends one that has been silent for two seconds, once', async () => {
    const { silent, uneasy, watchdog, until } = watch();
    for (let atMs = 0; atMs <= 10_000; atMs += BEAT_EVERY_MS) {
      await until(atMs);
      watchdog.beat();
    }
    expect([silent, uneasy]).toEqual([[], []]);
    await until(30_000);
    expect(silent).toEqual([10_000 + CORE_SILENT_MS]);
  });

  it('lets the rescue get ready in the middle of a silence, once per silence', async () => {
    const { silent, uneasy, watchdog, until } = watch();
    watchdog.beat();
    await until(1000);
    watchdog.beat();
    await until(1250 + CORE_SILENT_MS);
    expect(uneasy).toEqual([UNEASY_MS, 1000 + UNEASY_MS]);
    expect(silent).toEqual([1000 + CORE_SILENT_MS]);
  });

  it('waits less after a kill, also for a core that was silent before it', async () => {
    const early = watch({ killed: true });
    early.watchdog.beat();
    await early.until(5000);
    expect(early.silent).toEqual([KILLED_SILENT_MS]);

    const late = watch();
    late.watchdog.beat();
    await late.until(1300);
    late.state.killed = true;
    await late.until(5000);
    expect(late.silent).toEqual([1500]);
  });

  it('waits longer for the first beat: a journal may have to be read before it', async () => {
    const { silent, uneasy, until } = watch({ killed: true });
    await until(FIRST_BEAT_MS - 1);
    expect([silent, uneasy]).toEqual([[], []]);
    await until(FIRST_BEAT_MS);
    expect(silent).toEqual([FIRST_BEAT_MS]);
  });

  it('says nothing after it was stopped', async () => {
    const { silent, watchdog, until } = watch();
    watchdog.beat();
    watchdog.stop();
    await until(60_000);
    expect(silent).toEqual([]);
  });
});
