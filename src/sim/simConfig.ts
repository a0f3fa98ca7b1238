import { NightjarError } from '../domain/errors.ts';
import type { NumberKnob } from '../domain/knobs.ts';

/** A knob that is on or off. */
export interface BooleanKnob {
  readonly kind: 'boolean';
  readonly help: string;
  readonly default: boolean;
}

const number = (knob: Omit<NumberKnob, 'kind'>): NumberKnob => ({ kind: 'number', ...knob });
const boolean = (knob: Omit<BooleanKnob, 'kind'>): BooleanKnob => ({ kind: 'boolean', ...knob });

/** Every knob of the embedded market, under the config path `sim.market.<name>`. */
export const simMarketKnobs = {
  dexLag: boolean({
    help: 'the DEX pool lags the CEXes and is dislocated now and then; off = it follows them at once and no chance exists',
    default: true,
  }),
  feeScale: number({ unit: 'times', help: "scales the venues' trading fees", default: 1, min: 0, max: 100 }),
  dexFeeBps: number({ unit: 'bps', help: 'fee inside the DEX quote (best route)', default: 2, min: 0, max: 100 }),
  dexDepthUsd: number({
    unit: 'USDC',
    help: 'notional that moves the DEX price by 100 %; impact is linear in it',
    default: 2_000_000,
    min: 1000,
    max: 1e12,
  }),
  episodeGapMs: number({
    unit: 'ms',
    help: 'mean time between the starts of two DEX dislocations of one token',
    default: 13_000,
    min: 2000,
    max: 3_600_000,
  }),
  cheapShare: number({
    unit: 'fraction',
    help: 'share of the dislocations in which the DEX is cheap: chances of direction buyDex; the others are of sellDex',
    default: 0.7,
    min: 0,
    max: 1,
  }),
  swapDropShare: number({
    unit: 'fraction',
    help: 'share of swaps that never land and expire after 60 s, their bot waiting for that proof',
    default: 0,
    min: 0,
    max: 1,
  }),
  chain: boolean({
    help: 'swaps are signed transactions on an embedded Solana chain (litesvm, in a process of its own; wall clock only); off = the simulator settles them itself',
    default: false,
  }),
  quotesPerSecond: number({
    unit: 'requests/s',
    help: 'refill of the quote rate limit; above it 429',
    default: 8,
    min: 0.1,
    max: 10_000,
  }),
  quoteBurst: number({
    unit: 'requests',
    help: 'size of the quote rate limit bucket',
    default: 24,
    min: 1,
    max: 10_000,
  }),
  volatility: number({
    unit: 'times',
    help: 'scales the moves of the fair prices; 1 = 4 to 6 bps at the 99th percentile of one second',
    default: 1,
    min: 0,
    max: 50,
  }),
  ackDelayMs: number({
    unit: 'ms',
    help: 'time in which Bybit has acknowledged an order that its engine has not seen yet',
    default: 5,
    min: 0,
    max: 10_000,
  }),
} as const;

export type SimMarketKnobName = keyof typeof simMarketKnobs;

export type SimMarketConfig = {
  readonly [Name in SimMarketKnobName]: (typeof simMarketKnobs)[Name] extends BooleanKnob ? boolean : number;
};

/** What the accounts hold when the world begins; whole units of the asset. */
export interface SimBalances {
  /** Per centralised venue. */
  readonly cex: Readonly<Record<string, number>>;
  readonly dex: Readonly<Record<'SOL' | 'RAY' | 'USDC', number>>;
}

export interface SimConfig {
  readonly market: SimMarketConfig;
  readonly balances: SimBalances;
}

export const defaultSimConfig: SimConfig = {
  market: Object.fromEntries(
    Object.entries(simMarketKnobs).map(([name, knob]) => [name, knob.default]),
  ) as unknown as SimMarketConfig,
  balances: {
    cex: { USDT: 100_000, USDC: 20_000, SOL: 500, RAY: 30_000, BTC: 2 },
    dex: { SOL: 200, RAY: 10_000, USDC: 50_000 },
  },
};

const PREFIX = 'sim.market.';

/**
 * `config` with one knob changed, as `--set sim.market.<knob>=<value>` asks.
 * @throws NightjarError config.invalid naming path, value, limit and remedy
 */
export function applySimSetting(config: SimConfig, path: string, text: string): SimConfig {
  const name = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : '';
  if (!Object.hasOwn(simMarketKnobs, name)) {
    const known = Object.keys(simMarketKnobs).map((knob) => PREFIX + knob);
    throw new NightjarError('config.invalid', `unknown setting ${path}; known: ${known.join(', ')}`, { path });
  }
  const value = parseKnob(path, simMarketKnobs[name as SimMarketKnobName], text);
  return { ...config, market: { ...config.market, [name]: value } };
}

function parseKnob(path: string, knob: NumberKnob | BooleanKnob, text: string): number | boolean {
  if (knob.kind === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new NightjarError('config.invalid', `${path} = "${text}": give true or false`, { path, value: text });
  }
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= knob.min && value <= knob.max) return value;
  throw new NightjarError(
    'config.invalid',
    `${path} = "${text}": give a number from ${knob.min} to ${knob.max} ${knob.unit}`,
    { path, value: text, limit: `${knob.min} to ${knob.max}` },
  );
}
