import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('../bench/run.ts', import.meta.url));
const run = promisify(execFile);

interface Report {
  readonly quick: boolean;
  readonly failures: readonly string[];
  readonly sections: readonly {
    readonly title: string;
    readonly notes: readonly string[];
    readonly rows: readonly { readonly name: string; readonly ratio: number }[];
  }[];
}

describe('npm run bench', () => {
  it('runs its sections in a short form, in which each checks that what it measures is right', async () => {
    const words = ['machine host', 'pre-trade', 'supervision', 'memory', 'journal', 'hung lane', 'killed core'];
    const { stdout } = await run(process.execPath, [RUN, '--quick', '--json', ...words], { maxBuffer: 2 ** 24 });
    const report = JSON.parse(stdout) as Report;
    expect(report).toMatchObject({ quick: true, failures: [] });
    for (const word of words) {
      const sections = report.sections.filter(({ title }) => title.toLowerCase().includes(word));
      expect(sections.length, word).toBeGreaterThan(0);
      for (const { title, rows, notes } of sections) {
        // Beside Erlang there is nothing to compare where there is none, and that is said.
        expect(rows.length > 0 || notes.some((note) => note.startsWith('SKIPPED')), title).toBe(true);
        for (const { name, ratio } of rows) expect(ratio, `${title}: ${name}`).toBeGreaterThan(0);
      }
    }
  });

  it('refuses a word that no title holds, and an option that it does not have', async () => {
    for (const [word, says] of [
      ['no-such-title', /no section has no-such-title in its title/],
      ['--fast', /--fast is no option: use --quick/],
    ] as const) {
      await expect(run(process.execPath, [RUN, word])).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(says),
      });
    }
  });
});
