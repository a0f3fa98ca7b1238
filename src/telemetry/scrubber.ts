/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 8;
const MASK = '[secret]';

export interface Scrubber {
  keep(secret: string): void;
  scrub(text: string): string;
  /** A copy of a plain JSON value without them, keys included. */
  scrubValue<T>(value: T): T;
}

/** Replaces registered values wherever they stand in a text: raw, as JSON writes them, percent-encoded, and as base64. */
export function createScrubber(secrets: readonly string[]): Scrubber {
  const forms = new Set<string>();
  const keep = (secret: string) => {
    if (secret.length < SHORTEST_SECRET) return;
    // Quoted once by the log line itself, twice where a field holds JSON (a request's body).
    const quoted = inJson(secret);
    for (const form of [secret, quoted, inJson(quoted)]) forms.add(form);
    forms.add(encodeURIComponent(secret));
    forms.add(Buffer.from(secret).toString('base64'));
  };
  for (const secret of secrets) keep(secret);
  const scrub = (text: string) => {
    let clean = text;
    for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, MASK);
    return clean;
  };
  return {
    keep,
    scrub,
    scrubValue(value) {
      const text = JSON.stringify(value);
      const clean = scrub(text);
      return clean === text ? value : JSON.parse(clean);
    },
  };
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
