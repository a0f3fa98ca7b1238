import { expect, it } from 'vitest';
import { createVirtualClock } from '../src/core/virtualClock.ts';
import { NightjarError } from '../src/domain/errors.ts';
import { LANE_SILENT_MS, laneExitReason, watchHeartbeat } from '../src/workers/laneExit.ts';

it('calls a lane silent once its beats stop, and never before the first one', async () => {
  const clock = createVirtualClock();
  const heartbeat = new SharedArrayBuffer(4);
  const word = new Int32Array(heartbeat);
  let silences = 0;
  const cancel = watchHeartbeat(clock, heartbeat, () => {
    silences += 1;
  });

  await clock.run(clock.nowMs() + 5 * LANE_SILENT_MS);
  expect(silences).toBe(0);

  const cancelBeats = clock.every(50, () => Atomics.add(word, 0, 1));
  await clock.run(clock.nowMs() + 5 * LANE_SILENT_MS);
  expect(silences).toBe(0);

  cancelBeats();
  await clock.run(clock.nowMs() + LANE_SILENT_MS);
  expect(silences).toBe(0);
  await clock.run(clock.nowMs() + LANE_SILENT_MS / 2);
  expect(silences).toBeGreaterThan(0);
  cancel();
});

it('tells what we did from what the lane did', () => {
  const lost = new Error('worker exited with code: 3');
  expect(laneExitReason('lane:0', 'kill', lost)).toEqual({ kind: 'killed' });
  expect(laneExitReason('lane:0', 'stop', null)).toEqual({ kind: 'shutdown' });
  expect(laneExitReason('lane:0', 'nothing', null)).toEqual({ kind: 'normal' });
  expect(laneExitReason('lane:0', 'silent', lost)).toMatchObject({ kind: 'crash', error: { code: 'thread.lost' } });
  expect(laneExitReason('lane:0', 'stop', lost)).toMatchObject({ error: { message: lost.message } });
  const drill = new NightjarError('actor.drill', 'told to');
  expect(laneExitReason('lane:0', 'nothing', drill)).toMatchObject({ kind: 'crash', error: { code: 'actor.drill' } });
  const foreign = Object.assign(new Error('x'), { code: 'ENOENT' });
  expect(laneExitReason('lane:0', 'nothing', foreign)).toMatchObject({ error: { code: 'thread.lost' } });
});
