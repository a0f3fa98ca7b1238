import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import { CEX_VENUES } from '../domain/instruments.ts';
import { readRecording } from '../journal/recordingReader.ts';
import { DecodeReport } from './decodeReport.ts';
import { action, EXIT, type ExitCode, printText, talk } from './output.ts';

interface DecodeCommandOptions {
  readonly json?: boolean;
}

export function registerDecode(program: Command): void {
  program
    .command('decode')
    .description("read a venue's messages through its decoder: the kind of each, or why it is refused")
    .argument('<venue>', CEX_VENUES.join(', '))
    .argument(
      '<file>',
      'one message a line (plain, gzip or zstd), - for stdin; {"file","raw"} lines and receive times in front are unwrapped',
    )
    .option('--json', 'one JSON object a line, the counts last')
    .action(action(decode));
}

/** Lines printed at once: a write each would take most of the time. */
const BATCH = 500;

async function decode(venueName: string, file: string, options: DecodeCommandOptions): Promise<ExitCode> {
  const report = new DecodeReport(venueOf(venueName), options.json === true);
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) printText(lines.join('\n'));
    lines = [];
  };
  const take = (line: Uint8Array, lineNumber: number) => {
    const said = report.take(line, lineNumber);
    if (said !== null) lines.push(said);
    if (lines.length >= BATCH) flush();
  };
  if (file === '-') await readStdin(take);
  else {
    const end = await readRecording(file, take);
    if (end.damage !== null) talk(`${file} is damaged behind line ${end.damage.line}: ${end.damage.reason}`);
  }
  flush();
  printText(report.summary());
  if (report.messages > report.refusals) return EXIT.done;
  if (report.messages > 0) {
    talk(`every message was refused: is this what ${venueName} sends? decode reads one message a line`);
    return EXIT.failed;
  }
  talk(`no message in ${file === '-' ? 'stdin' : file}: decode reads one message a line`);
  return EXIT.failed;
}

function venueOf(name: string): CexVenue {
  const venue = CEX_VENUES.find((known) => known === name);
  if (venue !== undefined) return venue;
  throw new NightjarError('config.invalid', `venue ${JSON.stringify(name)} has no decoder`, {
    remedy: `name one of ${CEX_VENUES.join(', ')}`,
  });
}

async function readStdin(take: (line: Uint8Array, lineNumber: number) => void): Promise<void> {
  let lineNumber = 0;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber += 1;
    take(Buffer.from(line), lineNumber);
  }
}
