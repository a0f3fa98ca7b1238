import type { Closure, LatchState } from '../domain/control.ts';
import { type FeedFigures, readFeedFigures } from '../telemetry/feedFigures.ts';
import type { Dimensions, SlabShare } from '../telemetry/slab.ts';
import { lastReportMs } from '../telemetry/slabSink.ts';
import type { SlabReader } from '../telemetry/slabText.ts';
import { latchLevel } from '../workers/latchWords.ts';
import type { BotView, StatusView } from '../workers/statusView.ts';
import { strictestClosure } from './latchState.ts';
import type { LatchedBot } from './targets.ts';

/** A lane that has not reported for this long is down (`status`: watcher). */
const LANE_SILENT_MS = 1_000;
/** The other threads may be busy for longer: a commit on a slow disk, a slow venue. */
const THREAD_SILENT_MS = 5_000;
const VIEW_STALE_MS = 3_000;
const INPUT_STALE_MS = 10_000;

export interface BotStatus extends BotView {
  readonly permit: 'open' | 'closed' | 'flattening' | 'killed';
  readonly closure: Closure | null;
}

/** `GET /api/status`. The core's part is as old as `viewAgeMs`; the rest is read from shared memory at the request. */
export interface SystemStatus {
  readonly atMs: number;
  readonly viewAgeMs: number;
  readonly run: string;
  readonly startedAtMs: number;
  readonly incarnation: number;
  readonly core: { readonly pid: number };
  readonly version: string;
  readonly configHash: string;
  readonly mode: string;
  readonly env: string;
  readonly embedded: boolean;
  readonly phase: StatusView['phase'];
  readonly watcher: 'UP' | 'DOWN';
  readonly killswitch: 'UP' | 'DOWN';
  readonly http429: number;
  readonly restarts: number;
  readonly tree: StatusView['tree'];
  readonly bots: Readonly<Record<string, BotStatus>>;
  readonly feeds: Readonly<Record<string, FeedFigures>>;
  /** Age of each thread's last report, ms; null before the first. */
  readonly threads: Readonly<Record<string, number | null>>;
  readonly latch: { readonly durable: boolean; readonly all: Closure | null };
  /** What `/readyz` would name; empty = ready. */
  readonly notReady: readonly string[];
}

export interface StatusInput {
  readonly view: StatusView | null;
  readonly nowMs: number;
  readonly slabs: readonly SlabShare[];
  readonly reader: SlabReader;
  readonly dimensions: Dimensions;
  readonly bots: readonly LatchedBot[];
  readonly latch: SharedArrayBuffer;
  readonly latchState: LatchState;
  readonly latchDurable: boolean;
  readonly version: string;
  readonly configHash: string;
}

/** What is not fresh or not there, in words; empty = the system is ready. */
export function findNotReady(input: StatusInput): string[] {
  const { view, nowMs, reader, dimensions } = input;
  const missing: string[] = [];
  if (view === null) missing.push('core: has not reported yet');
  else if (nowMs - view.atMs > VIEW_STALE_MS) missing.push(`core: last report ${age(nowMs - view.atMs)} ago`);
  else if (view.phase !== 'running') missing.push(`core: ${view.phase}`);

  for (const [thread, ageMs] of Object.entries(threadAges(input))) {
    const limitMs = dimensions.lanes.includes(thread) ? LANE_SILENT_MS : THREAD_SILENT_MS;
    if (ageMs === null) missing.push(`${thread}: has not reported yet`);
    else if (ageMs > limitMs) missing.push(`${thread}: last report ${age(ageMs)} ago`);
  }
  for (const [id, feed] of Object.entries(readFeedFigures(reader, dimensions))) {
    if (feed.ageMs === null) missing.push(`${id}: no book yet`);
    else if (feed.ageMs > INPUT_STALE_MS) missing.push(`${id}: book ${age(feed.ageMs)} old`);
    else if (!feed.live) missing.push(`${id}: book not live`);
  }
  for (const bot of dimensions.bots.filter((name) => name.startsWith('arb:'))) {
    const quoteAgeMs = reader.value('nightjar_quote_age_seconds', { symbol: bot.slice('arb:'.length) }) * 1000;
    if (Number.isNaN(quoteAgeMs)) missing.push(`${bot}: no DEX quote yet`);
    else if (quoteAgeMs > INPUT_STALE_MS) missing.push(`${bot}: DEX quote ${age(quoteAgeMs)} old`);
  }
  return missing;
}

/** Null until the core has told what runs. */
export function systemStatus(input: StatusInput): SystemStatus | null {
  const { view, nowMs, reader } = input;
  if (view === null) return null;
  const threads = threadAges(input);
  const notReady = findNotReady(input);
  const viewAgeMs = nowMs - view.atMs;
  const laneUp = input.dimensions.lanes.every((lane) => (threads[lane] ?? Number.POSITIVE_INFINITY) <= LANE_SILENT_MS);
  return {
    atMs: nowMs,
    viewAgeMs,
    run: view.run,
    startedAtMs: view.startedAtMs,
    incarnation: view.incarnation,
    core: { pid: view.corePid },
    version: input.version,
    configHash: input.configHash,
    mode: view.mode,
    env: view.env,
    embedded: view.embedded,
    phase: view.phase,
    watcher: laneUp && notReady.length === 0 ? 'UP' : 'DOWN',
    killswitch: view.guardianUp && viewAgeMs <= VIEW_STALE_MS && input.latchDurable ? 'UP' : 'DOWN',
    http429: reader.total('http_429_total'),
    restarts: view.restarts,
    tree: view.tree,
    bots: botStatuses(view, input),
    feeds: readFeedFigures(reader, input.dimensions),
    threads,
    latch: { durable: input.latchDurable, all: input.latchState.all },
    notReady,
  };
}

/** Keyed by the short name, whatever form of id the core uses. */
function botStatuses(view: StatusView, input: StatusInput): Record<string, BotStatus> {
  const statuses: Record<string, BotStatus> = {};
  for (const { id, name, slot } of input.bots) {
    const bot = view.bots[id] ?? view.bots[name];
    if (bot === undefined) continue;
    const level = latchLevel(input.latch, slot);
    statuses[name] = {
      ...bot,
      permit: PERMIT_WORD[level],
      closure: strictestClosure(
        input.latchState,
        input.bots.filter((one) => one.id === id),
      ),
    };
  }
  return statuses;
}

function threadAges({ slabs, nowMs }: StatusInput): Record<string, number | null> {
  return Object.fromEntries(
    slabs.map(({ thread, buffer }) => {
      const atMs = lastReportMs(buffer);
      return [thread, Number.isNaN(atMs) ? null : Math.max(0, nowMs - atMs)];
    }),
  );
}

const PERMIT_WORD = { open: 'open', permit: 'closed', flatten: 'flattening', kill: 'killed' } as const;

const age = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
