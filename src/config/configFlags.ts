import type { KnobFinding } from '../domain/knobs.ts';
import type { Assignment } from './readSetting.ts';
import { flagNameOf, type TopName, topSettings } from './settings.ts';

/** What the command line sets: a flag per top setting, and `--set PATH=VALUE` for everything. */
export type ConfigFlags = { readonly [Name in TopName]?: string | number | undefined } & {
  readonly set?: readonly string[] | undefined;
};

/** `--set` comes after the named flags, in the order given: the last one wins. */
export function readConfigFlags(flags: ConfigFlags): {
  readonly assignments: Assignment[];
  readonly findings: KnobFinding[];
} {
  const assignments: Assignment[] = [];
  const findings: KnobFinding[] = [];
  for (const name of Object.keys(topSettings) as TopName[]) {
    const value = flags[name];
    if (value === undefined) continue;
    assignments.push({ path: name, raw: String(value), isText: true, origin: 'flag', where: flagNameOf(name) });
  }
  for (const text of flags.set ?? []) {
    const equals = text.indexOf('=');
    if (equals < 1) {
      findings.push({
        severity: 'refuse',
        path: '--set',
        value: text,
        limit: 'PATH=VALUE',
        remedy: 'write for example --set bots.arb.netEdgeMinBps=39',
      });
      continue;
    }
    const path = text.slice(0, equals).trim();
    assignments.push({ path, raw: text.slice(equals + 1), isText: true, origin: 'flag', where: '--set' });
  }
  return { assignments, findings };
}
