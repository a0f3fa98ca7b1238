import { NightjarError } from '../domain/errors.ts';

export const IMPORT_FORMATS = ['cryptofeed', 'tardis'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What a first line has to look like. */
const LOOKS: Readonly<Record<ImportFormat, RegExp>> = {
  // `<url> <-> <seconds>`, `<url> <- <seconds>: …`, `<url> -> <seconds>: …`, `<seconds>: …`
  cryptofeed: /^(?:(?:wss?|https?):\/\/\S+ (?:<->|<-|->) )?\d{9,11}(?:\.\d+)?(?:: |$)/,
  tardis: /^exchange,symbol,timestamp,local_timestamp,(?:is_snapshot,side,price,amount|id,side,price,amount)$/,
};

/** @returns null for a format that nobody here reads */
export function formatOf(firstLine: string): ImportFormat | null {
  return IMPORT_FORMATS.find((format) => LOOKS[format].test(firstLine)) ?? null;
}

/** @throws NightjarError data.unreadable saying what was looked for, always */
export function refuseUnknown(
  file: string,
  firstLine: string,
  found: ImportFormat | null,
  wanted: ImportFormat | null,
): never {
  const shown = firstLine === '' ? 'it is empty' : `it begins with ${JSON.stringify(firstLine.slice(0, 100))}`;
  if (/^\d{19} /.test(firstLine)) {
    throw new NightjarError(
      'data.unreadable',
      `${file} needs no import: its lines are "<receive time in ns> <frame>"`,
      {
        remedy: `nightjar replay ${file}`,
      },
    );
  }
  const what = found === null ? 'is of no format that is known here' : `is of format ${found}, not ${wanted}`;
  throw new NightjarError('data.unreadable', `${file} ${what}: ${shown}`, {
    file,
    remedy: [
      'looked for a first line like one of these:',
      '  cryptofeed  wss://stream.binance.com:9443/stream?streams=… <-> 1633998511.159679',
      '  cryptofeed  https://api.binance.com/api/v3/depth?symbol=… -> 1633998512.320639: {…}',
      '  cryptofeed  1633998512.0633569: {…}',
      '  tardis      exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount   (incremental_book_L2)',
      '  tardis      exchange,symbol,timestamp,local_timestamp,id,side,price,amount            (trades)',
    ].join('\n  '),
  });
}
