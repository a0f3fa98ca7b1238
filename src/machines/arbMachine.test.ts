import { describe, expect, it } from 'vitest';
import { createActor, SimulatedClock } from 'xstate';
import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { ArbEmitted, ArbEvent } from './arbEvents.ts';
import { arbMachine, lastLookTimeoutMs, UNWIND_RETRY_MS } from './arbMachine.ts';

const knobs = { nearPx: 0.05, autoPx: 0.015, hitTtlMs: 2500, unwindMs: 3000, maxAgeMs: 1000 };
const dry8 = { reason: 'dry8', value: 5, limit: 8, need: 3 } as const;
const lastLookShort = { reason: 'last_look', value: 30, limit: 38, need: 8 } as const;

/** Starts the chart, flat and reconciled, and collects what it asks for. */
function startBot(legOrder: ArbKnobs['legOrder'] = 'dexFirst', reconciled = true) {
  const clock = new SimulatedClock();
  const actor = createActor(arbMachine, { input: { knobs: { ...knobs, legOrder } }, clock });
  const emitted: ArbEmitted[] = [];
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  if (reconciled) actor.send({ type: 'reconciled', flat: true });
  let lookId = 0;
  const look = (change: Partial<Extract<ArbEvent, { type: 'evaluated' }>> = {}) => {
    lookId += 1;
    actor.send({ type: 'evaluated', lookId, failed: null, slotOpen: true, needDeltaPx: 0, quoteId: lookId, ...change });
  };
  const legDone = (leg: 'dex' | 'cex' | 'unwind', change: Partial<Extract<ArbEvent, { type: 'leg.done' }>> = {}) =>
    actor.send({ type: 'leg.done', leg, fate: 'filled', flat: false, anyFill: true, ...change });
  const fire = () => {
    look();
    look();
    actor.send({ type: 'lastLook.answered', requestId: 1, verdict: null });
  };
  const state = () => JSON.stringify(actor.getSnapshot().value).replaceAll('"', '');
  const ends = () => emitted.flatMap((event) => (event.type === 'look.ended' ? [`${event.lookId}:${event.end}`] : []));
  const wanted = () => emitted.flatMap((event) => (event.type === 'order.wanted' ? [event.leg] : []));
  const stages = () => emitted.flatMap((event) => (event.type === 'episode' && event.first ? [event.stage] : []));
  return { actor, clock, emitted, look, legDone, fire, state, ends, wanted, stages };
}

