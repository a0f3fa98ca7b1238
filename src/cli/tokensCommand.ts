import type { Command } from 'commander';
import { makeTokens, ROLES, type Role, readTokens, type Tokens, writeTokens } from '../control/tokens.ts';
import { NightjarError } from '../domain/errors.ts';
import { openDataDir } from '../journal/dataDir.ts';
import { connectToSystem } from './client.ts';
import { action, EXIT, type ExitCode, printJson, printText } from './output.ts';

/** A running edge looks at the file twice a second. */
const TAKEN_OVER_MS = 10_000;
const ASK_EVERY_MS = 300;

interface TokensOptions {
  readonly data: string;
  readonly role?: string;
  readonly json?: true;
}

export function registerTokens(program: Command): void {
  const tokens = program.command('tokens').description('the tokens of the control plane');
  tokens
    .command('rotate')
    .description('make new ones, without a restart: old ones are refused and open sessions end')
    .option('--role <role>', `only that of ${ROLES.join(', ')}`)
    .option('--data <dir>', 'data directory', './data')
    .option('--json', 'machine-readable; shows no token')
    .action(action((options: TokensOptions) => rotate(options)));
}

async function rotate({ data, role, json }: TokensOptions): Promise<ExitCode> {
  const wanted = ROLES.find((one) => one === role);
  if (role !== undefined && wanted === undefined) {
    throw new NightjarError('config.invalid', `--role ${role}: use one of ${ROLES.join(', ')}`);
  }
  const { tokensPath } = openDataDir(data);
  const old = readTokens(tokensPath);
  const fresh = makeTokens();
  const changed: Tokens = wanted === undefined ? fresh : { ...old, [wanted]: fresh[wanted] };
  writeTokens(tokensPath, changed);
  const roles: readonly Role[] = wanted === undefined ? ROLES : [wanted];
  const takenOver = await waitTakenOver(data, wanted ?? 'read');
  const running = takenOver === null ? 'nothing runs: they count from the next start' : 'in force now';
  if (json === true) printJson({ file: tokensPath, roles, running: takenOver !== null });
  else printText(`new tokens for ${roles.join(', ')} in ${tokensPath}: ${running}`);
  if (takenOver === null) return EXIT.done;
  if (json !== true) printText(`page      ${takenOver}/#token=${changed.operate}`);
  return EXIT.done;
}

/** @returns the address of the system once it takes the new tokens; null when none runs */
async function waitTakenOver(data: string, role: Role): Promise<string | null> {
  const endMs = performance.now() + TAKEN_OVER_MS;
  for (;;) {
    const client = connected(data);
    if (client === null) return null;
    // Whichever role was changed: all of them are read from one file, at one moment.
    const { status } = await client.call('GET', '/api/metrics/sanity', role);
    if (status !== 401 && status !== 429) return client.url;
    if (performance.now() > endMs) {
      throw new NightjarError('control.unavailable', 'the running system has not taken the new tokens over', {
        remedy: 'look for "token file" in its log; the tokens of before may still count',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function connected(data: string): ReturnType<typeof connectToSystem> | null {
  try {
    return connectToSystem(data);
  } catch (error) {
    if (error instanceof NightjarError && error.code === 'control.unavailable') return null;
    throw error;
  }
}
