import { type Command, InvalidArgumentError } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import { DEFAULT_WINDOW_LOOKS } from '../journal/funnelReport.ts';
import { botName } from '../journal/summariseRun.ts';
import { makeWhyReport, unitOfReason, type WhyReport } from '../journal/whyReport.ts';
import { action, formatTable, printJson, printText } from './output.ts';
import {
  addReportOptions,
  findBot,
  formatRunLine,
  formatShare,
  formatTime,
  formatWindow,
  type ReportedRun,
  type ReportOptions,
  withReportedRun,
} from './reportRun.ts';

type WhyOptions = ReportOptions & { readonly at?: string };

/** Around a time, so many looks are listed unless told. */
const DEFAULT_AROUND_LOOKS = 20;

/** `nightjar why BOT`: why looks did not become trades, nearest misses first. */
export function registerWhy(program: Command): void {
  addReportOptions(program.command('why'))
    .argument('<bot>', 'such as arb:SOL')
    .option(
      '--at <TIME>',
      'the looks around a time: 2026-01-05T14:31:00Z, or 14:31:00 of the run’s first day (UTC)',
      checkTime,
    )
    .description('why looks did not become trades, the nearest misses first')
    .action(action((bot: string, options: WhyOptions) => withReportedRun(options, (run) => print(run, bot, options))));
}

function print(run: ReportedRun, asked: string, options: WhyOptions): undefined {
  const bot = findBot(run, asked);
  const tally = run.tally(bot);
  const dayMs = tally.looks[0]?.beganAtMs ?? run.manifest.startedAtMs;
  const aroundMs = options.at === undefined ? null : resolveTime(options.at, dayMs);
  const last = options.last ?? (aroundMs === null ? DEFAULT_WINDOW_LOOKS : DEFAULT_AROUND_LOOKS);
  const report = makeWhyReport(botName(bot), tally, last, aroundMs);
  if (options.json === true)
    printJson({ run: run.manifest.folder, mode: run.manifest.mode, state: run.state, ...report });
  else printText(formatWhy(run, report));
}

export function formatWhy(run: ReportedRun, report: WhyReport): string {
  const { window, reasons, misses } = report;
  const head = formatRunLine(run, report.bot);
  if (window.looks === 0) {
    const open = report.open > 0 ? `; ${report.open} still open` : '';
    return `${head}\n  No look has ended yet${open}: a look needs a live book and a new quote.`;
  }
  const which =
    window.aroundMs === null
      ? `last ${window.looks} looks`
      : `${window.looks} looks around ${formatTime(window.aroundMs)}`;
  const title = `${head}, ${which}${formatWindow(window.fromMs, window.toMs)}: ${report.trades} became trades`;
  if (misses.length === 0) return `${title}\n  No look of this window fell short.`;

  const breakdown = formatTable(
    [
      ['  reason', 'looks', 'share'],
      ...reasons.map(({ reason, count, share }) => [`  ${reason}`, String(count), formatShare(share)]),
    ],
    [1, 2],
  );
  const rows = misses.map(({ endedAtMs, end, value, limit, need, needDeltaPx }) => [
    `  ${formatTime(endedAtMs)}`,
    end,
    figure(value),
    figure(limit),
    figure(need),
    unitOfReason(end),
    needDeltaPx === null ? '–' : needDeltaPx.toFixed(4),
  ]);
  const list = formatTable(
    [['  time (UTC)', 'reason', 'value', 'limit', 'need', 'unit', 'need_delta_px (USDT)'], ...rows],
    [2, 3, 4, 6],
  );
  return `${title}\n\n${breakdown}\n\n  ${window.aroundMs === null ? 'nearest misses first' : 'in order of time'}\n${list}`;
}

const figure = (value: number | null) => (value === null ? '–' : String(Number(value.toFixed(3))));

const DAY_MS = 86_400_000;
const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,3})?))?$/;

function checkTime(text: string): string {
  if (CLOCK_TIME.test(text) || instantMs(text) !== null) return text;
  throw new InvalidArgumentError(`"${text}" is no time: write 2026-01-05T14:31:00Z or 14:31:00 (UTC).`);
}

/** @param dayMs  a moment of the day that a time without a date belongs to */
export function resolveTime(text: string, dayMs: number): number {
  const clockTime = CLOCK_TIME.exec(text);
  if (clockTime !== null) {
    const [, hours, minutes, seconds = '0'] = clockTime;
    return (
      Math.floor(dayMs / DAY_MS) * DAY_MS + (Number(hours) * 60 + Number(minutes)) * 60_000 + Number(seconds) * 1000
    );
  }
  const instant = instantMs(text);
  if (instant === null)
    throw new NightjarError('config.invalid', `"${text}" is no time: write 2026-01-05T14:31:00Z or 14:31:00`);
  return instant;
}

/** ISO 8601 with a zone, or without one as UTC. */
function instantMs(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null;
  const ms = Date.parse(/(Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}
