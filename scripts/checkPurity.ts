import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importsOf } from './checkImports.ts';
import { blankedSource, lineAt, sourceFiles } from './sourceText.ts';

/** A name that reads the world instead of being told, and what to use in its place. */
interface Forbidden {
  readonly pattern: RegExp;
  readonly remedy: string;
}

const CLOCKS_AND_RANDOM: readonly Forbidden[] = [
  { pattern: /\bDate\s*\.\s*now\b/g, remedy: 'take a Clock' },
  { pattern: /\bnew\s+Date\s*(\(\s*\)|[;,)])/g, remedy: 'take a Clock; new Date(ms) of a known time is fine' },
  { pattern: /\bTemporal\s*\.\s*Now\b/g, remedy: 'take a Clock' },
  { pattern: /\bperformance\s*\.\s*(now|timeOrigin)\b/g, remedy: 'take a Clock' },
  { pattern: /\bprocess\s*\.\s*(hrtime|uptime)\b/g, remedy: 'take a Clock' },
  { pattern: /(?<![.\w])(setTimeout|setInterval|setImmediate)\s*\(/g, remedy: 'take a Clock: after, every' },
  { pattern: /\bMath\s*\.\s*random\b/g, remedy: 'take a Random' },
  { pattern: /\b(randomUUID|randomBytes|randomInt|getRandomValues)\b/g, remedy: 'take a Random' },
];

const WORLD: readonly Forbidden[] = [
  ...CLOCKS_AND_RANDOM,
  { pattern: /\bnew\s+Date\b|(?<![.\w])Date\s*\(/g, remedy: 'pure code has times as epoch milliseconds' },
  { pattern: /(?<![.\w])process\s*\./g, remedy: 'take the value as an argument' },
  { pattern: /(?<![.\w])console\s*\./g, remedy: 'return what there is to say' },
  { pattern: /(?<![.\w])(fetch|queueMicrotask|structuredClone)\s*\(/g, remedy: 'leave it to the caller' },
];

/** Node's modules that a pure file may not import: all of them but the assertion, which is how invariants are stated. */
const PURE_NODE_MODULES: ReadonlySet<string> = new Set(['node:assert', 'node:assert/strict']);

/** Folders whose files know nothing but their arguments. */
export const PURE = ['src/domain/', 'src/strategies/', 'src/risk/', 'src/machines/', 'src/workers/kernels/'] as const;
/** Code that also runs on a virtual clock: it may do I/O through ports, but never reads a clock of its own. */
export const CLOCKED = ['src/venues/', 'src/workers/lane', 'src/sim/'] as const;
/** The wall adapters: here the ports meet the real clock. */
export const WALL_ADAPTERS: readonly string[] = [
  // Hosts the lane's thread from the core's side: there is no thread on a virtual clock.
  'src/workers/laneHost.ts',
];

export interface PurityViolation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export function findPurityViolations(path: string, text: string): PurityViolation[] {
  const isPure = PURE.some((folder) => path.startsWith(folder));
  const isClocked = CLOCKED.some((prefix) => path.startsWith(prefix));
  if ((!isPure && !isClocked) || path.endsWith('.test.ts') || WALL_ADAPTERS.includes(path)) return [];

  const code = blankedSource(text, 'comments and strings');
  const byPlace = new Map<string, PurityViolation>();
  for (const { pattern, remedy } of isPure ? WORLD : CLOCKS_AND_RANDOM) {
    for (const match of code.matchAll(pattern)) {
      const line = lineAt(text, match.index);
      const name = match[0].replace(/\s*\($/, '').trim();
      byPlace.set(`${line}`, {
        file: path,
        line,
        message: `${name} in ${isPure ? 'a pure folder' : 'clocked code'}: ${remedy}`,
      });
    }
  }
  if (isPure) {
    for (const { specifier, line } of importsOf(text)) {
      if (!specifier.startsWith('node:') || PURE_NODE_MODULES.has(specifier)) continue;
      byPlace.set(`${line}`, {
        file: path,
        line,
        message: `import of ${specifier} in a pure folder: take what it gives as an argument`,
      });
    }
  }
  return [...byPlace.values()].sort((a, b) => a.line - b.line);
}

export function checkPurity(root: string): PurityViolation[] {
  return sourceFiles(root, 'src').flatMap((path) => findPurityViolations(path, readFileSync(join(root, path), 'utf8')));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = checkPurity(process.cwd());
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  console.log(violations.length === 0 ? 'clocks and randomness stay outside' : `${violations.length} impure places`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
