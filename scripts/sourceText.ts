import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** All `.ts` files under `folder`, as paths relative to `root`, sorted. */
export function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** A `/` after one of these starts a regular expression, after anything else it divides. */
const BEFORE_REGEX = /(^|[(,=:[!&|?{};+\-*%<>~^]|\breturn|\btypeof|\bcase|\bin|\bof)\s*$/;

/**
 * The source with comments blanked (and, on request, what strings and regular expressions hold), every other character
 * at its old place, so that offsets still give line numbers. Template literals keep the code inside `${}`.
 */
export function blankedSource(source: string, blank: 'comments' | 'comments and strings'): string {
  const out = source.split('');
  const hide = (from: number, to: number) => {
    for (let i = from; i < to; i += 1) if (out[i] !== '\n') out[i] = ' ';
  };
  const hideText = (from: number, to: number) => {
    if (blank === 'comments and strings') hide(from, to);
  };
  /** Where each open `${` ends its braces, so that `}` can tell a block from the end of a template's hole. */
  const holes: number[] = [];
  let depth = 0;
  let at = 0;

  const skipTemplateText = (from: number) => {
    let end = from;
    while (end < source.length && source[end] !== '`' && source.slice(end, end + 2) !== '${') {
      end += source[end] === '\\' ? 2 : 1;
    }
    hideText(from, end);
    if (source[end] === '`') return end + 1;
    depth += 1;
    holes.push(depth);
    return end + 2;
  };

  while (at < source.length) {
    const char = source[at]!;
    const pair = source.slice(at, at + 2);
    if (pair === '//' || pair === '/*') {
      const end = pair === '//' ? source.indexOf('\n', at) : source.indexOf('*/', at + 2) + 2;
      const stop = end <= 1 ? source.length : end;
      hide(at, stop);
      at = stop;
    } else if (char === "'" || char === '"') {
      const end = endOfQuoted(source, at, char);
      hideText(at + 1, end - 1);
      at = end;
    } else if (char === '`') {
      at = skipTemplateText(at + 1);
    } else if (char === '/' && BEFORE_REGEX.test(out.slice(Math.max(0, at - 40), at).join(''))) {
      const end = endOfRegex(source, at);
      hideText(at + 1, end - 1);
      at = end;
    } else if (char === '}' && holes.at(-1) === depth) {
      holes.pop();
      depth -= 1;
      at = skipTemplateText(at + 1);
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return out.join('');
}

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

function endOfQuoted(source: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfRegex(source: string, from: number): number {
  let inClass = false;
  let at = from + 1;
  while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}
