/** A kind of message that killed its actor so often is not delivered any more. */
export const KILLS_UNTIL_SET_ASIDE = 2;
/** Fingerprints remembered per actor. A chart knows fewer kinds of messages; when full, the oldest suspect goes. */
const MAX_FINGERPRINTS = 64;

export interface QuarantineEntry {
  /** What the messages have in common: kind, subject, stable content. */
  readonly message: string;
  /** Incarnations that it ended. */
  readonly kills: number;
  /** Last kill. */
  readonly atMs: number;
  /** Not delivered since it was set aside. */
  readonly withheld: number;
}

/**
 * What has killed an actor. The message itself is never delivered again; a like one that kills the next incarnation too
 * is set aside with all that follow, so that a restart loop ends with a report instead of a spent budget.
 */
export interface Quarantine {
  /** @returns true when this kill sets the message aside */
  killed(message: string, atMs: number): boolean;
  holds(message: string): boolean;
  withheld(message: string): void;
  /** Lets everything through again and forgets the kills; @returns what had been set aside */
  release(): readonly string[];
  /** What is set aside, oldest first. */
  entries(): readonly QuarantineEntry[];
}

export function createQuarantine(): Quarantine {
  const known = new Map<string, { message: string; kills: number; atMs: number; withheld: number }>();
  const isSetAside = ({ kills }: QuarantineEntry) => kills >= KILLS_UNTIL_SET_ASIDE;
  const setAside = () => [...known.values()].filter(isSetAside);
  const makeRoom = (): boolean => {
    if (known.size < MAX_FINGERPRINTS) return true;
    const suspect = [...known.values()].find((entry) => !isSetAside(entry));
    return suspect !== undefined && known.delete(suspect.message);
  };
  return {
    killed(message, atMs) {
      const entry = known.get(message);
      if (entry === undefined) {
        // All set aside: letting one of them through would kill again, so the new kind is left to the restart budget.
        if (makeRoom()) known.set(message, { message, kills: 1, atMs, withheld: 0 });
        return false;
      }
      entry.kills += 1;
      entry.atMs = atMs;
      return entry.kills === KILLS_UNTIL_SET_ASIDE;
    },
    holds(message) {
      const entry = known.get(message);
      return entry !== undefined && isSetAside(entry);
    },
    withheld(message) {
      const entry = known.get(message);
      if (entry !== undefined) entry.withheld += 1;
    },
    release() {
      const released = setAside().map(({ message }) => message);
      known.clear();
      return released;
    },
    entries: () => setAside().map((entry) => ({ ...entry })),
  };
}
