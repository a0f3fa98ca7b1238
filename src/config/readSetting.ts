import type { KnobFinding } from '../domain/knobs.ts';
import { explainUnknownPath, settingAt } from './settingPaths.ts';
import { leafSchema } from './settingSchema.ts';
import { leastItems, type Setting, type SettingValue } from './settings.ts';

export type OriginKind = 'default' | 'file' | 'env' | 'flag';

/** Where a value comes from; `where` is the line, variable or flag, or what scaled a default. */
export interface ValueOrigin {
  readonly origin: OriginKind;
  readonly where: string;
}

/** One thing that a source wants set, not yet checked. */
export interface Assignment extends ValueOrigin {
  readonly path: string;
  readonly raw: unknown;
  /** Environment and flags know text only; a file has typed values and is held to them. */
  readonly isText: boolean;
}

export type ReadSetting = { readonly value: SettingValue } | { readonly finding: KnobFinding };

/** Checks one assignment against its setting: the value, or what to tell the operator. */
export function readSetting(assignment: Assignment): ReadSetting {
  const setting = settingAt(assignment.path);
  if (setting === undefined) return refuse(assignment, explainUnknownPath(assignment.path));
  const value = assignment.isText ? fromText(setting, String(assignment.raw)) : assignment.raw;
  const checked = leafSchema(setting).safeParse(value);
  if (checked.success) return { value: checked.data as SettingValue };
  return refuse(assignment, { limit: limitOf(setting), remedy: remedyFor(setting, value) });
}

/** What a setting accepts, in words. */
export function limitOf(setting: Setting): string {
  switch (setting.kind) {
    case 'number':
      return `a number from ${plain(setting.min)} to ${plain(setting.max)}${withUnit(setting.unit)}`;
    case 'integer':
      return `a whole number from ${setting.min} to ${setting.max}${withUnit(setting.unit)}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return setting.options.length === 1 ? `only ${setting.options[0]}` : `one of ${setting.options.join(', ')}`;
    case 'text':
      return setting.form;
    case 'list':
      return `a list of ${leastItems(setting) === 0 ? 'none' : 'one'} or more of ${setting.options.join(', ')}, each once`;
  }
}

function remedyFor(setting: Setting, value: unknown): string {
  if (setting.kind === 'number' || setting.kind === 'integer') {
    if (typeof value === 'number' && value < setting.min) return `set ${plain(setting.min)} or more`;
    if (typeof value === 'number' && value > setting.max) return `set ${plain(setting.max)} or less`;
    return setting.kind === 'integer' ? 'write whole digits only' : 'write a plain number, without unit or quotes';
  }
  if (setting.kind === 'choice') return `write ${setting.options.join(' or ')}`;
  if (setting.kind === 'list') return `write for example [${setting.default.join(', ') || setting.options[0]}]`;
  return `write ${limitOf(setting)}, for example ${setting.default}`;
}

function fromText(setting: Setting, raw: string): unknown {
  const text = raw.trim();
  switch (setting.kind) {
    case 'number':
    case 'integer':
      // Number('') is 0 and Number('0x10') is 16: neither is what the operator meant.
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text
        .replace(/^\[|\]$/g, '')
        .split(',')
        .map((item) => item.trim())
        .filter((item, _, items) => item !== '' || items.length > 1);
    default:
      return text;
  }
}

function refuse(assignment: Assignment, why: { limit: string; remedy: string }): ReadSetting {
  const value = `${showRaw(assignment.raw)} (${assignment.where})`;
  return { finding: { severity: 'refuse', path: assignment.path, value, ...why } };
}

function showRaw(raw: unknown): string {
  const shown = typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? String(raw));
  return shown.length > 80 ? `${shown.slice(0, 80)}…` : shown;
}

const plain = (value: number) => (Number.isInteger(value) ? value.toFixed(0) : String(value));
const withUnit = (unit: string) => (unit === '' ? '' : ` ${unit}`);
