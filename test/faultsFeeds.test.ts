import { afterAll, describe, expect, it } from 'vitest';
import type { CexVenue } from '../src/domain/instruments.ts';
import { FAULT_KINDS } from '../src/sim/faults/faultKinds.ts';
import type { FeedOutcome } from './faultsFeedRun.ts';
import { runFeedFault } from './faultsFeedRun.ts';

/** What the connector must have done. `bound`: live again so soon after the fault began, ms of virtual time. */
interface Expected {
  readonly did: 'nothing' | 'resync' | 'reconnect' | 'roll';
  readonly bound: number;
  readonly trouble?: string;
}

const EXPECTED: Readonly<Record<string, Expected | ((venue: CexVenue, how: string) => Expected)>> = {
  'sequence-gap': { did: 'resync', bound: 1_000, trouble: 'venue.book-gap' },
  'legal-jump': { did: 'nothing', bound: 0 },
  'stale-snapshot': { did: 'reconnect', bound: 5_000, trouble: 'venue.bad-response' },
  'snapshot-fails': (_venue, how) => ({
    ...{ did: 'reconnect', bound: 15_000 },
    trouble: { '429': 'venue.rate-limited', '503': 'venue.unavailable', silence: 'net.timeout' }[how]!,
  }),
  'checksum-garbage': { did: 'resync', bound: 1_000, trouble: 'venue.book-gap' },
  'duplicate-message': { did: 'nothing', bound: 0 },
  'streams-out-of-order': { did: 'nothing', bound: 0 },
  'crossed-book': (_venue, how) =>
    how === 'momentary'
      ? { did: 'nothing', bound: 500 }
      : { did: 'resync', bound: 1_000, trouble: 'venue.book-crossed' },
  // Binance sends nothing where nothing changes, so its silence is told from quiet only by the venue's own end of it.
  'silent-socket': (venue) => ({
    did: 'reconnect',
    bound: venue === 'binance' ? 95_000 : 12_000,
    trouble: 'net.closed',
  }),
  'symbol-silence': { did: 'resync', bound: 11_000, trouble: 'venue.book-gap' },
  'ping-missed': { did: 'reconnect', bound: 2_000, trouble: 'net.closed' },
  'forced-disconnect': (venue, how) =>
    how === 'notice' && venue !== 'bybit'
      ? { did: 'roll', bound: 0, trouble: 'net.closed' }
      : { did: 'reconnect', bound: 2_000, trouble: 'net.closed' },
  'refused-subscription': { did: 'reconnect', bound: 15_000, trouble: 'venue.subscription-refused' },
  'too-many-connects': { did: 'reconnect', bound: 10_000, trouble: 'net.closed' },
  'broken-frame': (_venue, how) =>
    how === 'huge' ? { did: 'nothing', bound: 0 } : { did: 'resync', bound: 1_000, trouble: 'venue.bad-frame' },
  'clock-jump': { did: 'nothing', bound: 0 },
};

const feedKinds = FAULT_KINDS.filter(({ target }) => ['frame', 'socket', 'snapshot'].includes(target));
const cases = feedKinds.flatMap(({ number, name, venues, how = [''], forMs }) =>
  venues.flatMap((venue) => how.map((variety) => ({ number, name, venue: venue as CexVenue, how: variety, forMs }))),
);
const lines: string[] = [];
afterAll(() => console.info(['fault × venue: what the connector did, live again after', ...lines].join('\n')));

const didWhat = ({ reconnects, resyncs, troubles }: FeedOutcome): Expected['did'] => {
  if (reconnects > 0) return 'reconnect';
  if (resyncs > 0) return 'resync';
  return troubles.includes('net.closed') ? 'roll' : 'nothing';
};

describe('a feed under each fault of market data', () => {
  it('has an expectation for each of them', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(feedKinds.map(({ name }) => name).sort());
  });

  it.each(cases)(
    '$number $name $how at $venue: no price from a book that is not live, then live again',
    async (one) => {
      const { number, name, venue, how, forMs } = one;
      const entry = EXPECTED[name]!;
      const expected = typeof entry === 'function' ? entry(venue, how) : entry;
      const outcome = await runFeedFault(
        venue,
        [{ fault: name, ...(how === '' ? {} : { how }) }],
        forMs > 60_000 ? 110_000 : 30_000,
      );
      const did = didWhat(outcome);
      lines.push(
        `${number.padEnd(4)} ${`${name} ${how}`.padEnd(30)} ${venue.padEnd(8)} ${did.padEnd(10)} ${String(Math.round(outcome.liveAgainMs)).padStart(6)} ms`,
      );
      expect(outcome.hits).toBeGreaterThan(0);
      expect({ pricedNotLive: outcome.pricedNotLive, wrongWhileLive: outcome.wrongWhileLive }).toEqual({
        ...{ pricedNotLive: 0, wrongWhileLive: 0 },
      });
      expect(did).toBe(expected.did);
      expect(outcome.live).toBe(true);
      expect(outcome.liveAgainMs).toBeLessThanOrEqual(expected.bound);
      if (expected.trouble !== undefined) expect(outcome.troubles).toContain(expected.trouble);
    },
  );
});
