import { describe, expect, it } from 'vitest';
import { createLatch, latchLevel, latchRefusal, loadLatchWords, setLatchWord } from './latchWords.ts';

describe('the latch words', () => {
  it.each([
    ['open', 'open', null, null],
    ['open', 'permit', 'permit closed', null],
    ['open', 'kill', 'killed', 'killed'],
    ['permit', 'open', 'permit closed', null],
    ['permit', 'kill', 'killed', 'killed'],
    ['kill', 'open', 'killed', 'killed'],
    ['kill', 'permit', 'killed', 'killed'],
  ] as const)('all %s, bot %s: opening %s, closing %s', (all, bot, opening, closing) => {
    const latch = createLatch(2);
    setLatchWord(latch, 'all', all);
    setLatchWord(latch, 1, bot);

    expect(latchRefusal(latch, 1, 'opening')).toBe(opening);
    expect(latchRefusal(latch, 1, 'closing')).toBe(closing);
  });

  it('treats a slot that nobody has as killed', () => {
    const latch = createLatch(2);

    for (const slot of [2, -1, 0.5, Number.NaN]) expect(latchRefusal(latch, slot, 'closing')).toBe('killed');
  });

  it('does not let one bot’s word change another’s', () => {
    const latch = createLatch(2);

    setLatchWord(latch, 0, 'kill');

    expect(latchLevel(latch, 1)).toBe('open');
    expect(() => setLatchWord(latch, 2, 'open')).toThrow(/latch slot 2: there are 2/);
  });

  it('takes over what the file says, closed and open', () => {
    const latch = createLatch(2);
    setLatchWord(latch, 'all', 'kill');

    const closure = { reason: 'x', by: 'y', atMs: 0 };
    loadLatchWords(latch, { all: null, bots: { 'arb:RAY': closure } }, [
      { id: 'arb:SOL', slot: 0 },
      { id: 'arb:RAY', slot: 1 },
    ]);

    expect([latchLevel(latch, 0), latchLevel(latch, 1)]).toEqual(['open', 'permit']);
  });
});
