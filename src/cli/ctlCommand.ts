import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { isPermitAction, PERMIT_VERBS } from '../control/permitVerbs.ts';
import type { Role } from '../control/tokens.ts';
import { NightjarError } from '../domain/errors.ts';
import { type ClientReply, connectToSystem, type SystemClient } from './client.ts';
import { permitText, phraseCommand, planText } from './ctlText.ts';
import { CTL_VERBS, NOT_BUILT } from './ctlVerbs.ts';
import { waitDrained } from './drainWait.ts';
import { action, EXIT, type ExitCode, printJson, printText, talk } from './output.ts';

interface CtlOptions {
  readonly data: string;
  readonly reason?: string;
  readonly json?: true;
  readonly plan?: true;
  readonly phrase?: string;
  readonly arg: Readonly<Record<string, unknown>>;
}

export function registerCtl(program: Command): void {
  program
    .command('ctl')
    .description('tell the running system to do something')
    .argument('<action>', `one of ${CTL_VERBS.join(', ')}`)
    .argument('[target]', 'bot:arb:SOL or arb:SOL, lane:0, …; none = every bot')
    .option('--reason <text>', 'why, for the log, the journal and the audit')
    .option('--arg <name=value>', 'an argument of the action, again for each', addArgument, {})
    .option('--plan', 'of a permit verb: what it would close, what is in flight, what it does not cover; does nothing')
    .option('--phrase <text>', 'the phrase asked for by a verb that opens risk; without it a terminal asks')
    .option('--data <dir>', 'data directory of the running system', './data')
    .option('--json', 'machine-readable')
    .action(action((verb: string, target: string | undefined, options: CtlOptions) => control(verb, target, options)));
}

async function control(verb: string, target: string | undefined, options: CtlOptions): Promise<ExitCode> {
  const instead = NOT_BUILT[verb];
  if (instead !== undefined) {
    talk(`nightjar: "${verb}" is not in this version: ${instead}`);
    return EXIT.usage;
  }
  if (options.plan === true && !isPermitAction(verb)) {
    talk(`nightjar: --plan is for ${Object.keys(PERMIT_VERBS).join(', ')}, not for "${verb}"`);
    return EXIT.usage;
  }
  const client = connectToSystem(options.data);
  const args = {
    ...options.arg,
    ...(options.plan === true ? { plan: true } : {}),
    ...(options.phrase === undefined ? {} : { phrase: options.phrase }),
  };
  let reply: ClientReply;
  try {
    reply = await say(client, { action: verb, target, reason: options.reason, args });
  } catch (error) {
    if (!(error instanceof NightjarError) || error.code === 'control.unavailable') throw error;
    talk(`nightjar: ${error.code}: ${error.message}\n  Whether "${verb}" was done is unknown: see "nightjar status".`);
    return EXIT.unknown;
  }
  report(verb, target, reply, options);
  if (verb !== 'drain' || options.plan === true || reply.status >= 300) return exitOf(reply);
  const open = await waitDrained(client, (reply.body as { readonly scope: readonly string[] }).scope);
  talk(
    open.length === 0 ? 'drained: no attempt is open' : `not drained yet: ${open.join(', ')}; see "nightjar status"`,
  );
  return open.length === 0 ? EXIT.done : EXIT.unknown;
}

interface Said {
  readonly action: string;
  readonly target: string | undefined;
  readonly reason: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
}

/** With the least role that suffices, so that the traces name it; then with what the answer asks for. */
async function say(client: SystemClient, said: Said): Promise<ClientReply> {
  const planned = said.args.plan === true;
  let role: Role = !planned && isPermitAction(said.action) ? PERMIT_VERBS[said.action].role : 'operate';
  const call = (message: Said) => client.call('POST', '/control', role, { id: randomUUID(), ...message });
  let reply = await call(said);
  if (needs(reply) === 'kill' && role === 'operate') {
    role = 'kill';
    reply = await call(said);
  }
  if (needs(reply) !== 'phrase' || said.args.phrase !== undefined || !process.stdin.isTTY) return reply;
  const phrase = await typed((reply.body as { readonly phrase: string }).phrase);
  return call({ ...said, args: { ...said.args, phrase } });
}

const needs = ({ body }: ClientReply) => (body as { readonly needs?: unknown } | null)?.needs;

/** What the person types on the terminal; a kill never asks. */
async function typed(phrase: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`This opens risk. Type within 60 s:\n  ${phrase}\n> `)).trim();
  } finally {
    terminal.close();
  }
}

function report(verb: string, target: string | undefined, { status, body }: ClientReply, options: CtlOptions): void {
  if (options.json === true) printJson(body);
  else if (status < 300 && (body as { readonly plan?: unknown }).plan === true) printText(planText(body));
  else if (status < 300)
    printText(`${verb} ${target ?? 'every bot'}: done\n${permitText({ status, body }) ?? JSON.stringify(body)}`);
  if (status >= 300) {
    const { error, phrase } = body as { readonly error?: unknown; readonly phrase?: unknown };
    const what = typeof error === 'string' ? error : JSON.stringify(body);
    const said = typeof phrase === 'string' ? 'opens risk and wants its phrase: within 60 s, run' : what;
    talk(`nightjar: ${verb} ${target ?? 'every bot'}: ${said}`);
    if (typeof phrase === 'string') talk(`  ${phraseCommand(verb, target, phrase, options)}`);
  }
}

/** 504 and 503: the core was told, or may have been, and has not answered. */
function exitOf({ status, body }: ClientReply): ExitCode {
  if (status < 300) return EXIT.done;
  // What is not known was misnamed, be it the verb or the target.
  if (status === 400 || status === 404) return EXIT.usage;
  const wasSent = (body as { readonly sent?: unknown } | null)?.sent !== false;
  return (status === 503 || status === 504) && wasSent ? EXIT.unknown : EXIT.failed;
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
