import type { Command } from 'commander';
import { DEFAULT_WINDOW_LOOKS, type FunnelReport, makeFunnelReport } from '../journal/funnelReport.ts';
import { botName } from '../journal/summariseRun.ts';
import { action, formatTable, printJson, printText } from './output.ts';
import {
  addReportOptions,
  findBot,
  formatRunLine,
  formatShare,
  formatWindow,
  type ReportedRun,
  type ReportOptions,
  withReportedRun,
} from './reportRun.ts';

/** `nightjar funnel [BOT]`: how far looks get, and where they end. */
export function registerFunnel(program: Command): void {
  addReportOptions(program.command('funnel'))
    .argument('[bot]', 'arb:SOL for one; every bot of the run without it')
    .description('NEAR, AUTO and GO of the last looks, why they ended, what was missing, the last trades')
    .action(
      action((bot: string | undefined, options: ReportOptions) =>
        withReportedRun(options, (run) => print(run, bot, options)),
      ),
    );
}

function print(run: ReportedRun, asked: string | undefined, options: ReportOptions): undefined {
  const bots = asked === undefined ? run.bots : [findBot(run, asked)];
  const reports = bots.map((bot) =>
    makeFunnelReport(botName(bot), run.tally(bot), options.last ?? DEFAULT_WINDOW_LOOKS),
  );
  if (options.json === true) {
    printJson({ run: run.manifest.folder, mode: run.manifest.mode, state: run.state, bots: reports });
  } else if (reports.length === 0) {
    printText(`Run ${run.manifest.folder} has no look records: no bot has had a live book and a quote yet.`);
  } else {
    printText(reports.map((report) => formatFunnel(run, report)).join('\n\n'));
  }
}

export function formatFunnel(run: ReportedRun, report: FunnelReport): string {
  const { window, ratios, needDeltaPx } = report;
  const head = formatRunLine(run, report.bot);
  if (window.looks === 0) {
    const open = report.open > 0 ? `; ${report.open} still open` : '';
    return `${head}\n  No look has ended yet${open}: a look needs a live book and a new quote.`;
  }
  const stages = formatTable(
    [
      ['  stage', 'count', 'of the stage before'],
      ['  near', String(report.near), ''],
      ['  auto', String(report.auto), formatShare(ratios.nearToAuto)],
      ['  go', String(report.go), formatShare(ratios.autoToGo)],
      ['  trades', String(report.trades), formatShare(ratios.goToTrade)],
    ],
    [1, 2],
  );
  const why =
    report.why.length === 0
      ? '  why: every look became a trade'
      : formatTable(
          [
            ['  why', 'looks', 'share'],
            ...report.why.map(({ reason, count, share }) => [`  ${reason}`, String(count), formatShare(share)]),
          ],
          [1, 2],
        );
  const need =
    needDeltaPx === null
      ? '  need_delta_px  no look had all prices'
      : `  need_delta_px  p10 ${px(needDeltaPx.p10)}  p50 ${px(needDeltaPx.p50)}  p90 ${px(needDeltaPx.p90)} USDT over ${needDeltaPx.count} looks`;
  const mixed = report.mixedSources
    ? [`  MIXED SOURCES: this funnel does not add up (${report.mixed.join('; ')}); do not act on it`]
    : [];
  return [
    `${head}, last ${window.looks} looks${formatWindow(window.fromMs, window.toMs)}`,
    ...mixed,
    stages,
    why,
    need,
    `  ${formatTrades(report)}`,
  ].join('\n\n');
}

function formatTrades({ lastTrades }: FunnelReport): string {
  const { count, winRate, meanNet, meanNetInterval } = lastTrades;
  if (count === 0 || meanNet === null) return 'last trades    none in this run';
  const interval =
    meanNetInterval === null
      ? 'no interval from one trade'
      : `95 % bootstrap ${money(meanNetInterval.low)} to ${money(meanNetInterval.high)}`;
  return `last ${count} trade${count === 1 ? '' : 's'}   won ${formatShare(winRate)}, mean net ${money(meanNet)} USDT (${interval})`;
}

const px = (value: number) => value.toFixed(4);
const money = (value: number) => `${value > 0 ? '+' : ''}${value.toFixed(6)}`;
