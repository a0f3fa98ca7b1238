import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import { CONTROL_ACTIONS } from '../telemetry/metrics.ts';
import { type ClientReply, connectToSystem } from './client.ts';
import { action, EXIT, type ExitCode, printJson, printText, talk } from './output.ts';

interface CtlOptions {
  readonly data: string;
  readonly reason?: string;
  readonly json?: true;
  readonly arg: Readonly<Record<string, unknown>>;
}

export function registerCtl(program: Command): void {
  program
    .command('ctl')
    .description('tell the running system to do something')
    .argument('<action>', `one of ${CONTROL_ACTIONS.join(', ')}`)
    .argument('[target]', 'bot:arb:SOL or arb:SOL, lane:0, …; none = every bot')
    .option('--reason <text>', 'why, for the log, the journal and the audit')
    .option('--arg <name=value>', 'an argument of the action, again for each', addArgument, {})
    .option('--data <dir>', 'data directory of the running system', './data')
    .option('--json', 'machine-readable')
    .action(action((verb: string, target: string | undefined, options: CtlOptions) => control(verb, target, options)));
}

async function control(verb: string, target: string | undefined, options: CtlOptions): Promise<ExitCode> {
  const client = connectToSystem(options.data);
  const message = { id: randomUUID(), action: verb, target, reason: options.reason, args: options.arg };
  let reply: ClientReply;
  try {
    reply = await client.call('POST', '/control', 'kill', message);
  } catch (error) {
    if (!(error instanceof NightjarError) || error.code === 'control.unavailable') throw error;
    talk(`nightjar: ${error.code}: ${error.message}\n  Whether "${verb}" was done is unknown: see "nightjar status".`);
    return EXIT.unknown;
  }
  report(verb, target, reply, options.json === true);
  return exitOf(reply.status);
}

function report(verb: string, target: string | undefined, { status, body }: ClientReply, json: boolean): void {
  if (json) printJson(body);
  else if (status < 300) printText(`${verb} ${target ?? 'every bot'}: done\n${JSON.stringify(body)}`);
  if (status >= 300) {
    const { error } = body as { readonly error?: unknown };
    talk(`nightjar: ${verb} ${target ?? 'every bot'}: ${typeof error === 'string' ? error : JSON.stringify(body)}`);
  }
}

/** 504 and 503: the core was told, or may have been, and has not answered. */
export function exitOf(status: number): ExitCode {
  if (status < 300) return EXIT.done;
  if (status === 400) return EXIT.usage;
  return status === 503 || status === 504 ? EXIT.unknown : EXIT.failed;
}

/** Numbers and booleans as such, anything else as text. */
function addArgument(text: string, sofar: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError(`"${text}" is not name=value`);
  const value = text.slice(at + 1);
  const number = Number(value);
  const typed =
    value === 'true' ? true : value === 'false' ? false : value !== '' && Number.isFinite(number) ? number : value;
  return { ...sofar, [text.slice(0, at)]: typed };
}
