import type { Command } from 'commander';
import { type ConfigOrigins, formatFinding } from '../config/loadConfig.ts';
import { type ProbeResult, probeLimits } from '../risk/limitProbes.ts';
import { type RiskLimits, riskKnobs } from '../risk/limits.ts';
import type { RiskReason } from '../risk/preTradeGate.ts';
import { addConfigOptions, type ConfigOptions, loadConfigFor } from './configOptions.ts';
import { action, EXIT, type ExitCode, formatTable, printJson, printText, talk } from './output.ts';

/** `nightjar limits test`: does every rule of the pre-trade gate still refuse what breaks it? Nothing is sent anywhere. */
export function registerLimits(program: Command): void {
  const limits = program.command('limits').description('the hard limits of the pre-trade gate');
  addConfigOptions(limits.command('test'))
    .description('fire one violating order per rule at the gate, under the limits in force; exit 1 when any passes')
    .option('--json', 'machine-readable')
    .action(
      action((options: ConfigOptions & { readonly json?: boolean }) => {
        const loaded = loadConfigFor(options);
        const code = testLimits(loaded.config.risk, options.json === true, loaded.origins);
        for (const finding of loaded.findings) {
          if (finding.path.startsWith('risk.')) talk(`${finding.severity}: ${formatFinding(finding)}`);
        }
        return code;
      }),
    );
}

/** Of a rule's figures; the rules that are not here have none. */
const UNITS: Readonly<Partial<Record<RiskReason, string>>> = {
  quantity: 'base',
  max_quantity: 'base',
  min_quantity: 'base',
  min_notional: 'USDT',
  price_age: 'ms',
  order_notional: 'USDT',
  open_notional: 'USDT',
  open_orders: 'orders',
  position_limit: 'USDT',
  price_collar: 'bps',
  trade_collar: 'bps',
  parent_exceeded: 'base',
  reduce_only: 'base',
  duplicate: 'ms',
  self_cross: 'USDT/base',
  order_rate: '1/s',
  cancel_rate: '1/s',
  loss_limit: 'USDT',
  drawdown: 'USDT',
};

/**
 * @param origins  where each `risk.*` comes from, by path: told for those that are not the default
 * @returns failed when a rule let its violating order pass, or refused the sound one
 */
export function testLimits(limits: RiskLimits, json: boolean, origins: ConfigOrigins = {}): ExitCode {
  const { soundPasses, probes } = probeLimits(limits);
  const passed = probes.filter(({ ok }) => !ok);
  const ok = soundPasses && passed.length === 0;
  const set = Object.entries(origins).filter(([path, { origin }]) => path.startsWith('risk.') && origin !== 'default');
  if (json) printJson({ ok, soundPasses, rules: probes.length, limits, origins: Object.fromEntries(set), probes });
  else printText(formatProbes(probes));
  for (const [path, { origin, where }] of json ? [] : set) {
    const name = path.slice('risk.'.length) as keyof RiskLimits;
    printText(`${path} = ${limits[name]} ${riskKnobs[name].unit}, from ${origin} (${where})`);
  }
  if (!soundPasses) talk('the sound order, which breaks no rule, was refused');
  for (const { rule, refusal } of passed) {
    talk(`rule ${rule} let its violating order pass${refusal === null ? '' : ` to ${refusal.reason}`}`);
  }
  if (!json && ok) printText(`${probes.length} rules, each refuses the order that breaks it; a sound order passes`);
  return ok ? EXIT.done : EXIT.failed;
}

function formatProbes(probes: readonly ProbeResult[]): string {
  const figure = (value: number | null | undefined, rule: RiskReason) =>
    value === null || value === undefined ? '–' : `${Number(value.toFixed(4))} ${UNITS[rule] ?? ''}`.trim();
  return formatTable(
    [
      ['rule', 'reason code', 'value', 'limit', 'the order'],
      ...probes.map(({ rule, order, refusal, ok }) => [
        rule,
        refusal === null ? 'PASSED' : ok ? refusal.reason : `${refusal.reason} (WRONG)`,
        figure(refusal?.value, rule),
        figure(refusal?.limit, rule),
        order,
      ]),
    ],
    [2, 3],
  );
}
