import { assertAddsUp } from '../ledger/closeAttempt.ts';
import type { EpisodePayload, JournalRow, LookEndedPayload, TradeClosedPayload } from './rows.ts';

/** One look that has ended. */
export interface LookRecord extends LookEndedPayload {
  /** Sequence of its last row. */
  readonly seq: number;
  readonly endedAtMs: number;
}

export interface EpisodeRecord {
  readonly seq: number;
  readonly auto: boolean;
  readonly go: boolean;
}

export interface AttemptRecord extends TradeClosedPayload {
  readonly seq: number;
  readonly closedAtMs: number;
  /** Its look ended as a trade. Fills found after a crash are in the EV, not among the trades. */
  readonly isTrade: boolean;
}

/** What a bot's `decisions` rows of one run say. */
export interface LookTally {
  readonly looks: readonly LookRecord[];
  /** Looks that still wait for their end, in a run that goes on. */
  readonly open: number;
  readonly episodes: readonly EpisodeRecord[];
  readonly attempts: readonly AttemptRecord[];
  /** Why this cannot come from one run of one bot; empty when the funnel adds up. */
  readonly mixed: readonly string[];
}

interface PendingLook {
  readonly lookId: number;
  readonly beganAtMs: number;
  readonly needDeltaPx: number | null;
  readonly seq: number;
}

/**
 * Reads one bot's rows in order. A pending look whose core died is `crashed`: the next core counts looks from 1 again,
 * so what is open when it starts can never end by itself.
 *
 * @param coreStarts  inputs that began a core incarnation
 * @param isOver      the run has ended: nothing pending can end any more
 * @throws NightjarError ledger.mismatch on an attempt whose parts do not add up
 */
export function tallyLooks(rows: Iterable<JournalRow>, coreStarts: readonly number[], isOver: boolean): LookTally {
  const looks: LookRecord[] = [];
  const episodes: { seq: number; number: number; auto: boolean; go: boolean }[] = [];
  const attempts: (AttemptRecord & { readonly core: number })[] = [];
  const mixed = new Set<string>();
  const tradeLooks = new Set<string>();
  let pending = new Map<number, PendingLook>();
  let core = 0;
  let lastMs = 0;

  const crash = (atMs: number) => {
    for (const { lookId, beganAtMs, needDeltaPx, seq } of pending.values()) {
      looks.push({
        lookId,
        end: 'crashed',
        beganAtMs,
        value: null,
        limit: null,
        need: null,
        needDeltaPx,
        seq,
        endedAtMs: atMs,
      });
    }
    pending = new Map();
  };

  for (const row of rows) {
    while (core < coreStarts.length && row.inputSeq >= coreStarts[core]!) {
      crash(row.timeMs);
      core += 1;
    }
    lastMs = row.timeMs;
    switch (row.kind) {
      case 'look.pending': {
        const {
          lookId,
          beganAtMs = row.timeMs,
          needDeltaPx = null,
        } = row.payload as Partial<PendingLook> & { lookId: number };
        pending.set(lookId, { lookId, beganAtMs, needDeltaPx, seq: row.seq });
        break;
      }
      case 'look.ended': {
        const payload = row.payload as LookEndedPayload;
        pending.delete(payload.lookId);
        looks.push({ ...payload, seq: row.seq, endedAtMs: row.timeMs });
        if (payload.end === 'trade') tradeLooks.add(`${core}/${payload.lookId}`);
        break;
      }
      case 'near':
        episodes.push({ seq: row.seq, number: (row.payload as EpisodePayload).episode, auto: false, go: false });
        break;
      case 'auto':
      case 'go':
        markEpisode(row.kind, row.payload as EpisodePayload);
        break;
      case 'attempt.closed': {
        const payload = row.payload as TradeClosedPayload;
        assertAddsUp(payload);
        attempts.push({ ...payload, seq: row.seq, closedAtMs: row.timeMs, isTrade: false, core });
        break;
      }
    }
  }
  if (isOver) crash(lastMs);

  function markEpisode(stage: 'auto' | 'go', { episode }: EpisodePayload): void {
    const current = episodes[episodes.length - 1];
    if (current === undefined || current.number !== episode)
      mixed.add(`${stage} in episode ${episode}, which was never near`);
    else if (current[stage]) mixed.add(`episode ${episode} counts ${stage} twice`);
    else if (stage === 'go' && !current.auto) mixed.add(`go in episode ${episode}, which was never auto`);
    else current[stage] = true;
  }

  return {
    looks,
    open: pending.size,
    episodes: episodes.map(({ seq, auto, go }) => ({ seq, auto, go })),
    attempts: attempts.map(({ core: inCore, ...attempt }) => ({
      ...attempt,
      isTrade: tradeLooks.has(`${inCore}/${attempt.lookId}`),
    })),
    mixed: [...mixed],
  };
}

/** Reason → count of the looks that did not become a trade, most frequent first. */
export function countReasons(looks: readonly LookRecord[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { end } of looks) if (end !== 'trade') counts.set(end, (counts.get(end) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)));
}
