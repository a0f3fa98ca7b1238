import type { Command } from 'commander';
import type { SystemStatus } from '../control/systemStatus.ts';
import { NightjarError } from '../domain/errors.ts';
import type { TreeNodeView } from '../workers/statusView.ts';
import { connectToSystem } from './client.ts';
import { action, EXIT, type ExitCode, formatTable, printJson, printText } from './output.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what the running system does')
    .option('--data <dir>', 'data directory of the running system', './data')
    .option('--json', 'machine-readable')
    .action(action((options: { readonly data: string; readonly json?: true }) => show(options)));
}

async function show(options: { readonly data: string; readonly json?: true }): Promise<ExitCode> {
  const { status, body } = await connectToSystem(options.data).call('GET', '/api/status', 'read');
  if (status !== 200) {
    const { error } = body as { readonly error?: string };
    throw new NightjarError('control.unavailable', error ?? `the system answered ${status}`);
  }
  if (options.json === true) printJson(body);
  else printText(statusText(body as SystemStatus));
  return EXIT.done;
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
    ...bots.flatMap(([name, { standstill }]) => (standstill === null ? [] : [`${name} does not trade: ${standstill}`])),
    '',
    formatTable(
      [
        ['feed', 'state', 'age', 'frames', 'gaps', 'resyncs', 'crossed', 'bad'],
        ...Object.entries(status.feeds).map(([id, feed]) => [
          id,
          feed.live ? 'live' : 'not live',
          feed.ageMs === null ? '–' : `${(feed.ageMs / 1000).toFixed(1)} s`,
          ...[feed.frames, feed.gaps, feed.resyncs, feed.crossed, feed.badFrames].map(String),
        ]),
      ],
      [2, 3, 4, 5, 6, 7],
    ),
    '',
    ...treeLines(status.tree, 0),
  ];
  return lines.join('\n');
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
