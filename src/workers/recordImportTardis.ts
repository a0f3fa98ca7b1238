import { basename } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { readRecording } from '../journal/recordingReader.ts';
import type { ImportSink } from './recordImportSink.ts';
import type { BookChange, TardisMarket } from './recordImportWords.ts';
import { bookFrame, TARDIS_MARKETS, tradeFrame } from './recordImportWords.ts';

/**
 * CSV files of tardis.dev, `incremental_book_L2` and `trades`: rows of one message share their `local_timestamp` (µs) and
 * are put together again and written in the venue's own words, with update ids of our own, as the files have none.
 * @source docs.tardis.dev, downloadable CSV files
 */
export async function importTardis(
  files: readonly string[],
  sink: ImportSink,
  onProgress: (lines: number, file: string) => void,
): Promise<void> {
  const books = new Map<string, BookRows>();
  let lines = 0;
  for (const file of files) {
    let firstBad = 0;
    let take: ((cells: readonly string[]) => boolean) | null = null;
    await readRecording(file, (bytes, lineNumber) => {
      lines += 1;
      const line = utf8.decode(bytes);
      if (lineNumber === 1) {
        take = line.includes(',is_snapshot,')
          ? (cells) => bookRow(cells, books, sink)
          : (cells) => tradeRow(cells, sink);
        return;
      }
      if (line !== '' && !take!(line.split(','))) {
        if (firstBad === 0) firstBad = lineNumber;
        sink.leaveOut(`bad rows, first ${basename(file)}:${firstBad}`);
      }
      if (lines % 65_536 === 0) onProgress(lines, file);
    });
    for (const book of books.values()) book.flush(sink);
  }
}

const utf8 = new TextDecoder();
const COLUMNS = 8;
const isTime = (text: string) => /^\d{16}$/.test(text);
const isDecimal = (text: string) => /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text);

function marketOf(exchange: string, symbol: string): TardisMarket {
  const known = TARDIS_MARKETS[exchange];
  if (known !== undefined) return { ...known, symbol: symbol.toUpperCase() };
  throw new NightjarError('data.unreadable', `exchange "${exchange}" of the tardis file has no decoder here`, {
    remedy: `known are ${Object.keys(TARDIS_MARKETS).join(', ')}`,
  });
}

/** @returns false for a row that is none */
function bookRow(cells: readonly string[], books: Map<string, BookRows>, sink: ImportSink): boolean {
  const [exchange = '', symbol = '', timestamp = '', local = '', isSnapshot = '', side = '', price = '', amount = ''] =
    cells;
  const isSide = side === 'bid' || side === 'ask';
  if (cells.length !== COLUMNS || !isTime(timestamp) || !isTime(local) || !isSide) return false;
  if (!isDecimal(price) || !isDecimal(amount)) return false;
  const key = `${exchange} ${symbol}`;
  let book = books.get(key);
  if (book === undefined) {
    book = new BookRows(marketOf(exchange, symbol));
    books.set(key, book);
  }
  book.add({ timestamp, local, isSnapshot: isSnapshot === 'true', side, price, amount }, sink);
  return true;
}

function tradeRow(cells: readonly string[], sink: ImportSink): boolean {
  const [exchange = '', symbol = '', timestamp = '', local = '', id = '', side = '', price = '', amount = ''] = cells;
  if (cells.length !== COLUMNS || !isTime(timestamp) || !isTime(local)) return false;
  if (!isDecimal(price) || !isDecimal(amount)) return false;
  if (side !== 'buy' && side !== 'sell') {
    sink.leaveOut('trades without a side');
    return true;
  }
  const of = marketOf(exchange, symbol);
  sink.line(of, `${local}000`, tradeFrame(of, { id, side, price, amount, timeMs: timestamp.slice(0, 13) }));
  return true;
}

interface BookRow {
  readonly timestamp: string;
  readonly local: string;
  readonly isSnapshot: boolean;
  readonly side: 'bid' | 'ask';
  readonly price: string;
  readonly amount: string;
}

/** The rows of one message of one market, until another begins. */
class BookRows {
  readonly #of: TardisMarket;
  #first: BookRow | null = null;
  #bids: [string, string][] = [];
  #asks: [string, string][] = [];
  /** Above 1, which Bybit uses for a restart. */
  #id = 1000;

  constructor(of: TardisMarket) {
    this.#of = of;
  }

  add(row: BookRow, sink: ImportSink): void {
    const first = this.#first;
    if (first !== null && (row.local !== first.local || row.isSnapshot !== first.isSnapshot)) this.flush(sink);
    this.#first ??= row;
    (row.side === 'bid' ? this.#bids : this.#asks).push([row.price, row.amount]);
  }

  flush(sink: ImportSink): void {
    const first = this.#first;
    if (first === null) return;
    this.#id += 1;
    const change: BookChange = {
      id: this.#id,
      isSnapshot: first.isSnapshot,
      timeMs: first.timestamp.slice(0, 13),
      bids: this.#bids,
      asks: this.#asks,
    };
    sink.line(this.#of, `${first.local}000`, bookFrame(this.#of, change));
    this.#first = null;
    this.#bids = [];
    this.#asks = [];
  }
}
