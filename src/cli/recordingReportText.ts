import type { RecordingReport } from '../workers/recordingReplay.ts';
import { formatTable } from './output.ts';

/** Bad lines shown in the text; the JSON has more of them. */
const SHOWN_BAD_LINES = 10;

/** What a replay of recordings saw, for reading. */
export function recordingReportText(report: RecordingReport, seconds: number): string {
  const frames = Object.entries(report.frames).map(([kind, count]) => `${kind} ${count}`);
  const books = report.books.map((book) => [
    `${book.venue} ${book.market}`,
    book.symbol,
    String(book.depthUpdates),
    String(book.snapshots),
    String(book.gaps),
    String(book.resyncs),
    String(book.crossed),
    `${book.bidLevels} | ${book.askLevels}`,
    `${book.bestBid || 'none'} | ${book.bestAsk || 'none'}`,
    book.tickSize,
    book.lotSize,
  ]);
  const head = ['book', 'symbol', 'depth', 'snapshots', 'gaps', 'resyncs', 'crossed', 'levels', 'best', 'tick', 'lot'];
  return [
    `${report.files.length} file${report.files.length === 1 ? '' : 's'}, ${report.lines} lines, ${(report.bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(2)} s`,
    report.firstMs === null || report.lastMs === null
      ? 'no line with a receive time'
      : `received  ${isoOf(report.firstMs)} to ${isoOf(report.lastMs)}`,
    `lines     ${frames.join('  ')}`,
    `trades    ${report.trades}`,
    '',
    ...(books.length > 0
      ? [formatTable([head, ...books], [2, 3, 4, 5, 6, 9, 10])]
      : ['no book: no depth frame was read']),
    '',
    `book hash ${report.bookHash}`,
    ...(report.gaps > report.resyncs
      ? [
          `${report.gaps} gap${report.gaps === 1 ? '' : 's'} without a snapshot behind: the book was carried on, and is not to be trusted from there`,
        ]
      : []),
    ...badLineTexts(report),
  ].join('\n');
}

function badLineTexts({ badLineCount, badLines, truncatedFiles }: RecordingReport): string[] {
  if (badLineCount === 0) return [];
  const shown = badLines.slice(0, SHOWN_BAD_LINES);
  const more = badLineCount - shown.length;
  return [
    '',
    `${badLineCount} refused, ${truncatedFiles} file${truncatedFiles === 1 ? '' : 's'} damaged or cut short:`,
    ...shown.map(({ file, line, offset, code, reason }) => `  ${file}:${line} (byte ${offset}) ${code}: ${reason}`),
    ...(more > 0 ? [`  and ${more} more (--json lists up to 100)`] : []),
  ];
}

const isoOf = (ms: number) => Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toString();
