import type { Command } from 'commander';
import { type ConfigFlags, type LoadedConfig, loadConfig } from '../config/loadConfig.ts';
import { flagNameOf, type TopName, topSettings } from '../config/settings.ts';
import { MARKET_SHAPES, SIM_INSTRUMENTS } from '../sim/simInstruments.ts';

/** What commander hands over for the options of `addConfigOptions`. */
export interface ConfigOptions extends ConfigFlags {
  readonly config?: string;
}

/** `--config`, `--set` and one flag per top setting. */
export function addConfigOptions(command: Command): Command {
  command.option('--config <file>', 'config file (default: nightjar.yaml in the working directory, if there)');
  for (const name of Object.keys(topSettings) as TopName[]) {
    const { help, default: fallback } = topSettings[name];
    command.option(`${flagNameOf(name)} <${placeholderOf(name)}>`, `${help} (default: ${fallback})`);
  }
  return command.option(
    '--set <path=value>',
    'set any knob, again for each',
    (text, sofar: string[]) => [...sofar, text],
    [],
  );
}

/** Prices at which the embedded market opens, per symbol: what relations between knobs and prices are judged by. */
function simStartPrices(): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(MARKET_SHAPES).map(([pair, { startPrice }]) => [pair.split('/')[0]!, startPrice]),
  );
}

/** The largest minimum order of the embedded venues, per symbol. */
function simMinNotionals(): Readonly<Record<string, number>> {
  const largest: Record<string, number> = {};
  for (const { base, minNotional } of SIM_INSTRUMENTS) largest[base] = Math.max(largest[base] ?? 0, minNotional);
  return largest;
}

/** The config as the command line, the environment and the file state it. @throws NightjarError config.invalid */
export function loadConfigFor(options: ConfigOptions): LoadedConfig {
  return loadConfig({
    flags: options,
    env: process.env,
    cwd: process.cwd(),
    file: options.config,
    prices: simStartPrices(),
    minNotionals: simMinNotionals(),
  });
}

function placeholderOf(name: TopName): string {
  const setting = topSettings[name];
  if (setting.kind === 'integer') return 'n';
  return setting.kind === 'choice' ? setting.options.join('|') : name === 'data' ? 'dir' : 'text';
}
