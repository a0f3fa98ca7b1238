import { describe, expect, it } from 'vitest';
import type { InputPayload, LatchState } from './inputs.ts';
import { type KernelTestbed, startKernel } from './kernelTestbed.ts';
import { createOverloadWatch, OVERLOAD_CALM_MS, OVERLOAD_WINDOW_MS, startOverloadProbe } from './overloadProbe.ts';
import { createVirtualClock } from './virtualClock.ts';

const BOT = 'bot:arb:SOL';
const began = (cause: 'event_loop' | 'journal' = 'event_loop'): InputPayload => ({
  ...{ type: 'overload.began', cause, valueMs: 180, limitMs: 100 },
});
const ended = (cause: 'event_loop' | 'journal' = 'event_loop'): InputPayload => ({
  ...{ type: 'overload.ended', cause, calmMs: OVERLOAD_CALM_MS },
});
const latchCloses = (bed: KernelTestbed) => bed.commands.filter(({ type }) => type === 'latch.close');
const lastWhy = (bed: KernelTestbed) => bed.bot().lastReasons[0]?.end;

describe('an overloaded core', () => {
  it('opens nothing, ends what waits for a second hit, and opens again by itself when it is calm', () => {
    const bed = startKernel();
    bed.signal();
    expect(bed.bot().state).toBe('auto.firstHit');
    bed.send(began());
    expect(bed.bot()).toMatchObject({ permit: 'closed: overload', state: 'auto.armed' });
    bed.signal();
    expect(lastWhy(bed)).toBe('permit');
    bed.send(ended());
    expect(bed.bot().permit).toBe('open');
    bed.signal();
    expect(bed.bot().state).toBe('auto.firstHit');
    // The latch is for what lasts.
    expect(latchCloses(bed)).toEqual([]);
    expect(bed.rowsOf('decisions', 'overload.began')).toHaveLength(1);
    expect(bed.rowsOf('decisions', 'overload.ended')).toHaveLength(1);
  });

  it('stays closed until the last of its causes is over', () => {
    const bed = startKernel();
    bed.send(began('journal'));
    bed.send(began());
    expect(bed.bot().permit).toBe('closed: journal_stalled');
    bed.send(ended('journal'));
    expect(bed.bot().permit).toBe('closed: overload');
    bed.send(ended());
    expect(bed.bot().permit).toBe('open');
  });

  it('opens nothing that somebody else closed', () => {
    const bed = startKernel();
    bed.send(began());
    const latch: LatchState = { all: null, bots: { [BOT]: { reason: 'drill', by: 'operate', atMs: 0 } } };
    const cause = { id: 'c', action: 'disable_live', reason: 'drill', args: {}, by: 'operate', from: 'test' };
    bed.send({ type: 'latch.changed', latch, cause });
    bed.send(ended());
    expect(bed.bot().permit).toBe('closed: drill');
  });

  it('closes the latch as well at the third time in ten minutes', () => {
    const bed = startKernel();
    for (let round = 0; round < 3; round += 1) {
      expect(latchCloses(bed)).toEqual([]);
      bed.send(began());
      bed.pass(60_000);
      bed.send(ended());
    }
    expect(latchCloses(bed)).toEqual([{ type: 'latch.close', bot: BOT, reason: 'overload', by: 'core' }]);
    expect(bed.bot().permit).toBe('closed: overload');
  });

  it('lets three peaks pass that lie further apart', () => {
    const bed = startKernel();
    for (let round = 0; round < 4; round += 1) {
      bed.send(began());
      bed.pass(1000);
      bed.send(ended());
      bed.pass(400_000);
    }
    expect(latchCloses(bed)).toEqual([]);
  });

  it('lets what is open close', () => {
    const bed = startKernel();
    bed.signal();
    bed.pass(50);
    bed.signal();
    expect(bed.bot().state).toBe('go.lastLook');
    bed.send(began());
    // Nothing was sent yet: the chance is given up.
    expect(bed.bot().state).toBe('idle');
    expect(lastWhy(bed)).toBe('permit');
    expect(bed.rowsOf('intents')).toEqual([]);
  });
});

describe('the watch over one figure', () => {
  it('begins over the limit, at it does not, and ends after a calm stretch only', () => {
    const watch = createOverloadWatch(100, 1);
    const news = [100, 101, 300, 50, 120, 50, 50, 50, 50].map((valueMs, index) => watch.note(valueMs, index * 5000));
    expect(news).toEqual([null, 'began', null, null, null, null, 'ended', null, null]);
  });

  it('takes one slow window for a pause, unless it is far over the limit', () => {
    const watch = createOverloadWatch(100, 2);
    const news = [400, 50, 400, 101, 50, 50, 501].map((valueMs, index) => watch.note(valueMs, index * 5000));
    expect(news).toEqual([null, null, null, 'began', null, 'ended', 'began']);
  });
});

describe('the probe beside the core', () => {
  it('tells the core of either cause with its figure', async () => {
    const clock = createVirtualClock();
    const told: InputPayload[] = [];
    let lagMs = 0;
    const probe = startOverloadProbe({
      clock,
      figures: { event_loop: () => 3, journal: () => lagMs },
      limitsMs: { event_loop: 100, journal: 2000 },
      admit: (payload) => told.push(payload),
    });
    const pass = (durationMs: number) => clock.run(clock.nowMs() + durationMs, () => false);
    await pass(OVERLOAD_WINDOW_MS);
    expect(told).toEqual([]);
    lagMs = 2500;
    await pass(OVERLOAD_WINDOW_MS);
    expect(told).toEqual([{ type: 'overload.began', cause: 'journal', valueMs: 2500, limitMs: 2000 }]);
    lagMs = 0;
    await pass(OVERLOAD_CALM_MS + OVERLOAD_WINDOW_MS);
    expect(told.slice(1)).toEqual([{ type: 'overload.ended', cause: 'journal', calmMs: OVERLOAD_CALM_MS }]);
    probe.stop();
    lagMs = 9000;
    await pass(60_000);
    expect(told).toHaveLength(2);
  });
});
