import type { RiskLimits } from '../risk/limits.ts';
import { type ArbKnobs, arbSymbolDefaults } from '../strategies/arb/arbKnobs.ts';
import type { OriginKind, ValueOrigin } from './readSetting.ts';
import {
  arbKnobs,
  arbSettings,
  journalSettings,
  keySettings,
  riskKnobs,
  type Setting,
  type SettingValue,
  type SettingValues,
  type SimMarketValues,
  simMarketKnobs,
  topSettings,
} from './settings.ts';

/** An assignment whose value has been checked. */
export interface CheckedAssignment extends ValueOrigin {
  readonly path: string;
  readonly value: SettingValue;
}

/** Every setting with its value, as the system uses it. */
export interface NightjarConfig extends SettingValues<typeof topSettings> {
  readonly bots: {
    readonly arb: SettingValues<typeof arbSettings> & {
      /** Knobs per symbol, for the symbols that run. */
      readonly instances: Readonly<Record<string, ArbKnobs>>;
    };
  };
  readonly journal: SettingValues<typeof journalSettings>;
  readonly risk: RiskLimits;
  readonly keys: SettingValues<typeof keySettings>;
  readonly sim: { readonly market: SimMarketValues };
}

/** Origin of each value, by full path: `port`, `bots.arb.SOL.nearPx`, `sim.market.feeScale`. */
export type ConfigOrigins = Readonly<Record<string, ValueOrigin>>;

const DEFAULT_ORIGIN: ValueOrigin = { origin: 'default', where: '' };
/** Lowest first: a later layer wins. */
const LAYERS: readonly OriginKind[] = ['file', 'env', 'flag'];

/** Lays the sources over the defaults. Within one source an instance's own knob wins over the knob of all instances. */
export function resolveSettings(assignments: readonly CheckedAssignment[]): {
  readonly config: NightjarConfig;
  readonly origins: ConfigOrigins;
} {
  const origins: Record<string, ValueOrigin> = {};
  const newest = new Map<string, CheckedAssignment>();
  for (const assignment of assignments) newest.set(layerKey(assignment.origin, assignment.path), assignment);

  /** @param paths  where the value may be set, the most general first */
  const pick = (target: string, paths: readonly string[], fallback: SettingValue, origin = DEFAULT_ORIGIN) => {
    let value = fallback;
    let from: ValueOrigin = origin;
    for (const layer of LAYERS) {
      for (const path of paths) {
        const found = newest.get(layerKey(layer, path));
        if (found === undefined) continue;
        value = found.value;
        from = { origin: found.origin, where: path === target ? found.where : `${found.where}, ${path}` };
      }
    }
    origins[target] = from;
    return value;
  };
  const pickTable = (prefix: string, table: Readonly<Record<string, Setting>>) =>
    Object.fromEntries(
      Object.entries(table).map(([name, { default: fallback }]) => [
        name,
        pick(prefix + name, [prefix + name], fallback),
      ]),
    );

  const top = pickTable('', topSettings) as SettingValues<typeof topSettings>;
  const journal = pickTable('journal.', journalSettings) as SettingValues<typeof journalSettings>;
  const risk = pickTable('risk.', riskKnobs) as RiskLimits;
  const keys = pickTable('keys.', keySettings) as SettingValues<typeof keySettings>;
  const market = pickTable('sim.market.', simMarketKnobs) as SimMarketValues;
  const arb = pickTable('bots.arb.', arbSettings) as SettingValues<typeof arbSettings>;
  const instances = Object.fromEntries(
    arb.symbols.map((symbol) => [
      symbol,
      Object.fromEntries(
        (Object.keys(arbKnobs) as (keyof ArbKnobs)[]).map((name) => {
          const target = `bots.arb.${symbol}.${name}`;
          const fallback = arbDefault(symbol, name, top.env, market.feeScale);
          return [name, pick(target, [`bots.arb.${name}`, target], fallback.value, fallback.origin)];
        }),
      ) as ArbKnobs,
    ]),
  );
  return { config: { ...top, journal, risk, keys, bots: { arb: { ...arb, instances } }, sim: { market } }, origins };
}

/** Reason printed wherever the slot's default differs from the bot's own. */
export const OPEN_SLOT_NOTE = 'embedded venues: open all day';

/** An instance's default: the bot's, the symbol's, then what the embedded venues change. */
function arbDefault(
  symbol: string,
  name: keyof ArbKnobs,
  env: NightjarConfig['env'],
  feeScale: number,
): { readonly value: SettingValue; readonly origin: ValueOrigin } {
  const value = arbSymbolDefaults[symbol]?.[name] ?? arbKnobs[name].default;
  // The embedded market has no US open: a demo that trades one hour a day would show nothing.
  if (name === 'slot' && env === 'sim')
    return { value: 'allDay', origin: { origin: 'default', where: OPEN_SLOT_NOTE } };
  const isFee = name === 'cexFeeBps' || name === 'dexFeeBps';
  if (isFee && env === 'sim' && feeScale !== 1) {
    const where = `${value} × sim.market.feeScale ${feeScale}`;
    return { value: Number((Number(value) * feeScale).toFixed(6)), origin: { origin: 'default', where } };
  }
  return { value, origin: DEFAULT_ORIGIN };
}

const layerKey = (layer: OriginKind, path: string) => `${layer} ${path}`;