describe('the arbitrage chart', () => {
  it('waits in recovering for venue truth, and judges looks meanwhile', () => {
    const bot = startBot('dexFirst', false);
    bot.look({ failed: dry8 });
    bot.look();
    expect(bot.state()).toBe('recovering');
    expect(bot.ends()).toEqual(['1:dry8', '2:busy']);
  });

  it('unwinds what it finds open when it recovers', () => {
    const bot = startBot('dexFirst', false);
    bot.actor.send({ type: 'reconciled', flat: false });
    expect(bot.state()).toBe('{go:{unwinding:pricing}}');
  });

  it.each([
    [0.06, 'idle', []],
    [0.05, 'near', ['near']],
    [0.015, '{auto:armed}', ['near', 'auto']],
  ])('goes where the missing price leads: %d', (needDeltaPx, state, stages) => {
    const bot = startBot();
    bot.look({ failed: dry8, needDeltaPx });
    expect(bot.state()).toBe(state);
    expect(bot.stages()).toEqual(stages);
    expect(bot.ends()).toEqual(['1:dry8']);
  });

  it('only notifies outside the slot', () => {
    const bot = startBot();
    bot.look({ failed: { reason: 'time_slot', value: null, limit: 30, need: null }, slotOpen: false });
    expect(bot.state()).toBe('near');
    expect(bot.ends()).toEqual(['1:time_slot']);
  });

  it('counts near and auto once per episode', () => {
    const bot = startBot();
    for (const needDeltaPx of [0.04, 0.01, 0.03, 0.01]) bot.look({ failed: dry8, needDeltaPx });
    expect(bot.stages()).toEqual(['near', 'auto']);
    bot.actor.send({ type: 'receded', needDeltaPx: 0.2 });
    bot.look({ failed: dry8, needDeltaPx: 0.04 });
    expect(bot.stages()).toEqual(['near', 'auto', 'near']);
  });

  it('takes a first hit from idle in one evaluation and lifts the cooldown', () => {
    const bot = startBot();
    bot.look();
    expect(bot.state()).toBe('{auto:firstHit}');
    expect(bot.emitted.map(({ type }) => type)).toEqual(['episode', 'episode', 'look.pending', 'cooldown.lift']);
  });

  it('wants the second hit from a newer quote', () => {
    const bot = startBot();
    bot.look({ quoteId: 5 });
    bot.look({ quoteId: 5 });
    expect(bot.state()).toBe('{auto:firstHit}');
    expect(bot.ends()).toEqual(['2:busy']);
    bot.look({ quoteId: 6 });
    expect(bot.state()).toBe('{go:lastLook}');
    expect(bot.stages()).toEqual(['near', 'auto', 'go']);
  });

  it('gives the first hit up after hitTtlMs', () => {
    const bot = startBot();
    bot.look();
    bot.clock.increment(2500);
    expect(bot.state()).toBe('{auto:armed}');
    expect(bot.ends()).toEqual(['1:second_hit_timeout']);
  });

  it('gives the first hit up when the chance leaves auto', () => {
    const bot = startBot();
    bot.look();
    bot.actor.send({ type: 'receded', needDeltaPx: 0.03 });
    expect(bot.state()).toBe('near');
    expect(bot.ends()).toEqual(['1:second_hit_timeout']);
  });

  it.each([
    [
      'a short last look',
      (bot: Bot) => bot.actor.send({ type: 'lastLook.answered', requestId: 1, verdict: lastLookShort }),
      '1:last_look',
    ],
    ['no answer in time', (bot: Bot) => bot.clock.increment(lastLookTimeoutMs(1000)), '1:last_look'],
    ['a closed permit', (bot: Bot) => bot.actor.send({ type: 'permit.closed' }), '1:permit'],
  ])('sends nothing after %s', (_name, act, end) => {
    const bot = startBot();
    bot.look();
    bot.look();
    act(bot);
    expect(bot.state()).toBe('idle');
    expect(bot.ends()).toEqual([end]);
    expect(bot.wanted()).toEqual([]);
  });

  it('ignores the answer to an older last look', () => {
    const bot = startBot();
    bot.look();
    bot.look();
    bot.actor.send({ type: 'lastLook.answered', requestId: 7, verdict: null });
    expect(bot.state()).toBe('{go:lastLook}');
  });

  it('sells on the CEX only after the swap is proven, and ends as a trade', () => {
    const bot = startBot();
    bot.fire();
    expect(bot.wanted()).toEqual(['dex']);
    bot.legDone('dex');
    expect(bot.wanted()).toEqual(['dex', 'cex']);
    bot.legDone('cex', { flat: true });
    expect(bot.state()).toBe('idle');
    expect(bot.ends()).toEqual(['1:trade']);
  });

  it.each([
    ['nothing', 'not_filled'],
    ['risk', 'risk'],
    ['permit', 'permit'],
  ] as const)('ends without a trade when the swap came to %s', (fate, end) => {
    const bot = startBot();
    bot.fire();
    bot.legDone('dex', { fate, flat: true, anyFill: false });
    expect(bot.state()).toBe('idle');
    expect(bot.ends()).toEqual([`1:${end}`]);
    expect(bot.wanted()).toEqual(['dex']);
  });

  it('unwinds after a CEX leg that did not fill, and tries again until flat', () => {
    const bot = startBot();
    bot.fire();
    bot.legDone('dex');
    bot.legDone('cex', { fate: 'nothing' });
    expect(bot.state()).toBe('{go:{unwinding:pricing}}');
    bot.actor.send({ type: 'prices.answered', requestId: 2, usable: true });
    bot.legDone('unwind', { fate: 'nothing' });
    bot.clock.increment(UNWIND_RETRY_MS);
    bot.actor.send({ type: 'prices.answered', requestId: 3, usable: true });
    bot.legDone('unwind', { flat: true });
    expect(bot.state()).toBe('idle');
    expect(bot.ends()).toEqual(['1:trade']);
    expect(bot.emitted.at(-1)).toEqual({ type: 'attempt.ended', residual: false });
  });

  it('shows what stays open when it cannot unwind in time', () => {
    const bot = startBot();
    bot.fire();
    bot.legDone('dex');
    bot.legDone('cex', { fate: 'nothing' });
    for (let elapsed = 0; elapsed <= knobs.unwindMs; elapsed += 50) bot.clock.increment(50);
    expect(bot.state()).toBe('idle');
    expect(bot.emitted.at(-1)).toEqual({ type: 'attempt.ended', residual: true });
    expect(bot.ends()).toEqual(['1:incomplete']);
  });

  it('waits for an unwinding order in flight before it reports what stays open', () => {
    const bot = startBot();
    bot.fire();
    bot.legDone('dex');
    bot.legDone('cex', { fate: 'nothing' });
    bot.actor.send({ type: 'prices.answered', requestId: 2, usable: true });
    for (let elapsed = 0; elapsed <= knobs.unwindMs; elapsed += 50) bot.clock.increment(50);
    expect(bot.state()).toBe('{go:{unwinding:sending}}');
    bot.legDone('unwind', { fate: 'nothing' });
    expect(bot.emitted.at(-1)).toEqual({ type: 'attempt.ended', residual: true });
  });

  it('sends both legs at once with legOrder both, whichever answers first', () => {
    for (const order of [['dex', 'cex'] as const, ['cex', 'dex'] as const]) {
      const bot = startBot('both');
      bot.fire();
      expect(bot.wanted()).toEqual(['dex', 'cex']);
      bot.legDone(order[0]);
      bot.legDone(order[1], { flat: true });
      expect(bot.state()).toBe('idle');
      expect(bot.ends()).toEqual(['1:trade']);
    }
  });

  it('unwinds with legOrder both when only the CEX leg filled', () => {
    const bot = startBot('both');
    bot.fire();
    bot.legDone('cex');
    bot.legDone('dex', { fate: 'nothing' });
    expect(bot.state()).toBe('{go:{unwinding:pricing}}');
  });

  it('judges looks while it is in go, and calls a passing one busy', () => {
    const bot = startBot();
    bot.fire();
    bot.look();
    bot.look({ failed: dry8 });
    expect(bot.ends()).toEqual(['3:busy', '4:dry8']);
  });

  it('opens nothing on a closed permit, but goes on counting', () => {
    const bot = startBot();
    bot.look({ failed: { reason: 'permit', value: null, limit: null, need: null } });
    expect(bot.state()).toBe('{auto:armed}');
    expect(bot.ends()).toEqual(['1:permit']);
    expect(bot.stages()).toEqual(['near', 'auto']);
  });
});

type Bot = ReturnType<typeof startBot>;
