import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readLatchFile } from '../../control/latchFile.ts';
import { readTokens } from '../../control/tokens.ts';
import type { DataDir } from '../../journal/dataDir.ts';
import { verifyAudit } from '../../journal/stateStore.ts';
import { type Finding, fail, firstLine, guarded, warn, well } from './finding.ts';

/** What lies in the data directory beside the runs. */
export function checkData(dataDir: DataDir): readonly Finding[] {
  const { root } = dataDir;
  if (!existsSync(root))
    return [warn('data', `${root} does not exist: nothing has run there`, 'name another with --data')];
  return [
    ...guarded('data', () => checkFolder(root)),
    ...guarded('lock', () => checkLock(dataDir)),
    ...guarded('tokens', () => checkTokens(dataDir)),
    ...guarded('latch', () => checkLatch(dataDir)),
    ...guarded('audit', () => checkAudit(dataDir)),
    ...guarded('secrets', () => checkModes(root)),
  ];
}

function checkFolder(root: string): readonly Finding[] {
  const stat = statSync(root);
  if (!stat.isDirectory()) return [fail('data', `${root} is no folder`, 'move it away, or name another with --data')];
  const mode = (stat.mode & 0o777).toString(8);
  try {
    accessSync(root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [
      fail('data', `${root} (mode ${mode}) cannot be read and written`, 'give it to the user that runs Nightjar'),
    ];
  }
  if ((stat.mode & 0o022) !== 0)
    return [warn('data', `${root} can be written by others (mode ${mode})`, `chmod go-w ${root}`)];
  return [well('data', `${root}, mode ${mode}`)];
}

function checkLock(dataDir: DataDir): readonly Finding[] {
  const holder = dataDir.heldBy();
  if (holder !== null) return [well('lock', `held by process ${holder}, which lives`)];
  if (!existsSync(join(dataDir.root, 'lock'))) return [well('lock', 'free: nothing runs')];
  return [warn('lock', 'left by a process that is gone', 'nothing to do: the next start takes it over')];
}

function checkTokens({ tokensPath }: DataDir): readonly Finding[] {
  if (!existsSync(tokensPath)) return [well('tokens', 'none yet: the first start makes them')];
  try {
    readTokens(tokensPath);
    return [well('tokens', 'four, readable by their owner alone')];
  } catch (error) {
    return [
      fail(
        'tokens',
        firstLine(error),
        `chmod 600 ${tokensPath}, or delete it while nothing runs: the next start makes new ones`,
      ),
    ];
  }
}

function checkLatch({ latchPath }: DataDir): readonly Finding[] {
  if (!existsSync(latchPath)) return [well('latch', 'no file: every permit is open')];
  const { all, bots } = readLatchFile(latchPath, 0);
  // Also what an unreadable file counts as, so that a doctor never calls open what a start will close.
  if (all?.by === 'start' && all.atMs === 0) {
    return [
      fail(
        'latch',
        `${latchPath} cannot be read: every permit counts as closed`,
        'look at what was closed ("journal verify", audit), move the file away while nothing runs, close again what must stay closed',
      ),
    ];
  }
  const closed = [...(all === null ? [] : [['every bot', all] as const]), ...Object.entries(bots)];
  if (closed.length === 0) return [well('latch', 'every permit is open')];
  const told = closed.map(
    ([bot, { level, reason, by }]) => `${bot}: ${level ?? 'permit'} closed, ${reason} (by ${by})`,
  );
  return [warn('latch', told.join('; '), 'nightjar ctl enable_live opens, when the reason is gone')];
}

function checkAudit({ statePath }: DataDir): readonly Finding[] {
  if (!existsSync(statePath)) return [well('audit', 'no entries yet')];
  const { entries, findings } = verifyAudit(statePath);
  if (findings.length === 0) return [well('audit', `${entries} entries, the chain is whole`)];
  return [fail('audit', findings[0]!.message, `keep ${statePath} as evidence and ask who wrote to it`)];
}

/** Files that hold or may hold secrets: only their owner may read them. */
function checkModes(root: string): readonly Finding[] {
  const open = readdirSync(root).filter((name) => {
    if (!/^(tokens|latch|.*\.(key|pem|secret))$/.test(name)) return false;
    return (statSync(join(root, name)).mode & 0o077) !== 0;
  });
  if (open.length === 0) return [well('secrets', 'no file with secrets is readable by others')];
  return [
    fail(
      'secrets',
      `readable by others: ${open.join(', ')}`,
      `chmod 600 ${open.map((one) => join(root, one)).join(' ')}`,
    ),
  ];
}

/** What `endpoint.json` says, raw: the doctor compares it with who lives. */
export function endpointText(root: string): string | null {
  try {
    return readFileSync(join(root, 'endpoint.json'), 'utf8');
  } catch {
    return null;
  }
}
