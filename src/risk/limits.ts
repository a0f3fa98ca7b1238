import type { KnobValues, NumberKnob } from '../domain/knobs.ts';

const limit = (knob: Omit<NumberKnob, 'kind'>): NumberKnob => ({ kind: 'number', ...knob });

/**
 * Hard limits: those of the pre-trade gate, and two on how late the core may be. A strategy knob can never widen them.
 * Money is in reportCcy (USDT). The config schema and its documents are made from this table.
 */
export const riskKnobs = {
  maxOrderQty: limit({
    unit: 'base',
    help: 'largest order; what a slipped decimal point meets first',
    default: 100_000,
    min: 0.000_001,
    max: 1e12,
  }),
  maxOrderNotional: limit({ unit: 'USDT', help: 'largest order', default: 1000, min: 0.01, max: 1e9 }),
  maxOpenNotional: limit({
    unit: 'USDT',
    help: 'largest sum over open and unknown orders of one bot',
    default: 2000,
    min: 0.01,
    max: 1e9,
  }),
  maxOpenOrders: limit({ unit: 'orders', help: 'open and unknown orders of one bot', default: 8, min: 1, max: 1000 }),
  maxPositionNotional: limit({
    unit: 'USDT',
    help: 'largest position of one attempt if everything in flight fills, either sign',
    default: 2000,
    min: 0.01,
    max: 1e9,
  }),
  priceCollarBps: limit({
    unit: 'bps',
    help: 'furthest a limit may lie from the last mid, either side',
    default: 300,
    min: 1,
    max: 5000,
  }),
  tradeCollarBps: limit({
    unit: 'bps',
    help: 'furthest a limit may lie from the last own trade, either side',
    default: 500,
    min: 1,
    max: 5000,
  }),
  maxPriceAgeMs: limit({
    unit: 'ms',
    help: 'oldest price that an order may be decided on',
    default: 3000,
    min: 1,
    max: 60_000,
  }),
  duplicateWindowMs: limit({
    unit: 'ms',
    help: 'the same leg of the same attempt is not sent twice within this time',
    default: 200,
    min: 1,
    max: 60_000,
  }),
  maxOrdersPerSecond: limit({ unit: '1/s', help: 'orders sent within a second', default: 10, min: 1, max: 1000 }),
  maxCancelsPerSecond: limit({ unit: '1/s', help: 'cancels sent within a second', default: 20, min: 1, max: 1000 }),
  maxDailyLoss: limit({
    unit: 'USDT',
    help: 'loss of one bot since midnight UTC that closes its permit',
    default: 50,
    min: 0.01,
    max: 1e9,
  }),
  maxDrawdown: limit({
    unit: 'USDT',
    help: 'fall of one bot’s net from its highest point of the run that closes its permit',
    default: 50,
    min: 0.01,
    max: 1e9,
  }),
  maxLoopDelayMs: limit({
    unit: 'ms',
    help: 'event-loop delay of the core (p99, two windows of 5 s in a row) that closes every permit to new risk until it is calm',
    default: 100,
    min: 1,
    max: 60_000,
  }),
  maxJournalLagMs: limit({
    unit: 'ms',
    help: 'age of the oldest row without a commit that closes every permit to new risk until it is calm',
    default: 2000,
    min: 1,
    max: 600_000,
  }),
} as const satisfies Readonly<Record<string, NumberKnob>>;

export type RiskLimits = KnobValues<typeof riskKnobs>;

export const defaultRiskLimits = Object.fromEntries(
  Object.entries(riskKnobs).map(([name, { default: value }]) => [name, value]),
) as RiskLimits;

/** For this one a smaller figure lets more through; of every other a larger one does. */
const LOOSER_WHEN_SMALLER: ReadonlySet<keyof RiskLimits> = new Set(['duplicateWindowMs']);

/** The limits that let more through than the defaults do: named at every start. */
export function loosenedLimits(limits: RiskLimits): (keyof RiskLimits)[] {
  return (Object.keys(riskKnobs) as (keyof RiskLimits)[]).filter((name) =>
    LOOSER_WHEN_SMALLER.has(name) ? limits[name] < riskKnobs[name].default : limits[name] > riskKnobs[name].default,
  );
}
