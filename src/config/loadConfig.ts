import { NightjarError } from '../domain/errors.ts';
import type { KnobFinding } from '../domain/knobs.ts';
import { checkConfig, unusedSymbolFindings } from './checkConfig.ts';
import { readConfigEnv } from './configEnv.ts';
import { readConfigFile } from './configFile.ts';
import { type ConfigFlags, readConfigFlags } from './configFlags.ts';
import { readSetting } from './readSetting.ts';
import { type CheckedAssignment, type ConfigOrigins, type NightjarConfig, resolveSettings } from './resolveSettings.ts';
import { settingAt } from './settingPaths.ts';

export type { ConfigFlags } from './configFlags.ts';
export type { OriginKind, ValueOrigin } from './readSetting.ts';
export type { ConfigOrigins, NightjarConfig } from './resolveSettings.ts';

export interface LoadConfigOptions {
  readonly flags?: ConfigFlags;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where `nightjar.yaml` is looked for, and what relative file names start from. */
  readonly cwd: string;
  /** `--config`, else the variable NIGHTJAR_CONFIG; a named file has to exist. */
  readonly file?: string | undefined;
  /** Rough price per symbol (USDT), for the relations that need one: pass the embedded market's start prices. */
  readonly prices?: Readonly<Record<string, number>>;
  /** Largest minimum order of the venues per symbol (USDT). */
  readonly minNotionals?: Readonly<Record<string, number>>;
}

export interface LoadedConfig {
  readonly config: NightjarConfig;
  readonly origins: ConfigOrigins;
  /** What to print at start: `warn` and `info` only, since a `refuse` is thrown. */
  readonly findings: readonly KnobFinding[];
}

/**
 * Flags over NIGHTJAR_* over file over defaults, each value checked for itself and then against the others.
 *
 * @throws NightjarError config.invalid with every refused setting: path, value, limit, remedy (`details.findings`)
 */
export function loadConfig(options: LoadConfigOptions): LoadedConfig {
  const env = options.env ?? {};
  const fromEnv = readConfigEnv(env);
  const fromFlags = readConfigFlags(options.flags ?? {});
  const fromFile = readConfigFile(options.cwd, options.file ?? (env.NIGHTJAR_CONFIG || undefined));

  const refused: KnobFinding[] = [...fromEnv.findings, ...fromFlags.findings];
  const checked: CheckedAssignment[] = [];
  for (const assignment of [...fromFile, ...fromEnv.assignments, ...fromFlags.assignments]) {
    const read = readSetting(assignment);
    if ('finding' in read) refused.push(read.finding);
    else {
      const { path, origin, where } = assignment;
      checked.push({ path, origin, where, value: read.value });
    }
  }
  // Relations between values are only worth judging once each value stands.
  if (refused.length > 0) throw configInvalid(refused);

  const { config, origins } = resolveSettings(checked);
  const findings = [
    ...checkConfig(config, origins, options.prices, options.minNotionals),
    ...unusedSymbolFindings(
      checked.map(({ path }) => path),
      config.bots.arb.symbols,
    ),
  ];
  const broken = findings.filter(({ severity }) => severity === 'refuse');
  if (broken.length > 0) throw configInvalid(broken);
  return { config, origins, findings };
}

/** One line per finding: `path = value: limit; remedy`. */
export function formatFinding({ path, value, limit, remedy }: KnobFinding): string {
  const why = [limit, remedy].filter((part) => part !== '').join('; ');
  return why === '' ? `${path}: ${value}` : `${path} = ${value}: ${why}`;
}

/** No setting is a secret, so a name like one is a mistake, and what stands behind it may be a real key. */
const SECRET_NAME = /KEY|SECRET|TOKEN|PASS|CREDENTIAL|MNEMONIC|PRIVATE|AUTH/i;

function withoutSecret(finding: KnobFinding): KnobFinding {
  // A whole section comes as the text of its object, with the names inside.
  const isSecret = settingAt(finding.path) === undefined && SECRET_NAME.test(`${finding.path} ${finding.value}`);
  return isSecret ? { ...finding, value: '(not shown)' } : finding;
}

function configInvalid(refused: readonly KnobFinding[]): NightjarError {
  const findings = refused.map(withoutSecret);
  const head = findings.length === 1 ? '1 setting refused' : `${findings.length} settings refused`;
  const lines = findings.map((finding) => `  ${formatFinding(finding)}`);
  return new NightjarError('config.invalid', `${head}\n${lines.join('\n')}`, { findings });
}
