import { parseArgs } from 'node:util';
import { describeDifference, findDifferences } from './compare.ts';
import { hasErlang } from './playOnErlang.ts';
import { scenarioOf } from './scenario.ts';

/** `npm run test:otp -- --from SEED --count N`: any number of scenarios on Erlang's supervisor and on ours; exit 1 on differences. */
const BATCH = 1000;
const { values } = parseArgs({
  options: { from: { type: 'string', default: '1' }, count: { type: 'string', default: '1000' } },
});
const from = wholeNumber('--from', values.from);
const count = wholeNumber('--count', values.count);
if (!hasErlang()) {
  console.error('escript is missing: install Erlang (Debian: apt-get install erlang-base)');
  process.exit(2);
}
let different = 0;
for (let done = 0; done < count; done += BATCH) {
  const size = Math.min(BATCH, count - done);
  const differences = findDifferences(Array.from({ length: size }, (_, index) => scenarioOf(from + done + index)));
  for (const difference of differences) console.log(describeDifference(difference));
  different += differences.length;
  console.error(`${done + size} of ${count} scenarios, ${different} differences`);
}
console.log(`${count} scenarios from seed ${from}: ${different} differences`);
process.exitCode = different === 0 ? 0 : 1;

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`${option} = ${text}: give a whole number, 0 or more`);
  process.exit(2);
}
