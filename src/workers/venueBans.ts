import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NightjarError } from '../domain/errors.ts';
import { CEX_VENUES, type CexVenue } from '../domain/instruments.ts';
import type { Clock, Transport, VenueEndpoints } from '../domain/ports.ts';
import { writeFileDurably } from '../journal/durableFile.ts';
import { type Ban, budgetedTransport } from '../venues/budgetedTransport.ts';
import { createRateWords, RateBudget } from '../venues/rateBudget.ts';

/** What a file that cannot be read counts as: the shortest ban, from when it was written. */
const UNREADABLE_MS = 120_000;

/** The budget as threads share it. Structured-cloneable. */
export interface RateShare {
  readonly words: SharedArrayBuffer;
  /** Where bans are written down: the data directory, which outlives every run. */
  readonly banDir: string;
}

/** A budget that begins with the bans that are not over, whoever met them: made at each start of a core or a rescue. */
export function openRateShare(banDir: string): RateShare {
  const share = { words: createRateWords(), banDir };
  takeOverBans(share);
  return share;
}

/**
 * For who is about to start something: in a ban nothing could begin, and a run that fails at its start closes every permit.
 *
 * @throws NightjarError venue.rate-limited with the venue, the end and what remembers it
 */
export function refuseBanned(banDir: string, nowMs: number): void {
  for (const { venue, untilMs } of readBans(banDir)) {
    if (untilMs <= nowMs) continue;
    const end = new Date(untilMs).toISOString();
    const text = `${venue} has banned this address until ${end} (${Math.ceil((untilMs - nowMs) / 1000)} s): start again then`;
    throw new NightjarError('venue.rate-limited', `${text}; ${banPath(banDir, venue)} remembers it`, {
      venue,
      untilMs,
    });
  }
}

/** For who waited, loaded, while others met a ban. */
export function takeOverBans({ words, banDir }: RateShare): void {
  const budget = new RateBudget(words);
  for (const { venue, untilMs } of readBans(banDir)) budget.silenceUntil(venue, untilMs, true);
}

/** @param share  absent: a budget of the thread's own, and bans are forgotten with it */
export function budgetedBy(
  share: RateShare | undefined,
  transport: Transport,
  clock: Clock,
  endpoints: VenueEndpoints,
): Transport {
  const budget = new RateBudget(share?.words ?? createRateWords());
  const onBan = (ban: Ban) => {
    if (share !== undefined) writeBan(share.banDir, ban);
  };
  return budgetedTransport(transport, { budget, clock, endpoints, onBan });
}

/** Every ban on file, over or not. */
export function readBans(banDir: string): readonly Ban[] {
  return CEX_VENUES.flatMap((venue) => {
    const path = banPath(banDir, venue);
    if (!existsSync(path)) return [];
    try {
      const { untilMs, status } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Ban>;
      if (typeof untilMs === 'number' && typeof status === 'number') return [{ venue, untilMs, status }];
    } catch {
      // As below: a ban of unknown length is still a ban.
    }
    return [{ venue, untilMs: statSync(path).mtimeMs + UNREADABLE_MS, status: 418 }];
  });
}

/** Durable before the answer that states it is read by anybody. A disk that is full costs the memory of it, not the run. */
export function writeBan(banDir: string, ban: Ban): void {
  const longer = readBans(banDir).some(({ venue, untilMs }) => venue === ban.venue && untilMs >= ban.untilMs);
  if (longer) return;
  try {
    writeFileDurably(banPath(banDir, ban.venue), `${JSON.stringify(ban)}\n`);
  } catch {
    // In the shared words it stands all the same.
  }
}

const banPath = (banDir: string, venue: CexVenue): string => join(banDir, `ban.${venue}.json`);
