import { expect, it } from 'vitest';
import { createPermits } from './permits.ts';

const OPEN = { all: null, bots: {} };

it.each(['arb:RAY', 'bot:arb:RAY'])(
  'an operator who opens %s takes back no closure of another bot that the latch does not show yet',
  (target) => {
    const permits = createPermits(OPEN);
    permits.closeByCore('bot:arb:SOL', 'restarts_exhausted', 'bots');
    permits.closeByCore('bot:arb:RAY', 'restarts_exhausted', 'bots');

    permits.update(OPEN, true, target);

    expect(permits.isOpen('bot:arb:SOL')).toBe(false);
    expect(permits.isOpen('bot:arb:RAY')).toBe(true);
    // An edge that starts anew is told of what its predecessor may have lost.
    expect(permits.unconfirmed()).toEqual([{ bot: 'bot:arb:SOL', reason: 'restarts_exhausted', by: 'bots' }]);
  },
);

it('an operator who opens everything opens what the core had closed too', () => {
  const permits = createPermits(OPEN);
  permits.closeByCore('bot:arb:SOL', 'drawdown', 'risk');

  permits.update(OPEN, true);

  expect(permits.isOpen('bot:arb:SOL')).toBe(true);
});
