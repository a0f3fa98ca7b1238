import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { CEX_VENUES } from '../src/domain/instruments.ts';
import { FAULT_AT_MS, runFeedFault } from './faultsFeedRun.ts';

const NOTHING_WRONG = { wrongWhileLive: 0, pricedNotLive: 0, live: true };

describe.each(CEX_VENUES)('market data of %s', (venue) => {
  it('C1: a reconnect after an outage leaves no level of the old book', async () => {
    const outcome = await runFeedFault(venue, [{ fault: 'too-many-connects', times: 6, forMs: 60_000 }], 60_000);
    expect(outcome).toMatchObject({ ...NOTHING_WRONG, reconnects: 1, resyncs: 0 });
    expect(outcome.liveAgainMs).toBeGreaterThan(10_000);
  });

  it('C2: a crossed book prices nothing from that moment on, and is made anew', async () => {
    const outcome = await runFeedFault(venue, [{ fault: 'crossed-book' }], 20_000);
    expect(outcome).toMatchObject({ ...NOTHING_WRONG, resyncs: 1 });
    expect(outcome.trusts).toContain('crossed');
  });

  it('C3: crosses that last a moment are waited out, several a second for 20 s, without a resync', async () => {
    const outcome = await runFeedFault(venue, [
      { fault: 'crossed-book', how: 'momentary', times: 1_000, forMs: 20_000 },
    ]);
    expect(outcome).toMatchObject({ ...NOTHING_WRONG, resyncs: 0 });
    expect(outcome.hits).toBeGreaterThan(50);
  });

  it('C5: a gap again and again costs one resync each, and the book is live within 5 s', async () => {
    const gaps = [0, 5_000, 10_000, 15_000].map((laterMs) => ({ fault: 'sequence-gap', atMs: FAULT_AT_MS + laterMs }));
    const outcome = await runFeedFault(venue, gaps, 32_000);
    expect(outcome).toMatchObject({ ...NOTHING_WRONG, resyncs: 4 });
    expect(outcome.liveAgainMs - 15_000).toBeLessThan(5_000);
  });
});

it('C4: changes between an old snapshot and the stream are never skipped: what is live is the venue’s book', async () => {
  const outcome = await runFeedFault('binance', [{ fault: 'stale-snapshot', times: 5, forMs: 20_000 }]);
  expect(outcome).toMatchObject({ ...NOTHING_WRONG, hits: 5 });
  expect(outcome.troubles).toContain('venue.bad-response');
});

it.each(['okx', 'bybit'] as const)(
  'C7: a socket of %s that is open and says nothing is given up within 12 s',
  async (venue) => {
    const outcome = await runFeedFault(venue, [{ fault: 'silent-socket' }], 40_000);
    expect(outcome).toMatchObject({ ...NOTHING_WRONG, reconnects: 1 });
    expect(outcome.liveAgainMs).toBeLessThan(12_000);
  },
);

it('D8: the trading session is the same wherever the machine stands', () => {
  const script = `
    const { isUsOpenSlot } = await import('./src/strategies/usOpen.ts');
    const from = Date.UTC(2026, 0, 1);
    let open = '';
    for (let i = 0; i < 2 * 24 * 370; i += 1) if (isUsOpenSlot(from + i * 1_800_000, 30)) open += i + ' ';
    console.log(open);`;
  const answers = ['UTC', 'Asia/Singapore', 'America/New_York', 'Pacific/Auckland'].map((TZ) => {
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, TZ },
      encoding: 'utf8',
    });
    expect(run.status, run.stderr).toBe(0);
    return run.stdout;
  });
  expect(answers[0]!.length).toBeGreaterThan(1_000);
  expect(new Set(answers).size).toBe(1);
});
