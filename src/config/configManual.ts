import { showSetting, unitOf } from './configDocs.ts';
import { aliasesOf, envNameOf } from './configEnv.ts';
import { limitOf } from './readSetting.ts';
import {
  arbKnobs,
  arbSettings,
  arbSymbolDefaults,
  flagNameOf,
  journalSettings,
  keySettings,
  riskKnobs,
  type Setting,
  simMarketKnobs,
  topSettings,
} from './settings.ts';

type Table = Readonly<Record<string, Setting>>;

const symbols = Object.entries(arbSymbolDefaults);

/** `nightjar.example.yaml`: every setting, commented out, at its default; copying it as it is changes nothing. */
export function exampleYaml(): string {
  return `${[
    '# Copy to nightjar.yaml and remove the "# " of what you change. Made from the code by "npm run docs".',
    '# Flags win over NIGHTJAR_* variables, these over this file, this file over the defaults shown here.',
    '',
    ...yamlLines(topSettings, ''),
    '',
    'journal:',
    ...yamlLines(journalSettings, '  '),
    '',
    'risk:',
    ...yamlLines(riskKnobs, '  '),
    '',
    'keys:',
    ...yamlLines(keySettings, '  '),
    '',
    'bots:',
    '  arb:',
    ...yamlLines(arbSettings, '    '),
    '    # For all instances:',
    ...yamlLines(arbKnobs, '    '),
    ...symbols.flatMap(([symbol, own]) => [
      `    # For ${symbol} alone; any knob above can stand here too:`,
      `    ${symbol}:`,
      ...(['nearPx', 'autoPx', 'amount'] as const).map(
        (name) => `      # ${name}: ${showSetting(own[name] ?? arbKnobs[name].default)}`,
      ),
    ]),
    '',
    'sim:',
    '  market:',
    ...yamlLines(simMarketKnobs, '    '),
  ].join('\n')}\n`;
}

function yamlLines(table: Table, indent: string): string[] {
  return Object.entries(table).map(([name, setting]) => {
    const unit = unitOf(setting);
    const line = `${indent}# ${name}: ${showSetting(setting.default)}`;
    return `${line.padEnd(44)} # ${unit === '' ? '' : `${unit}; `}${setting.help}`;
  });
}

/** `docs/CONFIG.md`. */
export function configMarkdown(): string {
  return `${[
    '# Configuration',
    '',
    'Made from the code by `npm run docs`; `nightjar config print` shows the values in force and where each comes from, `nightjar config explain PATH` one of them, `nightjar config schema` the JSON Schema.',
    '',
    'Order: flags (`--port 0`, `--set PATH=VALUE`) over `NIGHTJAR_*` variables over the file (`--config FILE`, the variable `NIGHTJAR_CONFIG`, else `nightjar.yaml` in the working directory) over defaults. Within one source an instance’s own knob (`bots.arb.SOL.nearPx`) wins over the knob of all instances (`bots.arb.nearPx`). An unknown name, a value outside its limits and a relation that does not hold are refused at start, each with path, value, limit and remedy; the exit code is 2.',
    '',
    'The variable of a path is `NIGHTJAR_` and the path in capitals, for example ' +
      `\`${envNameOf('bots.arb.SOL.netEdgeMinBps')}\`. An empty variable is not set.`,
    '',
    '## System',
    '',
    ...markdownTable(topSettings, '', (name) => `\`${flagNameOf(name)}\``, 'flag'),
    '',
    'This version trades on the embedded venues only: `mode` other than `live` and `env` other than `sim` are refused.',
    '',
    '## journal',
    '',
    ...markdownTable(journalSettings, 'journal.', () => '', ''),
    '',
    '## risk',
    '',
    'Hard limits of every bot; no knob of a bot widens them. One that lets more through than its default is named at each start.',
    '',
    ...markdownTable(riskKnobs, 'risk.', () => '', ''),
    '',
    '## keys',
    '',
    ...markdownTable(keySettings, 'keys.', () => '', ''),
    '',
    '## bots.arb',
    '',
    ...markdownTable(arbSettings, 'bots.arb.', shortNames('bots.arb.'), 'short variable'),
    '',
    '## bots.arb, also per symbol: bots.arb.SYMBOL',
    '',
    ...markdownTable(arbKnobs, 'bots.arb.', shortNames('bots.arb.'), 'short variable'),
    '',
    `Symbols with other defaults: ${symbols
      .map(
        ([symbol, own]) =>
          `${symbol} (${
            Object.entries(own)
              .map(([name, value]) => `${name} ${value}`)
              .join(', ') || 'as above'
          })`,
      )
      .join('; ')}. An \`amount\` of 0 is worth the same as SOL’s.`,
    '',
    'On the embedded venues two defaults differ, and `config print` says so: `slot` is `allDay`, since the embedded market has no US open, and the fee knobs are multiplied by `sim.market.feeScale`. A value that you set yourself is taken as it is.',
    '',
    'Relations checked at start: cexFeeBps + dexFeeBps + chain cost < netEdgeMinBps; autoPx ≤ nearPx; ladderNotional ≤ amount × price and ≤ maxNotional. `GUARD_SEC` is in seconds. Variables of bots that are not in this version (`ALIGN_MS`, `KEEP_CONFIRM_MS`, `JOIN_WINDOW_MS`, `TTL_MS`, `REQUIRE_PAIR`, `REPLAY_MODE`, `CANARY_ENABLED`, `CANARY_RATIO`) are refused while set.',
    '',
    '## sim.market',
    '',
    ...markdownTable(simMarketKnobs, 'sim.market.', () => '', ''),
  ].join('\n')}\n`;
}

const shortNames = (prefix: string) => (name: string) =>
  aliasesOf(prefix + name)
    .map((alias) => `\`${alias}\``)
    .join(', ');

function markdownTable(table: Table, prefix: string, last: (name: string) => string, lastHead: string): string[] {
  const cells = Object.entries(table).map(([name, setting]) => [
    `\`${prefix}${name}\``,
    showSetting(setting.default),
    limitOf(setting),
    setting.help,
    last(name),
  ]);
  const head = ['setting', 'default', 'takes', 'meaning', lastHead];
  const columns = lastHead === '' ? 4 : 5;
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.slice(0, columns).join(' | ')} |`);
}
