import assert from 'node:assert/strict';
import { soundOrder } from '../src/risk/limitProbes.ts';
import { defaultRiskLimits } from '../src/risk/limits.ts';
import { checkOrder } from '../src/risk/preTradeGate.ts';
import { type BenchSection, median } from './section.ts';

const ORDERS = 20_000;
const ROUNDS = 9;
const WARM_UPS = 2;
/** What one order may cost at the gate, 99th percentile. */
const LIMIT_US = 50;

/** One round: every order on its own clock reading, so that the slow ones are seen. @returns microseconds, sorted */
function runRound(): Float64Array {
  const sound = soundOrder(defaultRiskLimits);
  const tookUs = new Float64Array(ORDERS);
  let passed = 0;
  for (let i = 0; i < ORDERS; i += 1) {
    // A fresh object per order, as the desk makes one; every check runs, since none refuses.
    const order = { ...sound, priceAgeMs: i % 20, openOrders: i % 8, nowMs: sound.nowMs + i };
    const startMs = performance.now();
    if (checkOrder(order, defaultRiskLimits) === null) passed += 1;
    tookUs[i] = (performance.now() - startMs) * 1000;
  }
  assert.equal(passed, ORDERS);
  return tookUs.sort();
}

/** What every check of the pre-trade gate together costs one order that passes them all. */
export const riskGateSection: BenchSection = {
  title: 'Pre-trade gate: every check on one order, against the limit of 50 µs at p99',
  async run() {
    for (let round = 0; round < WARM_UPS; round += 1) runRound();
    const rounds = Array.from({ length: ROUNDS }, runRound);
    const at = (share: number) => rounds.map((tookUs) => tookUs[Math.floor(ORDERS * share)]!);
    const p99Us = at(0.99);
    const ratios = p99Us.map((us) => LIMIT_US / us);
    const row = {
      name: 'limit / p99 of one order',
      ratio: LIMIT_US / median(p99Us),
      spread: [Math.min(...ratios), Math.max(...ratios)] as const,
      floor: 1,
      absolutes: `p50 ${median(at(0.5)).toFixed(2)} µs, p99 ${median(p99Us).toFixed(2)} µs against ${LIMIT_US} µs`,
    };
    return {
      rows: [row],
      notes: [`${ORDERS} orders a round, none refused; the reading of the clock is in the figures`],
    };
  },
};
