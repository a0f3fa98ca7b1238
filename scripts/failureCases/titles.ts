import { globSync, readFileSync } from 'node:fs';

export interface CaseTest {
  readonly number: string;
  readonly file: string;
  readonly title: string;
}

/** A text that begins with a case's number, such as 'A1: a create …': the title of a test, a group or a row of a table. */
const TITLE = /(['"`])([A-H]\d{1,2})[: ]\s*((?:(?!\1)[^\n\\]|\\.){8,}?)\1/g;

/** A title may prove more than one: 'F9 …, and F10 …'. */
const NUMBER = /\b[A-H]\d{1,2}(?=[: ])/g;

/** The rules of supervision are numbered C01 to C65 and N01 to N12: another list. */
const OTHER_LIST = /^(src\/actors|test\/otp)\//;

/** Every test of the tree that names a failure case, in the order of files. */
export function caseTests(root = '.'): readonly CaseTest[] {
  return globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root })
    .filter((file) => !OTHER_LIST.test(file))
    .sort()
    .flatMap((file) =>
      [...readFileSync(`${root}/${file}`, 'utf8').matchAll(TITLE)]
        .map(([, , number, title]) => ({ number: number!, title: title!.replace(/\\(.)/g, '$1') }))
        // What a test prints is no title.
        .filter(({ title }) => !title.includes('${'))
        .flatMap(({ number, title }) =>
          [...new Set([number, ...(title.match(NUMBER) ?? [])])].map((one) => ({ number: one, file, title })),
        ),
    );
}
