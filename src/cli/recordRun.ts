import { fileURLToPath } from 'node:url';
import type { Clock, VenueEndpoints } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import { forkSim } from '../guardian/simProcess.ts';
import type { RecordingManifest } from '../journal/recordingManifest.ts';
import { buildIdentity } from '../journal/runManifest.ts';
import type { RecordMarket } from '../workers/recordMarkets.ts';
import { PUBLIC_PERP, PUBLIC_SPOT } from '../workers/recordMarkets.ts';
import type { RecordSession } from '../workers/recordSession.ts';
import { startRecordSession } from '../workers/recordSession.ts';
import type { RecordThread } from '../workers/recordThread.ts';
import { startRecordThread } from '../workers/recordThread.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { createWallTransport } from '../workers/wallTransport.ts';
import { EXIT, type ExitCode, printJson, printText, talk } from './output.ts';
import { createProgress } from './progress.ts';
import { newRecordFolder } from './recordFolder.ts';
import { recordEndText, recordProgressText } from './recordText.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI_ENTRY = fileURLToPath(new URL('../../bin/nightjar.js', import.meta.url));

export interface RecordWish {
  readonly markets: readonly RecordMarket[];
  /** Of the embedded market; null = the real venues. */
  readonly seed: number | null;
  readonly out: string | null;
  /** Null = until a signal. */
  readonly forMs: number | null;
  readonly rotateBytes: number;
  readonly minFreeBytes: number;
  readonly isJson: boolean;
}

const PROGRESS_EVERY_MS = 250;
/** The same trouble of the same market is told once in so long; all of it is in the counts. */
const SAY_AGAIN_MS = 30_000;

/** One recording from its folder to its summary. */
export async function runRecord(wish: RecordWish): Promise<ExitCode> {
  const { markets, seed, minFreeBytes, rotateBytes } = wish;
  const clock = createWallClock();
  const stop = stopRequests();
  const folder = newRecordFolder(wish.out, clock.nowMs());
  const { nightjarVersion } = buildIdentity(PROJECT_ROOT);
  const source = seed === null ? 'venues' : `sim seed ${seed}`;
  const plan = { folder, nightjarVersion, source, markets, rotateBytes, minFreeBytes };
  const sim =
    seed === null ? null : forkSim({ entry: CLI_ENTRY, args: ['sim', '--port', '0', '--seed', String(seed)] });
  const transport = createWallTransport();
  try {
    const endpoints = sim === null ? null : await sim.ready;
    sim?.process.once('exit', () => stop.ask('the embedded venues are gone'));
    const thread = await startRecordThread({ plan });
    thread.trouble.then(stop.ask);
    talk(`recording ${markets.length} market${markets.length === 1 ? '' : 's'} of ${source} to ${folder}`);
    const session = startRecordSession({
      clock,
      transport,
      random: createRandom(`record/${clock.nowMs()}`),
      ...endpointsOf(endpoints),
      markets,
      isPaced: sim === null,
      thread,
      onTrouble: sayTrouble(clock),
    });
    return await follow({ wish, clock, folder, session, thread, stop });
  } finally {
    stop.release();
    transport.close();
    if (sim !== null) {
      sim.process.removeAllListeners('exit');
      sim.process.kill();
    }
  }
}

interface Running {
  readonly wish: RecordWish;
  readonly clock: Clock;
  readonly folder: string;
  readonly session: RecordSession;
  readonly thread: RecordThread;
  readonly stop: StopRequests;
}

async function follow({ wish, clock, folder, session, thread, stop }: Running): Promise<ExitCode> {
  const progress = createProgress();
  const startedMs = clock.nowMs();
  let wasComplete = false;
  const cancel = clock.every(PROGRESS_EVERY_MS, () => {
    const { frames, lostFrames } = thread.buffer;
    const books = { live: session.liveBooks(), all: wish.markets.length };
    if (books.live === books.all && !wasComplete) {
      wasComplete = true;
      talk(`all ${books.all} books are live`);
    }
    progress.show(recordProgressText(clock.nowMs() - startedMs, books, { ...thread.totals(), frames, lostFrames }));
  });
  const cancelEnd =
    wish.forMs === null ? () => {} : clock.after(wish.forMs, () => stop.ask('the time asked for is over'));
  const reason = await stop.asked;
  cancel();
  cancelEnd();
  const books = session.stop();
  const manifest = await thread.end(reason, books).finally(() => progress.end());
  if (wish.isJson) printJson({ folder, ...manifest });
  else printText(recordEndText(folder, manifest));
  return exitOf(manifest);
}

/** A recording that ended on its own terms, with something in it. */
function exitOf({ ended, frames }: RecordingManifest): ExitCode {
  if (frames === 0)
    talk('not one frame came: are the venues reachable from here? (the lines above say what was tried)');
  return ended === 'clean' && frames > 0 ? EXIT.done : EXIT.failed;
}

function endpointsOf(embedded: VenueEndpoints | null): { spot: VenueEndpoints; perp: VenueEndpoints } {
  return embedded === null ? { spot: PUBLIC_SPOT, perp: PUBLIC_PERP } : { spot: embedded, perp: embedded };
}

function sayTrouble(clock: Clock): (of: RecordMarket, code: string, message: string) => void {
  const said = new Map<string, number>();
  return (of, code, message) => {
    const key = `${of.venue} ${of.market} ${of.symbol} ${code}`;
    const nowMs = clock.nowMs();
    if (nowMs - (said.get(key) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return;
    said.set(key, nowMs);
    talk(`${key}: ${message}`);
  };
}

interface StopRequests {
  readonly asked: Promise<string>;
  readonly ask: (reason: string) => void;
  release(): void;
}

/** Ctrl-C, SIGTERM, or whoever asks; a second signal ends at once, and what was stored stays readable. */
function stopRequests(): StopRequests {
  const { promise, resolve } = Promise.withResolvers<string>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.failed);
    resolve(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    asked: promise,
    ask: resolve,
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
