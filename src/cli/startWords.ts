import { arbInstances } from '../config/arbInstances.ts';
import { formatFinding, type LoadedConfig } from '../config/loadConfig.ts';
import type { RunManifest } from '../journal/runManifest.ts';

/** The first lines of a run: what runs, and on which terms. */
export function greeting({ config, findings }: LoadedConfig, manifest: RunManifest, guarded: boolean): string[] {
  const bots = arbInstances(config).map(({ id }) => id.replace('bot:', ''));
  const slots = new Set(Object.values(config.bots.arb.instances).map(({ slot }) => slot));
  return [
    `nightjar  ${manifest.nightjarVersion}  run ${manifest.folder}  seed ${config.seed}  clock ${config.clock}  mode ${config.mode}  env ${config.env}`,
    `tree      edge · journal · gateway · risk · lanes (lane:0) · bots (${bots.join(', ')}) · control`,
    ...(config.env === 'sim' ? ['note      results on the embedded market prove the plumbing, not a profit'] : []),
    slots.has('allDay')
      ? 'slot      open all day (bots.arb.slot=allDay, the default on embedded venues); usOpen trades around the US cash open only'
      : 'slot      around the US cash open only (bots.arb.slot=usOpen)',
    ...findings.map((one) => `${one.severity === 'warn' ? 'WARNING  ' : 'knobs    '} ${formatFinding(one)}`),
    ...(guarded ? [] : MISSING_GUARDIAN),
  ];
}

const MISSING_GUARDIAN: readonly string[] = [
  'WARNING   NO GUARDIAN (--no-guardian): the core runs in this process, for debugging only. Missing:',
  'WARNING     no restart of a core that dies, and no rescue: its open orders stay at the venues',
  'WARNING     no watch over its main thread: if it spins, neither Ctrl-C nor a kill gets its orders back',
  'WARNING     code generation from strings is not switched off',
];
