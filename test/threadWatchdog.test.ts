import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../src/core/virtualClock.ts';
import { createPulse } from '../src/workers/threadPulse.ts';
import { LANE_WATCH, type Silence, watchPulse } from '../src/workers/threadWatchdog.ts';

const limits = LANE_WATCH;

/** A thread in virtual time: it beats while told to, and uses `share` of a CPU. */
function watchedThread() {
  const clock = createVirtualClock(0);
  const pulse = createPulse();
  const beats = new Int32Array(pulse);
  const cpuAtBeat = new Float64Array(pulse);
  const silences: Silence[] = [];
  const thread = { beats: true, share: 0.2, answersCpu: true };
  let usedUs = 0;
  let questions = 0;
  clock.every(1, () => {
    usedUs += 1000 * thread.share;
  });
  clock.every(limits.beatMs, () => {
    if (!thread.beats) return;
    cpuAtBeat[1] = usedUs;
    Atomics.add(beats, 0, 1);
  });
  const cpuUs = () => {
    questions += 1;
    return thread.answersCpu ? Promise.resolve(usedUs) : new Promise<number>(() => {});
  };
  const cancel = watchPulse({ clock, pulse, limits, cpuUs }, (silence) => silences.push(silence));
  return {
    clock,
    thread,
    silences,
    cancel,
    questions: () => questions,
    run: (ms: number) => clock.run(clock.nowMs() + ms),
  };
}

describe('the watchdog of a thread', () => {
  it('ends a thread that burns CPU without a beat, soon and once', async () => {
    const { thread, silences, run, clock } = watchedThread();
    await run(10_000);
    expect(silences).toEqual([]);
    thread.beats = false;
    thread.share = 1;
    const spinsFromMs = clock.nowMs();
    while (silences.length === 0) await run(1);
    expect(silences).toMatchObject([{ kind: 'spins' }]);
    expect(silences[0]!.cpuMs).toBeGreaterThanOrEqual(limits.spinCpuMs);
    expect(clock.nowMs() - spinsFromMs).toBeLessThanOrEqual(limits.spinCpuMs + 2 * limits.beatMs);
    await run(10_000);
    expect(silences).toHaveLength(1);
  });

  it('counts CPU time, not time: one that is given a tenth of a CPU may be silent ten times as long', async () => {
    const { thread, silences, run } = watchedThread();
    await run(1000);
    thread.beats = false;
    thread.share = 0.1;
    await run(10 * limits.spinCpuMs - 100);
    expect(silences).toEqual([]);
    thread.beats = true;
    await run(1000);
    expect(silences).toEqual([]);
  });

  it('takes one that works on for starved, not for blocked, however slow it is', async () => {
    const { thread, silences, run } = watchedThread();
    await run(1000);
    thread.beats = false;
    thread.share = 0.025;
    await run(limits.blockedMs + 500);
    expect(silences).toEqual([]);
    // From here on it does nothing at all.
    thread.share = 0;
    await run(limits.blockedMs + 500);
    expect(silences).toMatchObject([{ kind: 'blocked' }]);
  });

  it('gives one that uses no CPU the longer limit, also when nobody can say what it uses', async () => {
    for (const answersCpu of [true, false]) {
      const { thread, silences, run } = watchedThread();
      await run(1000);
      Object.assign(thread, { beats: false, share: 0, answersCpu });
      await run(limits.blockedMs - 100);
      expect(silences).toEqual([]);
      await run(200);
      expect(silences).toMatchObject([{ kind: 'blocked', silentMs: limits.blockedMs, cpuMs: null }]);
    }
  });

  it('judges nobody for the time in which it did not run itself', async () => {
    const clock = createVirtualClock(0);
    const looks: (() => void)[] = [];
    const every = (_periodMs: number, look: () => void) => {
      looks.push(look);
      return () => {};
    };
    const stalled = { ...clock, every };
    const pulse = createPulse();
    Atomics.add(new Int32Array(pulse), 0, 1);
    const silences: Silence[] = [];
    watchPulse({ clock: stalled, pulse, limits, cpuUs: async () => 0 }, (silence) => silences.push(silence));
    const look = looks[0]!;
    // The whole machine stood still for an hour between two looks, and the thread is the last to wake.
    look();
    await clock.run(3_600_000);
    look();
    expect(silences).toEqual([]);
    // Only looks of its own make up the limit.
    for (let count = 0; count < limits.blockedMs / limits.beatMs; count += 1) look();
    expect(silences).toMatchObject([{ kind: 'blocked' }]);
  });

  it('asks nothing while beats come, and lets a thread take its time before the first', async () => {
    const { thread, silences, questions, run } = watchedThread();
    await run(5000);
    expect(questions()).toBe(0);
    thread.beats = false;

    const fresh = watchedThread();
    fresh.thread.beats = false;
    fresh.thread.share = 1;
    await fresh.run(limits.firstBeatMs - 100);
    expect(fresh.silences).toEqual([]);
    await fresh.run(200);
    expect(fresh.silences).toMatchObject([{ kind: 'never beat' }]);
    expect(silences).toEqual([]);
  });

  it('lets a thread live that beat while the question for its CPU time was on the way', async () => {
    const clock = createVirtualClock(0);
    const pulse = createPulse();
    const beat = () => Atomics.add(new Int32Array(pulse), 0, 1);
    const silences: Silence[] = [];
    let answer: (usedUs: number) => void = () => {};
    const cpuUs = () =>
      new Promise<number>((resolve) => {
        answer = resolve;
      });
    watchPulse({ clock, pulse, limits, cpuUs }, (silence) => silences.push(silence));
    beat();
    await clock.run(10 * limits.beatMs);
    beat();
    answer(1e9);
    await clock.run(clock.nowMs() + limits.beatMs);
    expect(silences).toEqual([]);
    await clock.run(clock.nowMs() + 10 * limits.beatMs);
    answer(1e9);
    await clock.run(clock.nowMs() + 1);
    expect(silences).toMatchObject([{ kind: 'spins' }]);
  });

  it('says nothing after it was cancelled', async () => {
    const { thread, silences, cancel, run } = watchedThread();
    await run(1000);
    thread.beats = false;
    cancel();
    await run(60_000);
    expect(silences).toEqual([]);
  });
});
