import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../src/domain/random.ts';
import type { FuzzFailure } from '../test/decoders/fuzzer.ts';
import { createFuzzer } from '../test/decoders/fuzzer.ts';
import type { VenueName } from '../test/decoders/outcome.ts';
import { VENUES } from '../test/decoders/outcome.ts';
import { seedFrames } from '../test/decoders/realFrames.ts';

/**
 * `npm run fuzz -- VENUE [--seconds 60] [--seed N]`: damages real frames for so long and compares the venue's decoder
 * with a plain `JSON.parse` reference. Ends at the first difference or crash, which is made small, saved and printed as
 * a line for `test/decoders/regressions.jsonl`. The same seed tries the same inputs. Exit: 0 equal, 1 a difference, 2 usage.
 */
function main(): number {
  const asked = readArguments();
  if (typeof asked === 'string') {
    console.error(`fuzz: ${asked}\n  npm run fuzz -- ${VENUES.join('|')} [--seconds 60] [--seed N]`);
    return 2;
  }
  const { venue, seconds, seed } = asked;
  const seeds = seedFrames(venue);
  const fuzzer = createFuzzer(venue, seeds, createRandom(`fuzz/${venue}/${seed}`));
  const startedMs = performance.now();
  const elapsed = () => (performance.now() - startedMs) / 1000;
  console.error(`${venue}: ${seeds.length} frames to begin with, seed ${seed}, ${seconds} s`);
  let nextReport = 5;
  while (elapsed() < seconds) {
    // Some hundred between two looks at the clock.
    for (let i = 0; i < 200; i += 1) {
      const failure = fuzzer.tryOne();
      if (failure !== null) return fail(venue, seed, failure);
    }
    if (elapsed() >= nextReport) {
      console.error(`  ${nextReport} s: ${fuzzer.tally.inputs.toLocaleString('en')} inputs, no difference`);
      nextReport += 5;
    }
  }
  const { inputs, read, refused } = fuzzer.tally;
  const share = `${read.toLocaleString('en')} read, ${refused.toLocaleString('en')} refused`;
  console.log(
    `${venue}: ${inputs.toLocaleString('en')} inputs in ${elapsed().toFixed(1)} s (seed ${seed}): 0 differences, 0 crashes; ${share}`,
  );
  return 0;
}

/** Longer inputs are saved, not printed. */
const MAX_LINE = 20_000;

function fail(venue: VenueName, seed: string, failure: FuzzFailure): number {
  const folder = join('data', 'fuzz');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${venue}-${seed}-${failure.input}.bin`);
  writeFileSync(path, failure.bytes);
  const base64 = Buffer.from(failure.bytes).toString('base64');
  console.log(`${venue}: input ${failure.input} of seed ${seed}: ${failure.what}`);
  console.log(`  made small: ${new TextDecoder().decode(failure.bytes).slice(0, 400)}`);
  console.log(`  saved as ${path}${base64.length > MAX_LINE ? '' : '; as a line of test/decoders/regressions.jsonl:'}`);
  if (base64.length <= MAX_LINE) {
    console.log(JSON.stringify({ venue, why: `seed ${seed}, input ${failure.input}`, base64 }));
  }
  return 1;
}

/** A text says what is wrong. */
function readArguments(): { venue: VenueName; seconds: number; seed: string } | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
    });
    const venue = VENUES.find((name) => name === positionals[0]);
    if (venue === undefined || positionals.length !== 1) {
      return `VENUE is ${JSON.stringify(positionals.join(' '))}: name one of ${VENUES.join(', ')}`;
    }
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) return `--seconds is ${JSON.stringify(values.seconds)}: give a number above 0`;
    if (!/^[\w-]{1,40}$/.test(values.seed)) {
      return `--seed is ${JSON.stringify(values.seed)}: give letters and digits, it names a file`;
    }
    return { venue, seconds, seed: values.seed };
  } catch (error) {
    return (error as Error).message;
  }
}

process.exitCode = main();
