import { type PlainError, toPlainError } from '../domain/errors.ts';
import { toJsonSafe } from './jsonSafe.ts';

const MAX_LINKS = 8;

/** A thrown value and its causes as plain, JSON-safe errors, outermost first; a circle of causes is cut. */
export function errorChainOf(error: unknown): readonly PlainError[] {
  const chain: PlainError[] = [];
  const seen = new Set<unknown>();
  let link: unknown = error;
  do {
    seen.add(link);
    const plain = toPlainError(link);
    chain.push({ ...plain, details: toJsonSafe(plain.details) as PlainError['details'] });
    link = link instanceof Error ? link.cause : undefined;
  } while (link !== undefined && link !== null && !seen.has(link) && chain.length < MAX_LINKS);
  return chain;
}
