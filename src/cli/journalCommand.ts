import { type Command, InvalidArgumentError, Option } from 'commander';
import { openQueryDatabase, queryJournal } from '../journal/journalQuery.ts';
import { openJournalReader } from '../journal/journalReader.ts';
import { KEEP_INPUTS_DAYS } from '../journal/pruneJournal.ts';
import { JOURNAL_TABLES, type JournalTable } from '../journal/rows.ts';
import { findJournalledRun } from './journalledRun.ts';
import { printPruning } from './journalPruning.ts';
import { printVerification } from './journalVerification.ts';
import { action, EXIT, type ExitCode, formatTable, printJson, printText, talk } from './output.ts';

export interface RunChoice {
  readonly data: string;
  readonly run?: string;
  readonly json?: boolean;
}

const DEFAULT_QUERY_ROWS = 1000;

/** `nightjar journal verify | export | query | prune`. */
export function registerJournal(program: Command): void {
  const journal = program.command('journal').description('checks, exports, asks and prunes the journal of a run');

  chooseRun(journal.command('verify'))
    .description('reads the journal and the audit from end to end; exit code 1 names what is wrong')
    .action(action((options: RunChoice) => printVerification(options)));

  chooseRun(journal.command('export'))
    .addOption(new Option('--table <NAME...>', 'tables; all without it').choices([...JOURNAL_TABLES]))
    .option('--from <N|TIME>', 'rows from this input on, or from this time on (2026-01-05T14:31:00Z)', parseBound)
    .option('--to <N|TIME>', 'rows up to this input, or before this time', parseBound)
    .description('rows as JSON lines, table after table, in order')
    .action(action((options: ExportOptions) => printExport(options)));

  chooseRun(journal.command('query'))
    .argument('<sql>', 'one SELECT, such as "SELECT kind, count(*) FROM inputs GROUP BY kind"')
    .option('--limit <N>', 'rows at most', parseLimit, DEFAULT_QUERY_ROWS)
    .description('asks the journal; it cannot be changed by this')
    .action(action((sql: string, options: RunChoice & { readonly limit: number }) => printQuery(sql, options)));

  chooseRun(journal.command('prune'))
    .option('--plan', 'only say what would go')
    .option('--days <N>', 'days for which inputs are kept', parseDays, KEEP_INPUTS_DAYS)
    .description('takes old inputs out of runs that are over, of all runs without --run')
    .action(action(printPruning));
}

function chooseRun(command: Command): Command {
  return command
    .option('--run <ID>', 'a run of the data directory; the newest without it')
    .option('--data <DIR>', 'the data directory', './data')
    .option('--json', 'machine-readable');
}

interface Bound {
  readonly inputSeq: number | null;
  readonly timeMs: number | null;
}

interface ExportOptions extends RunChoice {
  readonly table?: readonly JournalTable[];
  readonly from?: Bound;
  readonly to?: Bound;
}

function printExport({ data, run, table, from, to }: ExportOptions): undefined {
  const reader = openJournalReader(findJournalledRun(data, run));
  try {
    for (const name of table ?? JOURNAL_TABLES) {
      for (const row of reader.rows(name)) {
        if (row.inputSeq < (from?.inputSeq ?? 0) || row.timeMs < (from?.timeMs ?? Number.NEGATIVE_INFINITY)) continue;
        if (row.inputSeq > (to?.inputSeq ?? Number.POSITIVE_INFINITY)) break;
        if (row.timeMs >= (to?.timeMs ?? Number.POSITIVE_INFINITY)) continue;
        printText(JSON.stringify(row));
      }
    }
  } finally {
    reader.close();
  }
}

function printQuery(sql: string, { data, run, limit, json }: RunChoice & { readonly limit: number }): ExitCode {
  const { database, leftOut } = openQueryDatabase(findJournalledRun(data, run));
  if (leftOut > 0)
    talk(`Asked are the newest parts of the journal; ${leftOut} older ones are left out: "journal export" reads all.`);
  try {
    const { columns, rows, cut } = queryJournal(database, sql, limit);
    if (json === true) {
      printJson({ columns, rows: rows.map((row) => row.map(jsonValue)), cut });
    } else {
      printText(formatTable([columns, ...rows.map((row) => row.map((value) => String(jsonValue(value) ?? '')))]));
    }
    if (cut) talk(`There are more rows: --limit ${limit} let no more through.`);
    return EXIT.done;
  } finally {
    database.close();
  }
}

const jsonValue = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value);

function parseBound(text: string): Bound {
  if (/^\d+$/.test(text)) return { inputSeq: Number(text), timeMs: null };
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return { inputSeq: null, timeMs };
  throw new InvalidArgumentError(`"${text}" is neither an input's sequence nor a time such as 2026-01-05T14:31:00Z.`);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1_000_000) return limit;
  throw new InvalidArgumentError(`"${text}" is not a whole number from 1 to 1000000, such as 200.`);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() !== '' && Number.isFinite(days) && days >= 0 && days <= 36_500) return days;
  throw new InvalidArgumentError(`"${text}" is not a number of days from 0 to 36500, such as 7.`);
}
