import type { Command } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import { CEX_VENUES } from '../domain/instruments.ts';
import { SIM_INSTRUMENTS } from '../sim/simInstruments.ts';
import type { ImportFormat } from '../workers/recordImportFormat.ts';
import { IMPORT_FORMATS } from '../workers/recordImportFormat.ts';
import type { RecordMarket } from '../workers/recordMarkets.ts';
import {
  DEFAULT_PAIRS,
  distinctMarkets,
  isPerp,
  parseMarket,
  parseVenue,
  spotMarkets,
} from '../workers/recordMarkets.ts';
import { action, type ExitCode } from './output.ts';
import { runRecordImport } from './recordImportRun.ts';
import { runRecord } from './recordRun.ts';
import { parseDuration } from './startOptions.ts';

interface RecordCommandOptions {
  readonly from: string;
  readonly market: readonly string[];
  readonly pair: readonly string[];
  readonly venue: readonly string[];
  readonly out?: string;
  readonly for?: string;
  readonly seed: string;
  readonly rotate: string;
  readonly minFree: string;
  readonly import?: readonly string[];
  readonly format?: string;
  readonly json?: boolean;
}

const each = (text: string, all: readonly string[]) => [...all, ...text.split(',')];

export function registerRecord(program: Command): void {
  program
    .command('record')
    .description("record the venues' public frames as they come: one file per connection, no keys needed")
    .option('--from <source>', 'venues: the real ones; sim: embedded venues of its own', 'venues')
    .option('--market <venue:market:SYMBOL>', 'a market, like binance:usdm:SOLUSDT (repeatable)', each, [])
    .option(
      '--pair <BASE/QUOTE>',
      `a spot pair on each venue (repeatable; default ${DEFAULT_PAIRS.join(', ')})`,
      each,
      [],
    )
    .option('--venue <name>', `venues of the pairs (repeatable; default ${CEX_VENUES.join(', ')})`, each, [])
    .option('--out <dir>', 'folder of the recording, new or empty (default ./recordings/TIME)')
    .option('--for <time>', 'end after 90s, 10m, 2h (default: Ctrl-C)')
    .option('--seed <n>', 'seed of the embedded market', '7')
    .option('--rotate <MB>', 'stored size at which a connection goes on in its next file; midnight UTC does too', '256')
    .option('--min-free <MB>', 'end while so much of the disk is left', '512')
    .option('--import <file...>', 'make a recording of captures by others instead: cryptofeed, tardis')
    .option('--format <name>', `of the captures: ${IMPORT_FORMATS.join(', ')} (default: told by their first line)`)
    .option('--json', 'the manifest at the end, on stdout')
    .action(action((options: RecordCommandOptions) => record(options)));
}

function record(options: RecordCommandOptions): Promise<ExitCode> {
  const room = {
    out: options.out ?? null,
    rotateBytes: wholeNumber('--rotate', options.rotate, 1, 65_536) * 1e6,
    minFreeBytes: wholeNumber('--min-free', options.minFree, 0, 1e9) * 1e6,
    isJson: options.json === true,
  };
  if (options.import !== undefined) {
    return runRecordImport({ ...room, files: options.import, format: formatNamed(options.format) });
  }
  if (options.format !== undefined) {
    throw new NightjarError('config.invalid', '--format says what --import reads: name the files with --import');
  }
  const isSim = options.from === 'sim';
  if (!isSim && options.from !== 'venues') {
    throw new NightjarError('config.invalid', `--from ${options.from}: there is no such source`, {
      remedy: 'use venues (the real ones) or sim (embedded ones)',
    });
  }
  const markets = wantedMarkets(options);
  if (isSim) refuseWhatSimLacks(markets);
  return runRecord({
    markets,
    seed: isSim ? wholeNumber('--seed', options.seed, 0, 4_294_967_295) : null,
    forMs: options.for === undefined ? null : parseDuration('--for', options.for),
    ...room,
  });
}

function formatNamed(name: string | undefined): ImportFormat | null {
  if (name === undefined) return null;
  const format = IMPORT_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new NightjarError('config.invalid', `--format ${name}: there is no such format`, {
    remedy: `use ${IMPORT_FORMATS.join(' or ')}, or leave it out: the files tell`,
  });
}

function wantedMarkets({ market, pair, venue }: RecordCommandOptions): RecordMarket[] {
  const named = market.map(parseMarket);
  if (named.length > 0 && pair.length === 0) return distinctMarkets(named);
  const venues = venue.length === 0 ? CEX_VENUES : venue.map((name) => parseVenue(name, `--venue ${name}`));
  return distinctMarkets([...named, ...spotMarkets(pair.length === 0 ? DEFAULT_PAIRS : pair, venues)]);
}

function refuseWhatSimLacks(markets: readonly RecordMarket[]): void {
  for (const of of markets) {
    const has = SIM_INSTRUMENTS.some(({ venue, venueSymbol }) => venue === of.venue && venueSymbol === of.symbol);
    if (has && !isPerp(of)) continue;
    throw new NightjarError('config.invalid', `${of.venue}:${of.market}:${of.symbol}: the embedded venues lack it`, {
      remedy: `they have spot ${[...new Set(SIM_INSTRUMENTS.map(({ pair }) => pair))].join(', ')}`,
    });
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new NightjarError('config.invalid', `${flag} "${text}": give a whole number from ${min} to ${max}`);
}
