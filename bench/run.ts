import { availableParallelism, cpus } from 'node:os';
import type { BenchRow } from './section.ts';
import { sections } from './sections.ts';

/**
 * `npm run bench [-- --quick --json] [word…]`: runs the sections whose title holds one of the words, ratios first. Exit 1
 * when a floor fails; with `--quick`, which shows that all runs and is right, only a steady one counts.
 */
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = flags.find((flag) => flag !== '--quick' && flag !== '--json');
if (unknown !== undefined) refuse(`${unknown} is no option: use --quick, --json, or words of the titles`);
const quick = flags.includes('--quick');
const json = flags.includes('--json');
const chosen = sections.filter(
  ({ title }) => words.length === 0 || words.some((word) => title.toLowerCase().includes(word.toLowerCase())),
);
if (chosen.length === 0) refuse(`no section has ${words.join(' or ')} in its title`);

const machine = `node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`;
const say = json ? () => {} : (text: string) => console.log(text);
const results: unknown[] = [];
const failures: string[] = [];
say(machine);
for (const section of chosen) {
  say(`\n${section.title}`);
  const startMs = performance.now();
  const { rows, notes } = await section.run({ quick });
  results.push({ title: section.title, tookMs: Math.round(performance.now() - startMs), notes, rows });
  for (const note of notes) say(`  ${note}`);
  for (const row of rows) {
    say(`  ${line(row)}`);
    if (missesFloor(row)) {
      failures.push(`${section.title}: ${row.name} is ${row.ratio.toFixed(2)} times, floor ${row.floor!.toFixed(2)}`);
    }
  }
}
if (json) console.log(JSON.stringify({ machine, quick, sections: results, failures }));
for (const failure of failures) console.error(`FLOOR MISSED  ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

function missesFloor({ ratio, floor, isSteady }: BenchRow): boolean {
  return floor !== undefined && !(ratio >= floor) && (!quick || isSteady === true);
}

function line({ name, ratio, spread, floor, aim, absolutes }: BenchRow): string {
  const verdict =
    floor === undefined ? '' : `${ratio >= floor ? 'ok' : 'BELOW'} (floor ${short(floor)}${aimText(aim)})`;
  const range = `${short(spread[0])}–${short(spread[1])}`;
  return `${ratio.toFixed(2).padStart(7)}×  ${name.padEnd(58)} ${range.padStart(11)}  ${verdict.padEnd(27)}  ${absolutes}`;
}

function aimText(aim: number | undefined): string {
  return aim === undefined ? '' : `, aim ${short(aim)}`;
}

function short(ratio: number): string {
  return ratio < 1 ? String(Number(ratio.toFixed(2))) : String(Number(ratio.toFixed(1)));
}

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}
