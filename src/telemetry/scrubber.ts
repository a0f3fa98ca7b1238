/** Shorter values would blank out ordinary words. */
const SHORTEST_SECRET = 8;
const MASK = '[secret]';

export interface Scrubber {
  keep(secret: string): void;
  scrub(text: string): string;
}

/** Replaces registered values wherever they stand in a text: raw, as JSON writes them, and percent-encoded. */
export function createScrubber(secrets: readonly string[]): Scrubber {
  const forms = new Set<string>();
  const keep = (secret: string) => {
    if (secret.length < SHORTEST_SECRET) return;
    // Quoted once by the log line itself, twice where a field holds JSON (a request's body).
    const quoted = inJson(secret);
    for (const form of [secret, quoted, inJson(quoted)]) forms.add(form);
    forms.add(encodeURIComponent(secret));
  };
  for (const secret of secrets) keep(secret);
  return {
    keep,
    scrub(text) {
      let clean = text;
      for (const form of forms) if (clean.includes(form)) clean = clean.replaceAll(form, MASK);
      return clean;
    },
  };
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
