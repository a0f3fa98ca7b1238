import { describe, expect, it } from 'vitest';
import type { ExitReason } from '../../domain/exitReason.ts';
import { reportText } from './reportText.ts';
import { child, startWorld } from './testWorld.ts';

function reportOf(reason: ExitReason, id = 'bot:arb:SOL') {
  const world = startWorld({ id: 'bots', children: [child(id)] });
  world.start();
  world.exit(id, reason);
  return world.reports.find((report) => report.context === 'child_terminated')!;
}

const crash = (message: string, details: Record<string, unknown> = {}): ExitReason => ({
  kind: 'crash',
  error: { code: 'actor.crashed', message, details },
});

const NAMES = 'supervisor=bots context=child_terminated offender=bot:arb:SOL#1 (permanent worker, shutdown 5000)';

describe('report text', () => {
  it('C58 names supervisor, context, offender and reason', () => {
    expect(reportText(reportOf({ kind: 'normal' }))).toBe(`${NAMES} reason=normal`);
    expect(reportText(reportOf(crash('boom', { at: [1, null] })))).toBe(
      `${NAMES} reason=crash actor.crashed "boom" {at:[1,null]}`,
    );
    expect(reportText({ ...reportOf(crash('')), offender: null })).toContain('offender=none');
  });

  it('C58 is one line, whatever the error or an id holds', () => {
    const report = reportOf(crash('one\ntwo\r\nthree\u2028four', { stack: 'a\n  at b', 'k\ney': 1 }), 'a\nb');
    const text = reportText(report);
    expect(text).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
    expect(text).toContain('offender=a\\nb#1');
    expect(text).toContain('one\\ntwo');
  });

  it('C58 shows details down to the depth limit', () => {
    const report = reportOf(crash('deep', { a: { b: { c: { d: 1 } } } }));
    expect(reportText(report, { depth: 2 })).toMatch(/\{a:\{b:…\}\}$/);
    expect(reportText(report, { depth: 0 })).toMatch(/"deep" …$/);
    expect(reportText(report, { depth: 9 })).toMatch(/\{a:\{b:\{c:\{d:1\}\}\}\}$/);
  });

  it('C58 keeps to the length limit, and the names are never what is cut', () => {
    const report = reportOf(crash('x'.repeat(5000)));
    for (const length of [200, 300, 1000]) expect(reportText(report, { length })).toHaveLength(length);
    expect(reportText(report, { length: 1 })).toHaveLength(200);
    expect(reportText(report, { length: 200 })).toContain(`${NAMES} reason=crash actor.crashed "xxx`);
    const long = reportText(reportOf(crash('x'), 'i'.repeat(500)), { length: 200 });
    expect(long.length).toBeLessThanOrEqual(200);
    expect(long).toContain('reason=crash');
  });
});
