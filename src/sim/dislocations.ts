import type { Random } from '../domain/ports.ts';

/**
 * How far a DEX pool stands away from the fair price, as episodes: it drifts off, stays, drifts back. Real pools are
 * dislocated far less often; the cadence is that of a demonstration, which the README says.
 */
export interface Dislocations {
  /** Signed, in bps of the fair price at this time: negative = the token is cheap on the DEX. Times must not fall. */
  bpsAt(nowMs: number): number;
}

interface Episode {
  readonly startMs: number;
  readonly rampMs: number;
  readonly holdMs: number;
  readonly fadeMs: number;
  readonly peakBps: number;
}

export interface DislocationSettings {
  readonly startMs: number;
  readonly meanGapMs: number;
  readonly cheapShare: number;
}

/** Every other episode is large enough to trade on; the rest end in refusals. */
const LARGE_SHARE = 0.5;
const LARGE_BPS = { from: 50, to: 90 };
const SMALL_BPS = { from: 12, to: 40 };
const FIRST_AFTER_MS = { from: 5000, to: 10_000 };
const PAUSE_MS = 1500;

export function createDislocations(random: Random, settings: DislocationSettings): Dislocations {
  const between = (range: { from: number; to: number }) => range.from + (range.to - range.from) * random.next();
  // Shares are dealt evenly, not drawn: a run of bad luck must not leave a whole minute without a chance.
  const dealLarge = createDealer(LARGE_SHARE);
  const dealCheap = createDealer(settings.cheapShare);

  const makeEpisode = (startMs: number): Episode => {
    const large = dealLarge();
    const sign = dealCheap() ? -1 : 1;
    const lengthMs = large ? between({ from: 5000, to: 10_000 }) : between({ from: 4000, to: 8000 });
    const rampMs = lengthMs * between({ from: 0.08, to: 0.2 });
    const fadeMs = lengthMs * between({ from: 0.15, to: 0.35 });
    const peakBps = sign * between(large ? LARGE_BPS : SMALL_BPS);
    return { startMs, rampMs, holdMs: lengthMs - rampMs - fadeMs, fadeMs, peakBps };
  };

  let episode = makeEpisode(settings.startMs + between(FIRST_AFTER_MS));
  return {
    bpsAt(nowMs) {
      while (nowMs >= endOf(episode)) {
        const gapMs = settings.meanGapMs * between({ from: 0.7, to: 1.3 });
        episode = makeEpisode(Math.max(episode.startMs + gapMs, endOf(episode) + PAUSE_MS));
      }
      return bpsOf(episode, nowMs);
    },
  };
}

const endOf = (episode: Episode) => episode.startMs + episode.rampMs + episode.holdMs + episode.fadeMs;

function bpsOf({ startMs, rampMs, holdMs, fadeMs, peakBps }: Episode, nowMs: number): number {
  const ageMs = nowMs - startMs;
  if (ageMs <= 0) return 0;
  if (ageMs < rampMs) return (peakBps * ageMs) / rampMs;
  if (ageMs < rampMs + holdMs) return peakBps;
  return Math.max(0, 1 - (ageMs - rampMs - holdMs) / fadeMs) * peakBps;
}

/** Answers true with the given share, as evenly spread as whole numbers allow. */
function createDealer(share: number): () => boolean {
  let dealt = 0.5;
  return () => {
    dealt += share;
    if (dealt < 1) return false;
    dealt -= 1;
    return true;
  };
}
