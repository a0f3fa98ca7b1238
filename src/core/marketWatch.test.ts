import { describe, expect, it } from 'vitest';
import type { MarketRules } from '../domain/instruments.ts';
import { type KernelTestbed, startKernel, TESTBED_CONFIG } from './kernelTestbed.ts';
import { fire, intentsOf } from './kernelTestbedTrades.ts';
import { MARKETS_MS } from './marketWatch.ts';

const asked = (bed: KernelTestbed) => bed.commands.filter(({ type }) => type === 'gateway.markets').length;
const rules: readonly MarketRules[] = TESTBED_CONFIG.instruments;
const state = (bed: KernelTestbed, markets: readonly MarketRules[], failures: readonly string[] = []) =>
  bed.send({ type: 'markets', markets, failures });
const changed = (change: Partial<MarketRules>) =>
  rules.map((one) => (one.venue === 'bybit' ? { ...one, ...change } : one));

describe('the rules of the markets', () => {
  it('are asked for at each start of the gateway and every ten minutes', () => {
    const bed = startKernel();
    expect(asked(bed)).toBe(1);
    bed.pass(3 * MARKETS_MS);
    expect(asked(bed)).toBe(4);
    const error = { code: 'thread.lost' as const, message: 'died', details: {} };
    bed.send({ type: 'child.exited', child: 'gateway', incarnation: 1, reason: { kind: 'crash', error } });
    bed.pass(200);
    expect(asked(bed)).toBe(5);
  });

  it.each([
    ['tickSize', { tickSize: 0.1 }],
    ['stepSize', { stepSize: 0.001 }],
    ['minQty', { minQty: 0.02 }],
    ['minNotional', { minNotional: 5 }],
  ] as const)('pause the symbol when a venue has changed its %s, once', (field, change) => {
    const bed = startKernel();
    for (let answer = 0; answer < 3; answer += 1) state(bed, changed(change));
    expect(bed.bot().permit).toBe('closed: metadata_changed');
    expect(bed.rowsOf('decisions', 'markets.changed').map(({ payload }) => payload)).toMatchObject([
      { changes: [{ venue: 'bybit', pair: 'SOL/USDT', field }] },
    ]);
    expect(bed.rowsOf('reports', 'evidence')).toHaveLength(1);
    fire(bed);
    expect(intentsOf(bed)).toEqual([]);
  });

  it('change nothing while they are the same, while a venue is silent, or while it names other markets', () => {
    const bed = startKernel();
    state(bed, rules);
    state(bed, rules.slice(0, 1), ['bybit/main markets: timeout']);
    state(bed, [...rules, { ...rules[0]!, pair: 'BTC/USDT', tickSize: 5 }]);
    expect(bed.bot().permit).toBe('open');
    expect(bed.rowsOf('decisions', 'markets.changed')).toEqual([]);
  });

  it('pause no bot of another pair', () => {
    const config = {
      ...TESTBED_CONFIG,
      instruments: [...TESTBED_CONFIG.instruments, { ...TESTBED_CONFIG.instruments[0]!, pair: 'USDC/USDT' }],
    };
    const bed = startKernel({ config });
    state(bed, [{ ...rules[0]!, pair: 'USDC/USDT', tickSize: 5 }]);
    expect(bed.rowsOf('decisions', 'markets.changed')).toHaveLength(1);
    expect(bed.bot().permit).toBe('open');
  });
});
