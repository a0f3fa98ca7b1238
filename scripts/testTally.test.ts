import { describe, expect, it } from 'vitest';
import { addTallies, tallyLine, tallyOf, type VitestReport } from './testTally.ts';

const reportOf = (...tests: readonly (readonly [fullName: string, status: string])[]): VitestReport => ({
  testResults: [
    {
      name: 'a.test.ts',
      status: tests.some(([, status]) => status === 'failed') ? 'failed' : 'passed',
      assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
    },
  ],
});

describe('the test tally', () => {
  it('counts passed, failed and skipped tests', () => {
    const report = reportOf(['one', 'passed'], ['two', 'failed'], ['three', 'skipped'], ['four', 'todo']);
    expect(tallyOf(report, false, false)).toEqual({ passed: 1, failed: 1, skipped: 2, failures: ['two'] });
  });

  it('turns a skip into a failure where the real component is required, but never for a recording', () => {
    const report = reportOf(['runs in Chromium', 'skipped'], ['replays the spot recording', 'skipped']);
    expect(tallyOf(report, true, true)).toMatchObject({ failed: 1, skipped: 1 });
    expect(tallyOf(report, true, false)).toMatchObject({ failed: 0, skipped: 2 });
  });

  it('counts a file that did not load', () => {
    const report = {
      testResults: [{ name: 'b.test.ts', status: 'failed', message: 'no module', assertionResults: [] }],
    };
    expect(tallyOf(report, false, false)).toMatchObject({ failed: 1, failures: ['b.test.ts did not load: no module'] });
  });

  it('counts an error outside any test', () => {
    expect(tallyOf(reportOf(['one', 'passed']), false, false)).toMatchObject({ passed: 1, failed: 1 });
  });

  it('sums into the one line that the last line of a run has to be', () => {
    const tally = tallyOf(reportOf(['one', 'passed'], ['two', 'skipped']), true, false);
    expect(tallyLine(addTallies([tally, tally]))).toBe('2 passed, 0 failed, 2 skipped');
  });
});
