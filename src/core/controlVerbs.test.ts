import { describe, expect, it } from 'vitest';
import type { ControlMessage, LatchState } from './inputs.ts';
import { startKernel } from './kernelTestbed.ts';

const message = (more: Partial<ControlMessage>): ControlMessage => ({
  id: 'c1',
  action: 'kill',
  reason: 'drill',
  args: {},
  by: 'kill',
  from: '127.0.0.1',
  ...more,
});
const kill = { reason: 'drill', by: 'kill', atMs: 0, level: 'kill' } as const;

describe('permit changes in the core', () => {
  it('are journalled with who, from where, before and after', () => {
    const bed = startKernel();
    const latch: LatchState = { all: kill, bots: {} };
    bed.send({ type: 'latch.changed', latch, cause: message({}) });
    bed.send({
      type: 'latch.changed',
      latch: { all: null, bots: {} },
      cause: message({ id: 'c2', action: 'enable_live' }),
    });

    expect(bed.rowsOf('decisions', 'permit').map(({ payload }) => payload)).toMatchObject([
      { before: { 'bot:arb:SOL': 'open' }, after: { 'bot:arb:SOL': 'kill' }, cause: { by: 'kill', from: '127.0.0.1' } },
      { before: { 'bot:arb:SOL': 'kill' }, after: { 'bot:arb:SOL': 'open' }, cause: { action: 'enable_live' } },
    ]);
  });

  it('a flatten of a killed bot lets it close, never open', () => {
    const bed = startKernel();
    const latch: LatchState = { all: kill, bots: { 'bot:arb:SOL': { ...kill, level: 'flatten' } } };
    bed.send({ type: 'latch.changed', latch, cause: message({ action: 'flatten' }) });

    expect(bed.rowsOf('decisions', 'permit').at(-1)?.payload).toMatchObject({ after: { 'bot:arb:SOL': 'flatten' } });
    expect(bed.bot().permit).toMatch(/^closed/);
  });
});

describe('suspend and resume', () => {
  it('are done for a bot that runs, and refused with the way out for one that is stopped', () => {
    const bed = startKernel();
    const say = (action: string) => {
      bed.send({ type: 'control', message: message({ action, target: 'arb:SOL' }) });
      return bed.commands.findLast(({ type }) => type === 'control.reply');
    };
    expect(say('suspend')).toMatchObject({ status: 200 });
    expect(say('resume')).toMatchObject({ status: 200 });
    expect(say('stop')).toMatchObject({ status: 200 });
    for (const action of ['suspend', 'resume']) {
      expect(say(action)).toMatchObject({
        status: 409,
        body: { error: expect.stringMatching(/is stopped: .*ctl start/) },
      });
    }
    expect(say('start')).toMatchObject({ status: 200 });
    expect(say('suspend')).toMatchObject({ status: 200 });
  });
});

describe('a plan', () => {
  it('names what is in flight and changes nothing', () => {
    const bed = startKernel();
    bed.signal();
    const before = bed.bot().state;
    const plan = () => {
      bed.send({ type: 'control', message: message({ args: { plan: true } }) });
      const reply = bed.commands.findLast(({ type }) => type === 'control.reply');
      return reply as { readonly status: number; readonly body: readonly Record<string, unknown>[] };
    };
    expect(plan()).toMatchObject({ status: 200, body: [{ bot: 'bot:arb:SOL', attemptOpen: false, orders: [] }] });
    expect(bed.bot().state).toBe(before);
    expect(bed.bot().permit).toBe('open');
  });
});
