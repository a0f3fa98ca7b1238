import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Not part of the program: dependencies are linked, the rest is nobody's test. */
const LEFT_OUT = new Set(['node_modules', '.git', 'data', 'coverage', 'dist']);

export interface Edit {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

export interface TreeCopy {
  readonly root: string;
  /** @returns undoes it; null when a text does not stand in its file exactly once */
  mutate(edits: readonly Edit[]): (() => void) | null;
  remove(): void;
}

/** A copy of the working tree in which the program may be broken while the real one stays whole. */
export function copyTree(): TreeCopy {
  const root = mkdtempSync(join(tmpdir(), 'nightjar-mutants-'));
  cpSync(PROJECT_ROOT, root, {
    recursive: true,
    filter: (path) => path === PROJECT_ROOT || !LEFT_OUT.has(basename(path)),
  });
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(root, 'node_modules'));
  return {
    root,
    mutate(edits) {
      const read = edits.map((edit) => ({ ...edit, path: join(root, edit.file), text: textOf(join(root, edit.file)) }));
      if (read.some(({ text, search }) => occurrences(text, search) !== 1)) return null;
      for (const { path, text, search, replace } of read)
        writeFileSync(
          path,
          text.replace(search, () => replace),
        );
      return () => {
        for (const { path, text } of read) writeFileSync(path, text);
      };
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

const textOf = (path: string) => readFileSync(path, 'utf8');

export const occurrences = (text: string, search: string): number => text.split(search).length - 1;
