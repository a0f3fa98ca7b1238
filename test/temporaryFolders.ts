import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/**
 * Everything that tests put into the temporary folder goes with the run that made it, whatever a test forgets. What
 * belongs to a failure stays, and is named.
 */
export default function setup(project: TestProject): () => void {
  const before = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'nightjar-tests-'));
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    if (project.vitest.state.getCountOfFailedTests() > 0) process.stderr.write(`kept for a look: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}
