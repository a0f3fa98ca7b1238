import { NightjarError } from '../domain/errors.ts';
import { aliasesOf, envNameOf } from './configEnv.ts';
import type { LoadedConfig } from './loadConfig.ts';
import { limitOf, type OriginKind } from './readSetting.ts';
import { explainUnknownPath, settingAt, settingPaths } from './settingPaths.ts';
import { flagNameOf, type Setting, type SettingValue, topSettings } from './settings.ts';

/** One line of `config print`. */
export interface PrintedValue {
  readonly path: string;
  readonly value: SettingValue;
  readonly unit: string;
  readonly origin: OriginKind;
  readonly where: string;
}

/** The values in force: instances with their own knobs, so that each stands once, with its origin. */
export function printedValues({ config, origins }: LoadedConfig): PrintedValue[] {
  return settingPaths.flatMap(({ path, setting }) => {
    const origin = origins[path];
    if (origin === undefined) return [];
    return [{ path, value: valueIn(config, path), unit: unitOf(setting), ...origin }];
  });
}

export interface ExplainedSetting {
  readonly path: string;
  readonly help: string;
  readonly limit: string;
  readonly default: SettingValue;
  readonly env: readonly string[];
  /** Value and origin of each place where the setting is in force: itself, or one line per instance. */
  readonly now: readonly PrintedValue[];
  readonly text: string;
}

/** @throws NightjarError config.invalid for a path that is no setting */
export function explainText(path: string | undefined, loaded: LoadedConfig): ExplainedSetting[] {
  if (path !== undefined && settingAt(path) === undefined) {
    const { limit, remedy } = explainUnknownPath(path);
    throw new NightjarError('config.invalid', `${path}: ${limit}; ${remedy}`);
  }
  const values = printedValues(loaded);
  return settingPaths
    .filter((known) => path === undefined || known.path === path)
    .map((known) => explainOne(known.path, known.setting, values));
}

function explainOne(path: string, setting: Setting, values: readonly PrintedValue[]): ExplainedSetting {
  const general = path.replace(/^bots\.arb\.[A-Z0-9]+\./, 'bots.arb.');
  const now = values.filter(
    (value) => value.path === path || value.path.replace(/^bots\.arb\.[A-Z0-9]+\./, 'bots.arb.') === path,
  );
  const env = [envNameOf(path), ...(general === path ? aliasesOf(path) : [])];
  const flag = path in topSettings ? flagNameOf(path) : `--set ${path}=…`;
  const text = [
    path,
    `  ${setting.help}`,
    `  takes ${limitOf(setting)}; default ${showSetting(setting.default)}${clickText(setting)}`,
    `  set by ${flag}, ${env.join(' or ')}, or in nightjar.yaml`,
    ...now.map(
      (value) =>
        `  now ${value.path === path ? '' : `${value.path} = `}${showSetting(value.value)}, from ${value.origin}${value.where === '' ? '' : ` (${value.where})`}`,
    ),
  ].join('\n');
  return { path, help: setting.help, limit: limitOf(setting), default: setting.default, env, now, text };
}

export function showSetting(value: SettingValue): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

export function unitOf(setting: Setting): string {
  return setting.kind === 'number' || setting.kind === 'integer' ? setting.unit : '';
}

function clickText(setting: Setting): string {
  return setting.kind === 'number' && setting.click !== undefined ? `; one click is ${setting.click}` : '';
}

function valueIn(config: LoadedConfig['config'], path: string): SettingValue {
  const parts = path.split('.');
  const keys = /^bots\.arb\.[A-Z0-9]+\./.test(path) ? ['bots', 'arb', 'instances', ...parts.slice(2)] : parts;
  return keys.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], config) as SettingValue;
}
