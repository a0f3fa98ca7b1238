import type { RecordingCheck } from '../workers/recordingFolder.ts';

/** What the manifest of a recording says against its replay, for reading. */
export function recordingCheckText(check: RecordingCheck | null): string {
  if (check === null) return 'no manifest of a recording: nothing to compare books and files with';
  const compared = check.books.filter(({ isEqual }) => isEqual !== null);
  const different = compared.filter(({ isEqual }) => isEqual === false);
  const losses = check.lostFrames === 0 ? '' : `  ${check.lostFrames} frames were lost while it was made`;
  return [
    `recording ${check.source}, ended ${check.ended}${check.reason === '' ? '' : ` (${check.reason})`}${losses}`,
    `files     ${check.filesChecked - check.filesDamaged.length} of ${check.filesChecked} have the bytes that were recorded`,
    ...check.filesDamaged.map((file) => `  ${file} has not`),
    compared.length === 0
      ? 'books     none was live at the end with nothing lost: nothing to compare'
      : `books     ${compared.length - different.length} of ${compared.length} as the live feed had them at the end`,
    ...different.map(
      ({ venue, market, symbol, live, replayed }) =>
        `  ${venue} ${market} ${symbol} differs: live ${live?.slice(0, 12)}, replayed ${replayed?.slice(0, 12) ?? 'no book'}`,
    ),
  ].join('\n');
}
