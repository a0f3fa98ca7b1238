import type { RecordingManifest } from '../journal/recordingManifest.ts';
import type { RecordTotals } from '../workers/recordMessages.ts';
import { formatTable } from './output.ts';

/** One line: how far a recording has come. */
export function recordProgressText(
  elapsedMs: number,
  books: { readonly live: number; readonly all: number },
  { frames, lostFrames, bytes, storedBytes }: RecordTotals,
): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const time = [3600, 60, 1].map((unit) =>
    String(Math.floor(seconds / unit) % (unit === 3600 ? 1e6 : 60)).padStart(2, '0'),
  );
  const size = `${megabytes(storedBytes)} MB stored of ${megabytes(bytes)} MB`;
  return `${time.join(':')}  ${books.live} of ${books.all} books live  ${frames.toLocaleString('en')} frames  ${size}  lost ${lostFrames}`;
}

/** What a recording holds, for reading. */
export function recordEndText(folder: string, manifest: RecordingManifest): string {
  const { ended, reason, frames, bytes, storedBytes, lostFrames, files } = manifest;
  const rows = manifest.markets.map(({ venue, market, symbol }) => {
    const isOurs = (of: { venue: string; market: string; symbol: string }) =>
      of.venue === venue && of.market === market && of.symbol === symbol;
    const own = files.filter(isOurs);
    const book = manifest.books.find(isOurs);
    const sum = (pick: (file: (typeof files)[number]) => number) =>
      String(own.reduce((all, file) => all + pick(file), 0));
    return [
      `${venue} ${market}`,
      symbol,
      String(new Set(own.map(({ connection }) => connection)).size),
      String(own.length),
      sum((file) => file.frames),
      sum((file) => file.lostFrames),
      book === undefined ? '' : String(book.gaps),
      book?.trust ?? '',
      book?.bookHash?.slice(0, 12) ?? '',
    ];
  });
  const head = ['market', 'symbol', 'connections', 'files', 'frames', 'lost', 'gaps', 'book', 'hash'];
  const seconds = ((manifest.endedAtMs ?? manifest.startedAtMs) - manifest.startedAtMs) / 1000;
  return [
    formatTable([head, ...rows], [2, 3, 4, 5, 6]),
    '',
    `${frames} frames, ${megabytes(bytes)} MB in ${megabytes(storedBytes)} MB, in ${seconds.toFixed(1)} s; ${lostFrames} lost`,
    ended === 'clean' ? `ended clean: ${reason}` : `ended ${ended}: ${reason}; what came before is stored and readable`,
    `nightjar replay ${folder}`,
  ].join('\n');
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
