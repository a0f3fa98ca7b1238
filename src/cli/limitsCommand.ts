import type { Command } from 'commander';
import { type ProbeResult, probeLimits } from '../risk/limitProbes.ts';
import { defaultRiskLimits, type RiskLimits } from '../risk/limits.ts';
import { action, EXIT, type ExitCode, formatTable, printJson, printText, talk } from './output.ts';

/** `nightjar limits test`: does every rule of the pre-trade gate still refuse what breaks it? Nothing is sent anywhere. */
export function registerLimits(program: Command): void {
  program
    .command('limits')
    .description('the hard limits of the pre-trade gate')
    .command('test')
    .description('fire one violating order per rule at the gate; exit 1 when any passes')
    .option('--json', 'machine-readable')
    .action(action(({ json }: { readonly json?: boolean }) => testLimits(defaultRiskLimits, json === true)));
}

/** @returns failed when a rule let its violating order pass, or refused the sound one */
export function testLimits(limits: RiskLimits, json: boolean): ExitCode {
  const { soundPasses, probes } = probeLimits(limits);
  const passed = probes.filter(({ ok }) => !ok);
  const ok = soundPasses && passed.length === 0;
  if (json) printJson({ ok, soundPasses, rules: probes.length, limits, probes });
  else printText(formatProbes(probes));
  if (!soundPasses) talk('the sound order, which breaks no rule, was refused');
  for (const { rule, refusal } of passed) {
    talk(`rule ${rule} let its violating order pass${refusal === null ? '' : ` to ${refusal.reason}`}`);
  }
  if (!json && ok) printText(`${probes.length} rules, each refuses the order that breaks it; a sound order passes`);
  return ok ? EXIT.done : EXIT.failed;
}

function formatProbes(probes: readonly ProbeResult[]): string {
  const figure = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : String(Number(value.toFixed(4)));
  return formatTable(
    [
      ['rule', 'reason code', 'value', 'limit', 'the order'],
      ...probes.map(({ rule, order, refusal, ok }) => [
        rule,
        refusal === null ? 'PASSED' : ok ? refusal.reason : `${refusal.reason} (WRONG)`,
        figure(refusal?.value),
        figure(refusal?.limit),
        order,
      ]),
    ],
    [2, 3],
  );
}
