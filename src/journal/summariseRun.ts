import { basename } from 'node:path';
import { sumEv } from '../ledger/closeAttempt.ts';
import { commandsHash, decisionsHash, type JournalReader, openJournalReader } from './journalReader.ts';
import { countReasons, type LookTally, tallyLooks } from './lookTally.ts';
import type { EvParts } from './rows.ts';
import { type RunManifest, readManifest } from './runManifest.ts';

/** `trades + Σ why + open = looks`; `open` is 0 once the run is over. Amounts in reportCcy. */
export interface BotSummary {
  readonly looks: number;
  readonly open: number;
  readonly near: number;
  readonly auto: number;
  readonly go: number;
  readonly trades: number;
  /**
   * Attempts that ended with a position nobody could unwind, and their share of `ev.net`: unrealised, the open part valued
   * at the mid of the moment. Their looks stand under `why.incomplete`.
   */
  readonly incomplete: { readonly attempts: number; readonly unrealisedNet: number };
  readonly why: Readonly<Record<string, number>>;
  readonly ev: EvParts;
}

export interface RunSummary {
  /** Folder of the run. */
  readonly run: string;
  readonly ended: RunManifest['ended'];
  /** By bot, `arb:SOL`. */
  readonly bots: Readonly<Record<string, BotSummary>>;
  /** Restarts per child of the tree, from the crash records. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly decisionsHash: string;
  readonly commandsHash: string;
}

/**
 * Counts what the journal of a run says, over all its incarnations.
 *
 * @param expectedBots  tree ids that stand in the summary with zeros when they wrote nothing
 * @throws NightjarError data.unreadable | schema.newer | ledger.mismatch
 */
export function summariseRun(runDir: string, expectedBots: readonly string[] = []): RunSummary {
  const { ended } = readManifest(runDir);
  const reader = openJournalReader(runDir);
  try {
    const bots: Record<string, BotSummary> = {};
    for (const subject of [...new Set([...expectedBots, ...botSubjects(reader)])].sort()) {
      bots[botName(subject)] = summariseTally(tallyBot(reader, subject, ended !== 'running'));
    }
    return {
      run: basename(runDir),
      ended,
      bots,
      restarts: countRestarts(reader),
      decisionsHash: decisionsHash(reader),
      commandsHash: commandsHash(reader),
    };
  } finally {
    reader.close();
  }
}

/** `bot:arb:SOL` → `arb:SOL`. */
export function botName(subject: string): string {
  return subject.startsWith('bot:') ? subject.slice(4) : subject;
}

/** Subjects of the journal that are bots. */
export function botSubjects(reader: JournalReader): readonly string[] {
  return reader.subjects('decisions').filter((subject) => subject.startsWith('bot:'));
}

export function tallyBot(reader: JournalReader, subject: string, isOver: boolean): LookTally {
  return tallyLooks(reader.rows('decisions', { subject }), reader.coreStarts(), isOver);
}

function summariseTally({ looks, open, episodes, attempts }: LookTally): BotSummary {
  const residuals = attempts.filter(({ residual }) => residual);
  return {
    looks: looks.length + open,
    open,
    near: episodes.length,
    auto: episodes.filter(({ auto }) => auto).length,
    go: episodes.filter(({ go }) => go).length,
    trades: looks.filter(({ end }) => end === 'trade').length,
    incomplete: { attempts: residuals.length, unrealisedNet: sumEv(residuals).net },
    why: countReasons(looks),
    ev: sumEv(attempts),
  };
}

/** A crash writes one row when it happens and one when its child is back; an escalation has no second one. */
function countRestarts(reader: JournalReader): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { subject, kind } of reader.rows('crashes')) {
    if (kind === 'restarted') counts[subject] = (counts[subject] ?? 0) + 1;
  }
  return counts;
}
