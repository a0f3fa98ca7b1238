/** What `npm test` counts, over checks and tests alike. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Full names of what failed, and why where the count alone does not say it. */
  readonly failures: readonly string[];
}

/** The part of vitest's JSON report that counts. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Recordings are not part of the project, so a test that needs one may be skipped anywhere; it says so in its name. */
const MAY_BE_ABSENT = /recording|recorded/i;

/**
 * @param exitedWell   vitest's own verdict, which also knows of errors outside any test
 * @param requireReal  count a test that was skipped for a missing component as failed
 */
export function tallyOf(report: VitestReport, exitedWell: boolean, requireReal: boolean): Tally {
  let passed = 0;
  let skipped = 0;
  const failures: string[] = [];
  for (const file of report.testResults) {
    for (const { fullName, status } of file.assertionResults) {
      if (status === 'passed') passed += 1;
      else if (status === 'failed') failures.push(fullName);
      else if (requireReal && !MAY_BE_ABSENT.test(fullName)) failures.push(`${fullName} (skipped, but required here)`);
      else skipped += 1;
    }
    const failedInside = file.assertionResults.some(({ status }) => status === 'failed');
    if (file.status === 'failed' && !failedInside) failures.push(`${file.name} did not load: ${file.message ?? ''}`);
  }
  if (!exitedWell && failures.length === 0) failures.push('vitest ended with an error outside any test');
  return { passed, failed: failures.length, skipped, failures };
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
    skipped: tallies.reduce((sum, { skipped }) => sum + skipped, 0),
    failures: tallies.flatMap(({ failures }) => failures),
  };
}

export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
