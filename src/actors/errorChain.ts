import { NightjarError, type PlainError, toPlainError } from '../domain/errors.ts';
import { toJsonSafe } from './jsonSafe.ts';

const MAX_LINKS = 8;

/** A thrown value and its causes as plain, JSON-safe errors, outermost first; a circle of causes is cut. */
export function errorChainOf(error: unknown): readonly PlainError[] {
  const chain = [plainLink(error)];
  if (!(error instanceof Error) || !hasCause(error)) return chain;
  const seen = new Set<unknown>([error]);
  let link: unknown = error.cause;
  while (link !== undefined && link !== null && !seen.has(link) && chain.length < MAX_LINKS) {
    seen.add(link);
    chain.push(plainLink(link));
    link = link instanceof Error ? link.cause : undefined;
  }
  return chain;
}

const hasCause = (error: Error): boolean => error.cause !== undefined && error.cause !== null;

function plainLink(link: unknown): PlainError {
  if (link instanceof Error && !(link instanceof NightjarError)) {
    return { code: 'actor.crashed', message: link.message, details: foreignDetails(link) };
  }
  const { code, message, details } = toPlainError(link);
  return { code, message, details: toJsonSafe(details) as PlainError['details'] };
}

/**
 * Name and stack, the stack as text only when somebody reads it, as whoever writes the row does: V8 keeps the frames at
 * the throw and needs longer to put them into words than the next incarnation needs to come up. The words are the same
 * whenever they are made. An own, enumerable member, so that JSON, a copy and `postMessage` hold the text.
 */
function foreignDetails(error: Error): PlainError['details'] {
  return {
    name: toJsonSafe(error.name),
    get stack() {
      return stackText(error);
    },
  };
}

/** A class of errors may compute its stack, and fail: then the record goes without it. */
function stackText(error: Error): unknown {
  try {
    return toJsonSafe(error.stack ?? '');
  } catch {
    return '';
  }
}
