import type { ChoiceKnob, KnobFinding, KnobValues, NumberKnob } from '../../domain/knobs.ts';

const number = (knob: Omit<NumberKnob, 'kind'>): NumberKnob => ({ kind: 'number', ...knob });
const choice = <const T extends string>(knob: Omit<ChoiceKnob<T>, 'kind'>): ChoiceKnob<T> => ({
  kind: 'choice',
  ...knob,
});

/** Every knob of the arbitrage bot with the default of the SOL instance; `arbSymbolDefaults` has what other symbols change. */
export const arbKnobs = {
  nearPx: number({
    unit: 'USDT',
    help: 'price still missing at which a chance counts as near',
    default: 0.05,
    min: 0,
    max: 1000,
    click: 0.005,
  }),
  autoPx: number({
    unit: 'USDT',
    help: 'price still missing at which the bot arms',
    default: 0.015,
    min: 0,
    max: 1000,
    click: 0.005,
  }),
  amount: number({
    unit: 'base',
    help: 'size of the indicative quote; 0 = worth the same as the SOL instance',
    default: 0.8,
    min: 0,
    max: 1e9,
  }),
  ladderNotional: number({ unit: 'USDT', help: 'size of both legs', default: 10, min: 0.01, max: 1e6 }),
  netEdgeMinBps: number({
    unit: 'bps',
    help: 'net edge demanded by preok and last look',
    default: 38,
    min: 0,
    max: 1000,
    click: 1,
  }),
  grossMinBps: number({ unit: 'bps', help: 'gross edge demanded of the top of book', default: 10, min: 0, max: 1000 }),
  preNetMinBps: number({
    unit: 'bps',
    help: 'edge after all worst-case costs demanded of the indicative quote',
    default: 8,
    min: 0,
    max: 1000,
  }),
  cexFeeBps: number({ unit: 'bps', help: 'taker fee of the CEX leg', default: 10, min: 0, max: 200 }),
  dexFeeBps: number({
    unit: 'bps',
    help: 'DEX fee not yet in the quote (0: the quote is net)',
    default: 0,
    min: 0,
    max: 200,
  }),
  slippageBps: number({
    unit: 'bps',
    help: 'tolerance sent to Jupiter, charged once as worst case',
    default: 20,
    min: 0,
    max: 500,
  }),
  chainCostUsd: number({ unit: 'USDT', help: 'base and priority fee of one swap', default: 0.002, min: 0, max: 10 }),
  hitTtlMs: number({
    unit: 'ms',
    help: 'time in which the second hit must follow the first',
    default: 2500,
    min: 100,
    max: 3000,
    click: 500,
  }),
  guardMs: number({
    unit: 'ms',
    help: 'interval of the quote rate guard before 429s widen it',
    default: 1000,
    min: 100,
    max: 60_000,
  }),
  maxAgeMs: number({ unit: 'ms', help: 'oldest book or quote that may decide', default: 1000, min: 50, max: 10_000 }),
  unitMismatchMax: number({
    unit: 'fraction',
    help: 'largest believable distance of DEX and CEX price',
    default: 0.1,
    min: 0.001,
    max: 1,
  }),
  unwindMs: number({
    unit: 'ms',
    help: 'time in which an unbalanced attempt must be flat',
    default: 3000,
    min: 100,
    max: 60_000,
  }),
  slotMinutes: number({
    unit: 'min',
    help: 'half width of the time slot around the US cash open',
    default: 30,
    min: 1,
    max: 720,
  }),
  slot: choice({
    help: 'usOpen: trades only around the US cash open; allDay: always',
    default: 'usOpen',
    options: ['usOpen', 'allDay'],
  }),
  direction: choice({
    help: 'buyDex: buy on the DEX, sell on the CEX; sellDex: the mirror',
    default: 'buyDex',
    options: ['buyDex', 'sellDex'],
  }),
  legOrder: choice({
    help: 'dexFirst: the CEX order leaves when the swap is processed; both: at once',
    default: 'dexFirst',
    options: ['dexFirst', 'both'],
  }),
} as const;

export type ArbKnobs = KnobValues<typeof arbKnobs>;
export type ArbKnobName = keyof typeof arbKnobs;

/** What an instance changes against `arbKnobs`. RAY's `amount` of 0 means: worth the same as SOL's. */
export const arbSymbolDefaults: Readonly<Record<string, Partial<ArbKnobs>>> = {
  SOL: {},
  RAY: { nearPx: 0.03, autoPx: 0.025, amount: 0 },
};

export function chainCostBps(knobs: Pick<ArbKnobs, 'chainCostUsd' | 'ladderNotional'>): number {
  return (knobs.chainCostUsd / knobs.ladderNotional) * 1e4;
}

/** Checks the knobs' stated relations. `path` is the config path of the instance, `price` a rough price for the lines in bp. */
export function checkArbKnobs(path: string, knobs: ArbKnobs, price: number | null): KnobFinding[] {
  const findings: KnobFinding[] = [];
  const costs = knobs.cexFeeBps + knobs.dexFeeBps + chainCostBps(knobs);
  if (costs >= knobs.netEdgeMinBps) {
    findings.push({
      severity: 'refuse',
      path: `${path}.netEdgeMinBps`,
      value: `${knobs.netEdgeMinBps} bps`,
      limit: `more than cexFeeBps + dexFeeBps + chain cost = ${round(costs)} bps`,
      remedy: `raise netEdgeMinBps above ${round(costs)} or lower the fees`,
    });
  }
  if (knobs.autoPx > knobs.nearPx) {
    findings.push({
      severity: 'refuse',
      path: `${path}.autoPx`,
      value: `${knobs.autoPx} USDT`,
      limit: `at most nearPx = ${knobs.nearPx} USDT`,
      remedy: `lower autoPx to ${knobs.nearPx} or raise nearPx`,
    });
  }
  if (price === null) return findings;

  if (knobs.amount > 0 && knobs.ladderNotional > knobs.amount * price) {
    findings.push({
      severity: 'refuse',
      path: `${path}.ladderNotional`,
      value: `${knobs.ladderNotional} USDT`,
      limit: `at most amount × price = ${round(knobs.amount * price)} USDT`,
      remedy: 'lower ladderNotional or raise amount: the indicative quote must cover what is sent',
    });
  }
  const nearBps = (knobs.nearPx / price) * 1e4;
  const autoBps = (knobs.autoPx / price) * 1e4;
  findings.push({
    severity: nearBps > knobs.netEdgeMinBps ? 'warn' : 'info',
    path: `${path}.nearPx`,
    value: `${knobs.nearPx} USDT = ${round(nearBps)} bp of the price; autoPx ${knobs.autoPx} USDT = ${round(autoBps)} bp`,
    limit: `the near line lies at a gross edge of ${round(knobs.netEdgeMinBps - nearBps)} bp`,
    remedy:
      nearBps > knobs.netEdgeMinBps
        ? 'near is reached without any edge: lower nearPx to be told of real chances only'
        : '',
  });
  const dry8Gross = knobs.preNetMinBps + knobs.cexFeeBps + knobs.dexFeeBps + knobs.slippageBps + chainCostBps(knobs);
  findings.push({
    severity: 'info',
    path,
    value: `dry8 demands a gross edge of ${round(dry8Gross)} bp, preok ${round(knobs.netEdgeMinBps)} bp (both before fx)`,
    limit: '',
    remedy: '',
  });
  return findings;
}

const round = (value: number) => Math.round(value * 100) / 100;
