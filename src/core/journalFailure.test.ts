import { describe, expect, it } from 'vitest';
import type { PlainError } from '../domain/errors.ts';
import { EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import { type KernelTestbed, startKernel } from './kernelTestbed.ts';

const error: PlainError = { code: 'journal.failed', message: 'database or disk is full', details: {} };

/** Two hits and, where it is asked for, a passed last look: an order, unless something forbids it. */
function lookTwice(bed: KernelTestbed) {
  bed.signal();
  bed.pass(50);
  bed.signal();
  const asked = bed.commands.at(-1);
  if (asked?.type !== 'lane.send' || asked.message.type !== 'lastLook') return;
  bed.signal({ kind: EvaluationKind.lastLook, requestId: asked.message.requestId });
}

describe('a kernel whose journal has failed', () => {
  it('closes every permit with its reason, here and in the latch, and opens nothing however good the look', () => {
    const bed = startKernel();
    const { send, rowsOf, commands, bot } = bed;
    send({ type: 'journal.failed', error });

    expect(bot().permit).toBe('closed: journal_failed');
    expect(commands).toContainEqual({ type: 'latch.close', bot: 'bot:arb:SOL', reason: 'journal_failed', by: 'core' });
    expect(rowsOf('decisions', 'journal.failed')).toMatchObject([{ subject: 'journal', payload: { error } }]);
    lookTwice(bed);
    expect(rowsOf('intents')).toEqual([]);
    expect(rowsOf('decisions', 'look.ended').at(-1)).toMatchObject({ payload: { end: 'permit' } });
  });

  it('answers control all the while, and no operator can open it before the journal is back', () => {
    const bed = startKernel();
    const { send, rowsOf, commands, bot } = bed;
    send({ type: 'journal.failed', error });
    const message = { id: 'c1', action: 'status', reason: 'drill', args: {}, by: 'operate', from: 'here' };
    send({ type: 'control', message });
    expect(commands).toContainEqual(expect.objectContaining({ type: 'control.reply', id: 'c1', status: 200 }));
    send({ type: 'latch.changed', latch: { all: null, bots: {} }, cause: { ...message, action: 'enable_live' } });
    expect(bot().permit).toBe('closed: journal_failed');
    lookTwice(bed);
    expect(rowsOf('intents')).toEqual([]);

    send({ type: 'control', message: { ...message, id: 'c2', action: 'restart', target: 'journal' } });
    expect(bot().permit).toBe('open');
    bed.pass(1000);
    lookTwice(bed);
    expect(rowsOf('intents')).toHaveLength(1);
  });

  it('stays closed by the latch after the journal is back, until the operator opens it', () => {
    const { send, bot } = startKernel();
    const closure = { reason: 'journal_failed', by: 'core', atMs: 1 };
    const message = {
      id: 'c1',
      action: 'restart',
      target: 'journal',
      reason: 'disk freed',
      args: {},
      by: 'operate',
      from: 'here',
    };
    send({ type: 'journal.failed', error });
    send({
      type: 'latch.changed',
      latch: { all: null, bots: { 'bot:arb:SOL': closure } },
      cause: { ...message, action: 'disable_live' },
    });
    send({ type: 'control', message });
    expect(bot().permit).toBe('closed: journal_failed');
    send({ type: 'latch.changed', latch: { all: null, bots: {} }, cause: { ...message, action: 'enable_live' } });
    expect(bot().permit).toBe('open');
  });

  it('has its follow-ups undone: an order that comes back unsent ends its attempt', () => {
    const bed = startKernel();
    const { send, rowsOf } = bed;
    lookTwice(bed);
    const [intent] = rowsOf('intents');
    const { clientOrderId } = intent!.payload as { clientOrderId: string };
    send({ type: 'journal.failed', error });
    send({ type: 'order.refused', clientOrderId, reason: 'the journal could not record it' });
    expect(rowsOf('reports', 'refused')).toMatchObject([{ payload: { clientOrderId } }]);
    expect(rowsOf('decisions', 'look.ended').at(-1)).toMatchObject({ payload: { end: 'permit' } });
    expect(bed.bot()).toMatchObject({ state: 'idle', trades: 0 });
  });
});
