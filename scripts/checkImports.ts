import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blankedSource, lineAt, sourceFiles } from './sourceText.ts';

/**
 * Folders of `src`, lowest first; those of one row are peers and may import each other. A file may import from its own
 * row and the rows above it in this list (that is: below it in the architecture), never the other way.
 */
export const LAYERS: readonly (readonly string[])[] = [
  ['domain', 'workers/kernels'],
  ['strategies', 'risk'],
  ['machines'],
  ['telemetry'],
  ['journal', 'ledger'],
  ['venues'],
  ['workers'],
  ['actors'],
  ['core', 'guardian'],
  ['control', 'sim'],
  ['config'],
  ['cli'],
  ['main'],
];

export interface ImportViolation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** One source file by its path from the project root, such as `src/core/inputs.ts`. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export function findImportViolations(files: readonly SourceFile[]): ImportViolation[] {
  return files.flatMap(({ path, text }) =>
    importsOf(text).flatMap(({ specifier, line }) => {
      const message = judgeImport(path, specifier);
      return message === null ? [] : [{ file: path, line, message }];
    }),
  );
}

/** Static, type-only, re-exported and dynamic imports with a literal specifier. */
export function importsOf(text: string): { readonly specifier: string; readonly line: number }[] {
  const code = blankedSource(text, 'comments');
  // The match must stand in code, not inside a string that quotes code.
  const bare = blankedSource(text, 'comments and strings');
  const found = [];
  for (const match of code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)) {
    if (!/^(from|import)/.test(bare.slice(match.index))) continue;
    found.push({ specifier: match[2]!, line: lineAt(text, match.index) });
  }
  return found;
}

function judgeImport(path: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const target = normalize(join(dirname(path), specifier));
  if (!target.endsWith('.ts') && !target.endsWith('.json')) return `"${specifier}" must end in .ts`;
  if (!target.startsWith('src/')) return `src imports "${specifier}", which lies outside src`;
  const from = layerOf(path);
  const to = layerOf(target);
  if (from === null || to === null) {
    return `${from === null ? path : target} is in no folder of the layer list in scripts/checkImports.ts`;
  }
  if (to.rank <= from.rank) return null;
  return `${from.folder} imports ${to.folder} ("${specifier}"), which is above it: pass it in as an argument, or move the shared part down`;
}

function layerOf(path: string): { readonly rank: number; readonly folder: string } | null {
  const inside = path.slice('src/'.length);
  // What lies in src itself composes the system and may know every folder.
  if (!inside.includes('/')) return { rank: LAYERS.length - 1, folder: 'main' };
  // The longest folder wins, so that workers/kernels is not taken for workers.
  const folders = LAYERS.flatMap((row, rank) => row.map((folder) => ({ rank, folder })))
    .filter(({ folder }) => inside.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  return folders[0] ?? null;
}

export function checkImports(root: string): ImportViolation[] {
  const files = sourceFiles(root, 'src').map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  return findImportViolations(files);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const violations = checkImports(process.cwd());
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  console.log(violations.length === 0 ? 'import direction holds' : `${violations.length} imports point upwards`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
