import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { SystemStatus } from '../control/systemStatus.ts';
import { NightjarError } from '../domain/errors.ts';
import type { TreeNodeView } from '../workers/statusView.ts';
import { connectToSystem } from './client.ts';
import { action, EXIT, type ExitCode, formatError, formatTable, printJson, printText, talk } from './output.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what the running system does')
    .option('--data <dir>', 'data directory of the running system', './data')
    .option('--watch', 'again each second until Ctrl-C; with --json one object a line')
    .option('--json', 'machine-readable')
    .action(action((options: StatusOptions) => (options.watch === true ? watch(options) : show(options))));
}

interface StatusOptions {
  readonly data: string;
  readonly json?: true;
  readonly watch?: true;
}

const WATCH_EVERY_MS = 1000;
/** Home, then clear to the end: repainted in place without a flicker. */
const REPAINT = '\x1b[H\x1b[J';

async function show(options: StatusOptions): Promise<ExitCode> {
  const body = await ask(options.data);
  if (options.json === true) printJson(body);
  else printText(statusText(body));
  return EXIT.done;
}

/** A system that is away for a moment is waited for, and said; Ctrl-C ends it well. */
async function watch({ data, json }: StatusOptions): Promise<ExitCode> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  // A reader that has left needs no more of it.
  process.stdout.once('close', stop).once('error', stop);
  // The first answer may refuse: then nothing runs there, and nothing is to be watched.
  let body: SystemStatus | null = await ask(data);
  const clear = json !== true && process.stdout.isTTY === true ? REPAINT : '';
  while (!stopped.signal.aborted) {
    if (body !== null) printText(json === true ? JSON.stringify(body) : `${clear}${statusText(body)}\n`);
    await sleep(WATCH_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {});
    body = stopped.signal.aborted ? null : await askAgain(data);
  }
  return EXIT.done;
}

async function askAgain(data: string): Promise<SystemStatus | null> {
  try {
    return await ask(data);
  } catch (error) {
    talk(formatError(error));
    return null;
  }
}

async function ask(data: string): Promise<SystemStatus> {
  const { status, body } = await connectToSystem(data).call('GET', '/api/status', 'read');
  if (status !== 200) {
    const { error } = body as { readonly error?: string };
    throw new NightjarError('control.unavailable', error ?? `the system answered ${status}`);
  }
  return body as SystemStatus;
}

/** Begins with the one line that scripts read. */
export function statusText(status: SystemStatus): string {
  const bots = Object.entries(status.bots);
  const lines = [
    headline(status),
    `run ${status.run}, incarnation ${status.incarnation}, core ${status.core.pid}, ${status.mode} on ${status.env}, ` +
      `${status.phase}, restarts ${status.restarts}, as of ${(status.viewAgeMs / 1000).toFixed(1)} s ago`,
    ...(status.embedded ? ['embedded venues: the results prove the plumbing, not a profit'] : []),
    ...status.notReady.map((what) => `not ready: ${what}`),
    '',
    formatTable(
      [
        ['bot', 'state', 'permit', 'looks', 'near', 'auto', 'go', 'trades', 'net', 'most refused by'],
        ...bots.map(([name, bot]) => [
          name,
          bot.state,
          bot.closure === null ? bot.permit : `${bot.permit}: ${bot.closure.reason}`,
          ...[bot.looks, bot.near, bot.auto, bot.go, bot.trades].map(String),
          bot.ev.net.toFixed(4),
          topReasons(bot.why),
        ]),
      ],
      [3, 4, 5, 6, 7, 8],
    ),
    ...bots.flatMap(([name, { why }]) => incompleteLine(name, why.incomplete ?? 0)),
    ...bots.flatMap(([name, { standstill }]) => (standstill === null ? [] : [`${name} does not trade: ${standstill}`])),
    '',
    formatTable(
      [
        ['feed', 'state', 'age', 'frames', 'gaps', 'resyncs', 'crossed', 'bad', 'late', 'wrong'],
        ...Object.entries(status.feeds).map(([id, feed]) => [
          id,
          feed.live ? 'live' : 'not live',
          feed.ageMs === null ? '–' : `${(feed.ageMs / 1000).toFixed(1)} s`,
          ...[feed.frames, feed.gaps, feed.resyncs, feed.crossed, feed.badFrames, feed.late, feed.wrong].map(String),
        ]),
      ],
      [2, 3, 4, 5, 6, 7, 8, 9],
    ),
    '',
    ...treeLines(status.tree, 0),
  ];
  return lines.join('\n');
}

/** The net of such attempts counts for the loss limits, and is no result. */
function incompleteLine(name: string, count: number): string[] {
  if (count === 0) return [];
  return [
    `${name} INCOMPLETE ${count}: a position stayed open; it counts as no trade, and net values it at a mid, unrealised`,
  ];
}

/** `watcher=UP killswitch=UP 429=0 slot=OPEN net_edge_min_bps=38`: the slot is open when any bot's is. */
function headline({ watcher, killswitch, http429, bots }: SystemStatus): string {
  const all = Object.values(bots);
  const slot = all.some(({ slotOpen }) => slotOpen) ? 'OPEN' : 'CLOSED';
  const edges = [...new Set(all.map(({ netEdgeMinBps }) => netEdgeMinBps))].join(',');
  return `watcher=${watcher} killswitch=${killswitch} 429=${http429} slot=${slot} net_edge_min_bps=${edges}`;
}

function topReasons(why: Readonly<Record<string, number>>): string {
  return Object.entries(why)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}

function treeLines(nodes: readonly TreeNodeView[], depth: number): string[] {
  return nodes.flatMap((node) => [
    `${'  '.repeat(depth)}${node.id} ${node.state} #${node.incarnation}${node.restarts > 0 ? ` restarts ${node.restarts}` : ''}`,
    ...treeLines(node.children ?? [], depth + 1),
  ]);
}
