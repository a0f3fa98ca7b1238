import type { z } from 'zod';

/** What a schema refused, in one line for a person: `observations[0].value: expected number, received undefined`. */
export function plainIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${pathText(path)}: ${message.replace(/^Invalid input: /, '')}`).join('; ');
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the body';
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
