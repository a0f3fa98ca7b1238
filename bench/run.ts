import { availableParallelism, cpus } from 'node:os';
import type { BenchRow } from './section.ts';
import { sections } from './sections.ts';

/** `npm run bench [word…]`: runs the sections whose title holds one of the words, ratios first. Exit 1 when a floor fails. */
const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = sections.filter(
  ({ title }) => words.length === 0 || words.some((word) => title.toLowerCase().includes(word)),
);

console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`);
const failures: string[] = [];
for (const section of chosen) {
  console.log(`\n${section.title}`);
  const { rows, notes } = await section.run();
  for (const note of notes) console.log(`  ${note}`);
  for (const row of rows) {
    console.log(`  ${line(row)}`);
    if (row.floor !== undefined && !(row.ratio >= row.floor)) {
      failures.push(`${section.title}: ${row.name} is ${row.ratio.toFixed(2)} times, floor ${row.floor}`);
    }
  }
}
for (const failure of failures) console.error(`FLOOR MISSED  ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function line({ name, ratio, spread, floor, absolutes }: BenchRow): string {
  const verdict = floor === undefined ? '' : ratio >= floor ? `  ok (floor ${floor})` : `  BELOW ${floor}`;
  const range = `${spread[0].toFixed(1)}–${spread[1].toFixed(1)}`;
  return `${ratio.toFixed(2).padStart(7)}×  ${name.padEnd(58)} ${range.padStart(11)}${verdict.padEnd(16)}  ${absolutes}`;
}
