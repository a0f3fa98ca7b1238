import { parseArgs } from 'node:util';
import { startFeedSoak } from './soak/feedSoak.ts';
import { slopeOf } from './soak/slope.ts';
import { startSoakWorld } from './soak/soakWorld.ts';

/**
 * `node --expose-gc scripts/soak.ts [--minutes 1440] [--reconnect-each 60] [--seed 7] [--trades] [--symbols N] [--json]`: the
 * whole system for a day of virtual time while all its connections are cut each minute; with `--symbols` the feeds of so
 * many pairs at three venues instead. Prints what the heap and the process's memory grew by, after a warm-up of a third;
 * exit 1 when the heap grew by more than 1 MB per hour of cuts once a minute, or a book gave a price that it should not.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1440' },
    'reconnect-each': { type: 'string', default: '60' },
    seed: { type: 'string', default: '7' },
    trades: { type: 'boolean', default: false },
    symbols: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [minutes, cutEverySeconds, seed] = [values.minutes, values['reconnect-each'], values.seed].map(Number);
const collect = globalThis.gc;
if (collect === undefined || !(minutes! > 0) || !(cutEverySeconds! >= 2)) {
  console.error(
    collect === undefined
      ? 'start it as "node --expose-gc scripts/soak.ts": growth is measured after a collection'
      : `--minutes ${values.minutes} --reconnect-each ${values['reconnect-each']}: give minutes above 0, and at least 2 seconds between cuts`,
  );
  process.exit(2);
}
/** What the failure catalogue allows, per hour of cuts once a minute: 60 cuts. */
const LARGEST_BYTES_PER_CUT = 1_000_000 / 60;

const symbols = values.symbols === undefined ? null : Number(values.symbols);
if (symbols !== null && !(symbols >= 1 && symbols <= 200)) {
  console.error(`--symbols ${values.symbols}: give a number of pairs from 1 to 200`);
  process.exit(2);
}
const world = symbols === null ? startSoakWorld(seed!, values.trades) : startFeedSoak(seed!, symbols);
const totalMs = minutes! * 60_000;
const everyMs = cutEverySeconds! * 1_000;
const [atCut, heap, rss]: [number[], number[], number[]] = [[], [], []];
let cut = 0;
for (let atMs = everyMs; atMs <= totalMs; atMs += everyMs) {
  await world.runTo(atMs);
  cut += 1;
  // The collection costs more than the minute that it follows: not after each of them.
  if (cut % Math.max(1, Math.round(totalMs / everyMs / 60)) === 0) {
    collect();
    collect();
    const memory = process.memoryUsage();
    atCut.push(cut);
    heap.push(memory.heapUsed + memory.arrayBuffers);
    rss.push(memory.rss);
    if (!values.json)
      console.error(
        `${(atMs / 60_000).toFixed(0)} min  heap ${(heap.at(-1)! / 1e6).toFixed(2)} MB  rss ${(memory.rss / 1e6).toFixed(0)} MB`,
      );
  }
  world.cutAll();
}
const warm = Math.floor(atCut.length / 3);
const bytesPerCut = slopeOf(atCut.slice(warm), heap.slice(warm));
const report = {
  ...{ seed, minutes, cutEverySeconds, trades: values.trades, symbols, ...world.figures() },
  samples: atCut.length,
  heapMbAtEnd: heap.at(-1)! / 1e6,
  heapMbPerHour: (bytesPerCut * 60) / 1e6,
  rssMbPerHour: (slopeOf(atCut.slice(warm), rss.slice(warm)) * 60) / 1e6,
  ok: bytesPerCut < LARGEST_BYTES_PER_CUT && world.faults().length === 0,
  faults: world.faults(),
};
world.close();
console.log(values.json ? JSON.stringify(report) : report);
process.exitCode = report.ok ? 0 : 1;
