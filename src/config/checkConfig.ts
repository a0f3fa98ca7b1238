import { CEX_VENUES } from '../domain/instruments.ts';
import type { KnobFinding } from '../domain/knobs.ts';
import { loosenedLimits, type RiskLimits, riskKnobs } from '../risk/limits.ts';
import { checkArbKnobs } from '../strategies/arb/arbKnobs.ts';
import { checkLoad, type PlannedMarkets } from '../venues/ratePlan.ts';
import { type ConfigOrigins, type NightjarConfig, OPEN_SLOT_NOTE } from './resolveSettings.ts';

/** What this version can do; anything else would trade as if it were `live` on `sim`, so it is refused instead. */
const SUPPORTED = { mode: ['live'], env: ['sim'] } as const;

/**
 * Checks the relations between settings, each of which is inside its own limits already.
 *
 * @param prices  rough price per symbol, USDT; the relations that need one are skipped where it is missing
 * @param minNotionals  the largest minimum order of the venues per symbol, USDT
 */
export function checkConfig(
  config: NightjarConfig,
  origins: ConfigOrigins,
  prices: Readonly<Record<string, number>> = {},
  minNotionals: Readonly<Record<string, number>> = {},
): KnobFinding[] {
  const findings: KnobFinding[] = [];
  for (const name of ['mode', 'env'] as const) {
    const supported: readonly string[] = SUPPORTED[name];
    if (supported.includes(config[name])) continue;
    findings.push({
      severity: 'refuse',
      path: name,
      value: config[name],
      limit: `only ${supported.join(', ')} in this version`,
      remedy: `set ${name} to ${supported[0]}: it trades on the embedded venues, no money moves`,
    });
  }
  for (const [symbol, knobs] of Object.entries(config.bots.arb.instances)) {
    const path = `bots.arb.${symbol}`;
    findings.push(...checkArbKnobs(path, knobs, prices[symbol] ?? null));
    if (symbol === 'SOL' && knobs.amount === 0) {
      findings.push({
        severity: 'refuse',
        path: `${path}.amount`,
        value: '0 SOL',
        limit: 'more than 0: the other instances take their size from it',
        remedy: 'set an amount such as 0.8',
      });
    }
    const minNotional = minNotionals[symbol] ?? 0;
    if (knobs.ladderNotional < minNotional) {
      findings.push({
        severity: 'refuse',
        path: `${path}.ladderNotional`,
        value: `${knobs.ladderNotional} USDT`,
        limit: `at least the largest minimum order of its venues = ${minNotional} USDT`,
        remedy: `raise ladderNotional to ${minNotional}: a smaller leg would be refused after the other has filled`,
      });
    }
    if (knobs.ladderNotional > config.bots.arb.maxNotional) {
      findings.push({
        severity: 'refuse',
        path: `${path}.ladderNotional`,
        value: `${knobs.ladderNotional} USDT`,
        limit: `at most bots.arb.maxNotional = ${config.bots.arb.maxNotional} USDT`,
        remedy: `lower ladderNotional to ${config.bots.arb.maxNotional} or raise maxNotional (MAX_NOTIONAL)`,
      });
    }
    if (knobs.ladderNotional > config.risk.maxOrderNotional) {
      findings.push({
        severity: 'refuse',
        path: `${path}.ladderNotional`,
        value: `${knobs.ladderNotional} USDT`,
        limit: `at most risk.maxOrderNotional = ${config.risk.maxOrderNotional} USDT`,
        remedy: 'lower ladderNotional or raise the hard limit: the gate would refuse every order',
      });
    }
    if (origins[`${path}.slot`]?.where === OPEN_SLOT_NOTE) {
      findings.push({
        severity: 'info',
        path: `${path}.slot`,
        value: 'allDay',
        limit: `${OPEN_SLOT_NOTE}, not only around the US cash open`,
        remedy: 'set bots.arb.slot to usOpen to trade as on the real venues',
      });
    }
  }
  findings.push(...checkLoad(marketsOf(config)));
  findings.push(...loosened(config.risk), ...acceptedRisks(config.keys.acceptRisks));
  return findings;
}

/** The markets whose books are kept: those traded, and the two that give fx and the price of chain fees. */
export function marketsOf(config: Pick<NightjarConfig, 'bots'>): readonly PlannedMarkets[] {
  const symbols = new Set([...Object.keys(config.bots.arb.instances), 'SOL', 'USDC']);
  return CEX_VENUES.map((venue) => ({ venue, spot: symbols.size, perpetuals: 0 }));
}

/** A risk that somebody took on must not be forgotten. */
function acceptedRisks(risks: readonly string[]): KnobFinding[] {
  if (risks.length === 0) return [];
  const limit = 'keys with these risks are used all the same';
  const remedy = 'make keys that trade spot alone, bound to your addresses, and remove it';
  return [{ severity: 'warn', path: 'keys.acceptRisks', value: risks.join(', '), limit, remedy }];
}

/** A hard limit that lets more through than its default is no mistake, and nothing to overlook either. */
function loosened(limits: RiskLimits): KnobFinding[] {
  return loosenedLimits(limits).map((name) => {
    const { unit, default: usual } = riskKnobs[name];
    return {
      severity: 'warn',
      path: `risk.${name}`,
      value: `${limits[name]} ${unit}`,
      limit: `lets more through than its default of ${usual} ${unit}`,
      remedy: 'remove it unless that is what you want',
    };
  });
}

/** Settings for a symbol that does not run are checked, kept out of the run, and named. */
export function unusedSymbolFindings(paths: readonly string[], symbols: readonly string[]): KnobFinding[] {
  const unused = paths.filter((path) => {
    const symbol = /^bots\.arb\.([A-Z0-9]+)\./.exec(path)?.[1];
    return symbol !== undefined && !symbols.includes(symbol);
  });
  return [...new Set(unused)].map((path) => ({
    severity: 'warn',
    path,
    value: 'set',
    limit: `without effect: bots.arb.symbols is [${symbols.join(', ')}]`,
    remedy: 'add the symbol to bots.arb.symbols or remove the setting',
  }));
}
