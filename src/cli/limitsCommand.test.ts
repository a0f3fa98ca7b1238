import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultRiskLimits } from '../risk/limits.ts';
import { testLimits } from './limitsCommand.ts';
import { EXIT } from './output.ts';

/** What the command prints while `run` runs. */
function capture(run: () => number) {
  let out = '';
  let talk = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    talk += String(text);
    return true;
  });
  const code = run();
  vi.restoreAllMocks();
  return { code, out, talk };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('nightjar limits test', () => {
  it('prints rule, reason code, limit and order for every rule, and ends well', () => {
    const { code, out, talk } = capture(() => testLimits(defaultRiskLimits, false));
    expect(code).toBe(EXIT.done);
    expect(talk).toBe('');
    expect(out).toMatch(/^order_notional +order_notional +1010 USDT +1000 USDT +opening sell 0\.0667 at 15150/m);
    expect(out).toContain('26 rules');
  });

  it('fails and names the rule when a violating order passes', () => {
    const { code, out, talk } = capture(() => testLimits({ ...defaultRiskLimits, maxDrawdown: Infinity }, true));
    expect(code).toBe(EXIT.failed);
    expect(talk).toContain('rule drawdown let its violating order pass');
    const report = JSON.parse(out) as { ok: boolean; probes: { rule: string; ok: boolean }[] };
    expect(report.ok).toBe(false);
    expect(report.probes.filter(({ ok }) => !ok).map(({ rule }) => rule)).toEqual(['drawdown']);
  });
});
