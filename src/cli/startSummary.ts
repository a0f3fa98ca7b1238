import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelConfig } from '../core/kernel.ts';
import type { CoreStatus } from '../guardian/coreMessages.ts';
import { readManifest } from '../journal/runManifest.ts';
import { type BotSummary, summariseRun } from '../journal/summariseRun.ts';

/** What `--summary` writes: the journal's counts over all incarnations, and the feeds' totals. */
export function makeSummary(
  runDir: string,
  statuses: readonly CoreStatus[],
  coreDeaths: number,
): Record<string, unknown> {
  const manifest = readManifest(runDir);
  const { kernel } = manifest.config as { readonly kernel: KernelConfig };
  const { restarts, ...summary } = summariseRun(
    runDir,
    kernel.bots.map(({ id }) => id),
  );
  return {
    ...summary,
    seed: manifest.seed,
    clock: manifest.clock,
    mode: manifest.mode,
    env: manifest.env,
    configHash: manifest.configHash,
    version: manifest.nightjarVersion,
    incarnations: manifest.incarnations.length,
    coreDeaths,
    restarts: Object.values(restarts).reduce((sum, count) => sum + count, 0),
    restartsByChild: restarts,
    feeds: sumFeeds(statuses),
    tree: statuses.at(-1)?.tree ?? [],
    note: manifest.env === 'sim' ? 'embedded market: proves the plumbing, not a profit' : '',
  };
}

export function writeSummary(path: string, summary: Record<string, unknown>): void {
  writeFileSync(path, `${JSON.stringify(summary, null, 2)}\n`);
}

/** The last lines of a run: what each bot did, and where all of it can be read. */
export function endingLines(runDir: string, summary: Record<string, unknown>): string[] {
  const bots = summary.bots as Record<
    string,
    {
      looks: number;
      near: number;
      auto: number;
      go: number;
      trades: number;
      incomplete: BotSummary['incomplete'];
      ev: { net: number };
    }
  >;
  return [
    ...Object.entries(bots).map(
      ([bot, { looks, near, auto, go, trades, incomplete, ev }]) =>
        `ended     ${bot}: looks ${looks}, near ${near}, auto ${auto}, go ${go}, trades ${trades}, net ${ev.net.toFixed(4)} USDT${openText(incomplete)}`,
    ),
    `journal   ${join(runDir, 'journal.sqlite')}  (nightjar funnel, nightjar why BOT, nightjar replay RUN --verify)`,
  ];
}

/** A position that stayed open is no result yet. */
function openText({ attempts, unrealisedNet }: BotSummary['incomplete']): string {
  if (attempts === 0) return '';
  return `, of it ${unrealisedNet.toFixed(4)} unrealised: ${attempts} INCOMPLETE, a position stayed open`;
}

/** Each incarnation counts from zero. */
function sumFeeds(statuses: readonly CoreStatus[]): Record<string, Record<string, number>> {
  const sums: Record<string, Record<string, number>> = {};
  for (const { feeds } of statuses) {
    for (const [feed, counters] of Object.entries(feeds)) {
      const sum = sums[feed] ?? {};
      sums[feed] = sum;
      for (const [name, value] of Object.entries(counters)) sum[name] = (sum[name] ?? 0) + value;
    }
  }
  return sums;
}
