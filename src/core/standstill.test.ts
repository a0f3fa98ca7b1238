import { describe, expect, it } from 'vitest';
import { type Standing, standstillOf } from './standstill.ts';

const trading: Standing = {
  bot: { id: 'bot:arb:SOL', state: 'idle', suspended: false, slotOpen: true, quarantined: [] },
  closure: null,
  killed: false,
  unresolved: 0,
};
const bot = (change: Partial<Standing['bot']>): Standing => ({ ...trading, bot: { ...trading.bot, ...change } });
const closed = (reason: string, by: string, killed = false): Standing => ({
  ...trading,
  closure: { reason, by },
  killed,
});

describe('why a bot does not trade', () => {
  it('is nothing while only the market holds it', () => {
    expect(standstillOf(trading)).toBeNull();
  });

  it.each([
    [
      closed('drill', 'operate'),
      'permit closed by the role operate (drill): "nightjar ctl enable_live arb:SOL" opens it',
    ],
    [closed('panic', 'kill', true), 'killed by the role kill (panic): "nightjar ctl enable_live arb:SOL" opens it'],
    [closed('overload', 'core'), 'permit closed by core (overload): opens by itself after 10 s of calm, unless'],
    [
      closed('journal_failed', 'journal'),
      'free the disk, "nightjar ctl restart journal", then "nightjar ctl enable_live',
    ],
    [closed('over', 'stop'), 'the run is ending'],
    [bot({ state: 'starting' }), 'starting: '],
    [bot({ state: 'down' }), 'its chart is down'],
    [bot({ state: 'recovering' }), 'waits for the venues to say what it holds'],
    [{ ...bot({ state: 'recovering' }), unresolved: 2 }, 'waits for the fate of 2 orders'],
    [bot({ suspended: true }), '"nightjar ctl resume arb:SOL"'],
    [
      bot({ quarantined: [{ message: 'evaluated SOL/USDT hit', kills: 2, atMs: 0, withheld: 3 }] }),
      'ctl release arb:SOL',
    ],
    [bot({ slotOpen: false }), 'outside its time slot'],
  ])('%#: says what holds it and what ends that', (standing, text) => {
    expect(standstillOf(standing)).toContain(text);
  });

  it('names the closed permit before anything that would pass by itself', () => {
    const both = { ...bot({ state: 'down', slotOpen: false }), closure: { reason: 'drill', by: 'operate' } };
    expect(standstillOf(both)).toMatch(/^permit closed/);
  });
});
