import { expect, it } from 'vitest';
import { NightjarError } from '../src/domain/errors.ts';
import { laneExitReason } from '../src/workers/laneExit.ts';

it('tells what we did from what the lane did', () => {
  const lost = new Error('worker exited with code: 3');
  expect(laneExitReason('lane:0', 'kill', lost)).toEqual({ kind: 'killed' });
  expect(laneExitReason('lane:0', 'stop', null)).toEqual({ kind: 'shutdown' });
  expect(laneExitReason('lane:0', 'nothing', null)).toEqual({ kind: 'normal' });
  const spins = { kind: 'spins', silentMs: 175, cpuMs: 160 } as const;
  expect(laneExitReason('lane:0', spins, lost)).toEqual({
    kind: 'crash',
    error: {
      code: 'thread.lost',
      message: 'lane:0 spins: 160 ms of CPU time without a beat; it was ended',
      details: { thread: 'lane:0', ...spins },
    },
  });
  expect(laneExitReason('lane:0', 'stop', lost)).toMatchObject({ error: { message: lost.message } });
  const drill = new NightjarError('actor.drill', 'told to');
  expect(laneExitReason('lane:0', 'nothing', drill)).toMatchObject({ kind: 'crash', error: { code: 'actor.drill' } });
  const foreign = Object.assign(new Error('x'), { code: 'ENOENT' });
  expect(laneExitReason('lane:0', 'nothing', foreign)).toMatchObject({ error: { code: 'thread.lost' } });
});
