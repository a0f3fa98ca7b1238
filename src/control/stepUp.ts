import { randomInt } from 'node:crypto';

/** How long a phrase may be typed, ms. */
export const PHRASE_TTL_MS = 60_000;
/** Phrases that wait to be typed; the oldest goes first. */
const MAX_PENDING = 64;
/** Without letters and digits that look alike. */
const CODE_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const CODE_LENGTH = 4;
const HASH_PREFIX = 8;

export interface PhraseWanted {
  readonly phrase: string;
  readonly expiresAtMs: number;
}

export interface StepUp {
  /**
   * Whether this phrase may do it. Each phrase serves once, for one action, scope and role; a wrong one is replaced.
   * @returns null when it may, else the phrase to type and until when
   */
  ask(action: string, scope: string, role: string, phrase: unknown): PhraseWanted | null;
}

/**
 * A second step for what opens risk: a phrase that names the action, the scope and the configuration that would trade, so
 * that whoever types it has read all three. Its code makes a recorded or scripted phrase worthless.
 */
export function createStepUp(configHash: string, nowMs: () => number): StepUp {
  const pending = new Map<string, PhraseWanted>();
  const code = () => Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join('');
  return {
    ask(action, scope, role, phrase) {
      const key = JSON.stringify([action, scope, role]);
      const known = pending.get(key);
      const valid = known !== undefined && nowMs() < known.expiresAtMs;
      if (valid && phrase === undefined) return known;
      pending.delete(key);
      if (valid && phrase === known.phrase) return null;
      const wanted: PhraseWanted = {
        phrase: `${action} ${scope} config ${configHash.slice(0, HASH_PREFIX)} ${code()}`,
        expiresAtMs: nowMs() + PHRASE_TTL_MS,
      };
      pending.set(key, wanted);
      if (pending.size > MAX_PENDING) pending.delete(pending.keys().next().value!);
      return wanted;
    },
  };
}
