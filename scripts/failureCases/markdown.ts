import { MUTATIONS } from '../mutations/table.ts';
import { FAILURE_CASES } from './catalogue.ts';
import { type CaseTest, caseTests } from './titles.ts';

/** `docs/FAILURE_CASES.md`: made from the catalogue, the titles of the tests and the mutations. */
export function failureCasesMarkdown(): string {
  const tests = Map.groupBy(caseTests(), ({ number }) => number);
  const covered = FAILURE_CASES.filter(({ number }) => tests.has(number)).length;
  return `${[
    '# Failure cases',
    '',
    'Made from `scripts/failureCases/` and the titles of the tests by `npm run docs`; do not edit.',
    '',
    'How trading systems have failed their users, and the test that proves that this one does not. `npm run mutations`',
    'breaks the program in the way of the last column and expects the test to fail. Groups: A order identity, B fills and',
    'positions, C market data, D time and limits, E increments and sizes, F crash, disk, memory and shutdown, G modes and kill, H security.',
    '',
    `${covered} of ${FAILURE_CASES.length} are covered.`,
    '',
    '| case | what happens → what must follow | test | seen to fail when |',
    '|---|---|---|---|',
    ...FAILURE_CASES.map(({ number, happens, reason }) => {
      const mutations = MUTATIONS.filter((one) => one.number === number).map(({ name }) => name);
      const shown = tests.get(number)?.map(testText) ?? [`none: ${reason ?? 'no reason is given'}`];
      return `| ${[number, happens, shown.join('<br>'), mutations.join('<br>') || '–'].map(cell).join(' | ')} |`;
    }),
  ].join('\n')}\n`;
}

const testText = ({ file, title }: CaseTest) => `\`${file}\`: ${title}`;
const cell = (text: string) => text.replaceAll('|', '\\|');
