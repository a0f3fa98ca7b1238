import type { Command } from 'commander';
import { explainText, printedValues } from '../config/configDocs.ts';
import { configHash } from '../config/configHash.ts';
import { formatFinding } from '../config/loadConfig.ts';
import { configJsonSchema } from '../config/settingSchema.ts';
import { addConfigOptions, type ConfigOptions, loadConfigFor } from './configOptions.ts';
import { action, formatTable, printJson, printText, talk } from './output.ts';

type PrintOptions = ConfigOptions & { readonly json?: boolean };

export function registerConfig(program: Command): void {
  const config = program.command('config').description('show what this system would run with, and why');

  addConfigOptions(config.command('print'))
    .description('every setting with value, unit and origin (default, file, env, flag)')
    .option('--json', 'machine-readable')
    .action(action((options: PrintOptions) => print(options)));

  addConfigOptions(config.command('explain'))
    .argument('[path]', 'one setting, such as bots.arb.netEdgeMinBps; without it all of them')
    .description('what a setting means, its limits, how to set it, and its value now')
    .option('--json', 'machine-readable')
    .action(action((path: string | undefined, options: PrintOptions) => explain(path, options)));

  config
    .command('schema')
    .description('JSON Schema of nightjar.yaml, for editors')
    .action(
      action(() => {
        printJson(configJsonSchema());
        return undefined;
      }),
    );
}

function print(options: PrintOptions): undefined {
  const loaded = loadConfigFor(options);
  const values = printedValues(loaded);
  const hash = configHash(loaded.config);
  if (options.json === true) {
    printJson({ hash, values, findings: loaded.findings });
    return;
  }
  const rows = values.map(({ path, value, unit, origin, where }) => [
    path,
    showValue(value),
    unit,
    where === '' ? origin : `${origin} (${where})`,
  ]);
  printText(formatTable([['setting', 'value', 'unit', 'origin'], ...rows]));
  printText(`config hash ${hash}`);
  for (const finding of loaded.findings) talk(`${finding.severity}: ${formatFinding(finding)}`);
}

function explain(path: string | undefined, options: PrintOptions): undefined {
  const explained = explainText(path, loadConfigFor(options));
  if (options.json === true) printJson(explained);
  else printText(explained.map(({ text }) => text).join('\n\n'));
}

const showValue = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value));
