import { nearestName } from './nearestName.ts';
import {
  arbKnobs,
  arbSettings,
  arbSymbolDefaults,
  journalSettings,
  keySettings,
  riskKnobs,
  type Setting,
  simMarketKnobs,
  topSettings,
} from './settings.ts';

/** A place in the config tree: either a leaf with its setting, or a section. */
export interface SettingPath {
  readonly path: string;
  readonly setting: Setting;
}

const ARB_SYMBOLS = Object.keys(arbSymbolDefaults);

/** Bots of later versions: their names deserve a better answer than "unknown". */
export const LATER_BOTS: readonly string[] = ['snipe', 'mm', 'short', 'gamma'];

/** Every leaf that a file, an environment variable or a flag may set, in the order in which documents list them. */
export const settingPaths: readonly SettingPath[] = [
  ...leaves('', topSettings),
  ...leaves('journal.', journalSettings),
  ...leaves('risk.', riskKnobs),
  ...leaves('keys.', keySettings),
  ...leaves('bots.arb.', arbSettings),
  ...leaves('bots.arb.', arbKnobs),
  ...ARB_SYMBOLS.flatMap((symbol) => leaves(`bots.arb.${symbol}.`, arbKnobs)),
  ...leaves('sim.market.', simMarketKnobs),
];

const settingByPath: ReadonlyMap<string, Setting> = new Map(settingPaths.map(({ path, setting }) => [path, setting]));

const sections: ReadonlySet<string> = new Set(
  settingPaths.flatMap(({ path }) => {
    const parts = path.split('.');
    return parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('.'));
  }),
);

export function settingAt(path: string): Setting | undefined {
  return settingByPath.get(path);
}

export function isSection(path: string): boolean {
  return sections.has(path);
}

/** What is wrong with a path that is no leaf, and what to write instead. */
export function explainUnknownPath(path: string): { readonly limit: string; readonly remedy: string } {
  if (isSection(path)) {
    return { limit: 'a section, not a setting', remedy: `name a setting inside it, such as ${firstLeafIn(path)}` };
  }
  const laterBot = /^bots\.([A-Za-z]+)/.exec(path)?.[1];
  if (laterBot !== undefined && LATER_BOTS.includes(laterBot)) {
    return { limit: `bot "${laterBot}" is not in this version`, remedy: 'remove it; the bot kinds here are: arb' };
  }
  const nearest = nearestPath(path);
  return {
    limit: 'not a setting',
    remedy: nearest === null ? 'see "nightjar config explain" for all names' : `did you mean ${nearest}?`,
  };
}

/** Looks for a misspelt last part within its section first, then over all paths, sections included. */
function nearestPath(path: string): string | null {
  const parent = path.slice(0, path.lastIndexOf('.') + 1);
  const inSection = [...settingByPath.keys(), ...sections].filter(
    (known) => known.startsWith(parent) && !known.slice(parent.length).includes('.'),
  );
  const sibling = nearestName(
    path.slice(parent.length),
    inSection.map((known) => known.slice(parent.length)),
  );
  if (sibling !== null) return parent + sibling;
  const similar = nearestName(path, [...settingByPath.keys(), ...sections]);
  // Else the right name in the wrong place: `nearPx` instead of `bots.arb.nearPx`.
  return similar ?? [...settingByPath.keys()].find((known) => lastPart(known) === lastPart(path)) ?? null;
}

function leaves(prefix: string, table: Readonly<Record<string, Setting>>): SettingPath[] {
  return Object.entries(table).map(([name, setting]) => ({ path: prefix + name, setting }));
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('.') + 1);
const firstLeafIn = (section: string) => settingPaths.find(({ path }) => path.startsWith(`${section}.`))!.path;
