import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { NightjarError } from '../domain/errors.ts';
import type { Assignment } from './readSetting.ts';
import { isSection } from './settingPaths.ts';

export const DEFAULT_CONFIG_FILE = 'nightjar.yaml';
const MAX_FILE_BYTES = 1_048_576;

/**
 * What the config file sets, leaf by leaf, with line numbers. Without `file` the default name is used where it exists.
 * @throws NightjarError config.invalid when a named file is missing, too large, or is not YAML
 */
export function readConfigFile(cwd: string, file?: string): Assignment[] {
  const path = resolve(cwd, file ?? DEFAULT_CONFIG_FILE);
  if (!existsSync(path)) {
    if (file === undefined) return [];
    throw refused(file, 'no such file', 'check the path given with --config, or leave it out to run on defaults');
  }
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) {
    throw refused(path, `not a file of at most ${MAX_FILE_BYTES} bytes`, 'name a YAML file');
  }
  return parseConfigFile(readFileSync(path, 'utf8'), file ?? DEFAULT_CONFIG_FILE);
}

/** @param name  the file's name in messages */
export function parseConfigFile(text: string, name: string): Assignment[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const trouble = document.errors[0];
  if (trouble !== undefined) {
    const { line, col } = lines.linePos(trouble.pos[0]);
    throw refused(`${name}:${line}:${col}`, trouble.message, 'correct the YAML at this line');
  }
  const assignments: Assignment[] = [];
  const visit = (node: Node | null, path: string, line: number): void => {
    const target = isAlias(node) ? (node.resolve(document) ?? null) : node;
    const isEmpty = target === null || (isScalar(target) && target.value === null);
    // A section whose lines are all commented out is empty, not wrong.
    if (isEmpty && (path === '' || isSection(path))) return;
    if (isMap(target) && (path === '' || isSection(path))) {
      for (const { key, value } of target.items) {
        const keyNode = key as Node;
        const keyLine = keyNode.range ? lines.linePos(keyNode.range[0]).line : line;
        const keyText = isScalar(keyNode) ? String(keyNode.value) : keyNode.toString();
        visit(value as Node | null, path === '' ? keyText : `${path}.${keyText}`, keyLine);
      }
      return;
    }
    const raw =
      target === null ? null : isScalar(target) || isSeq(target) || isMap(target) ? target.toJS(document) : null;
    assignments.push({
      path: path === '' ? '(file)' : path,
      raw,
      isText: false,
      origin: 'file',
      where: `${name}:${line}`,
    });
  };
  visit(document.contents as Node | null, '', 1);
  return assignments;
}

function refused(value: string, limit: string, remedy: string): NightjarError {
  const findings = [{ severity: 'refuse', path: 'config file', value, limit, remedy }];
  return new NightjarError('config.invalid', `config file ${value}: ${limit}. ${remedy}.`, { findings });
}
