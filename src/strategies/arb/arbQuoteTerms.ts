import { decimalsOf, type Instrument, qtyFromNotional } from '../../domain/instruments.ts';
import { type Token, tokenOf } from '../../domain/tokens.ts';
import type { ArbKnobs } from './arbKnobs.ts';

/** What to ask of the DEX, ExactIn; the amount in whole raw units of the input token. */
export interface QuoteTerms {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amountRaw: number;
}

/**
 * Terms under which about `baseQty` is bought (USDC in) or exactly `baseQty` is sold (base in).
 *
 * @param usdcPx  USDC per base, the price at which the input of a purchase is sized; unused for sellDex
 */
export function quoteTerms(direction: ArbKnobs['direction'], base: Token, baseQty: number, usdcPx: number): QuoteTerms {
  const usdc = tokenOf('USDC');
  return direction === 'buyDex'
    ? { inputMint: usdc.mint, outputMint: base.mint, amountRaw: toRaw(baseQty * usdcPx, usdc) }
    : { inputMint: base.mint, outputMint: usdc.mint, amountRaw: toRaw(baseQty, base) };
}

/** USDC per base of a quote with these raw amounts: in ÷ out for buyDex, out ÷ in for sellDex. */
export function dexPx(direction: ArbKnobs['direction'], base: Token, inRaw: number, outRaw: number): number {
  const usdcRaw = direction === 'buyDex' ? inRaw : outRaw;
  const baseRaw = direction === 'buyDex' ? outRaw : inRaw;
  return usdcRaw / 10 ** tokenOf('USDC').decimals / (baseRaw / 10 ** base.decimals);
}

/** The rules of one order size that every venue of the pair accepts: the largest step, minimum quantity and minimum notional. */
export function coarsestRules(
  instruments: readonly Pick<Instrument, 'stepSize' | 'minQty' | 'minNotional'>[],
): Pick<Instrument, 'stepSize' | 'minQty' | 'minNotional'> {
  let [stepSize, minQty, minNotional] = [0, 0, 0];
  for (const rules of instruments) {
    // Steps are powers of ten on the venues; where one is not, only a common multiple suits all.
    stepSize = stepSize === 0 ? rules.stepSize : commonStep(stepSize, rules.stepSize);
    minQty = Math.max(minQty, rules.minQty);
    minNotional = Math.max(minNotional, rules.minNotional);
  }
  return { stepSize, minQty, minNotional };
}

/**
 * Base quantity of both legs; NaN while there is no price. A venue checks its minimum notional at the order's limit,
 * which lies `slippageBps` under the price for a sale: the quantity is large enough for that.
 */
export function arbOrderQty(
  price: number,
  ladderNotional: number,
  rules: ReturnType<typeof coarsestRules>,
  slippageBps: number,
): number {
  if (!(price > 0 && rules.stepSize > 0)) return Number.NaN;
  // One tick of rounding lies under the limit as well: a basis point covers it.
  const minNotional = rules.minNotional / (1 - (slippageBps + 1) / 1e4);
  return qtyFromNotional(price, ladderNotional, { ...rules, minNotional });
}

function toRaw(amount: number, token: Token): number {
  return Math.max(1, Math.round(amount * 10 ** token.decimals));
}

/** Least common multiple of two decimal increments. */
function commonStep(a: number, b: number): number {
  const decimals = Math.max(decimalsOf(a), decimalsOf(b));
  const [x, y] = [Math.round(a * 10 ** decimals), Math.round(b * 10 ** decimals)];
  let [larger, smaller] = [x, y];
  while (smaller > 0) [larger, smaller] = [smaller, larger % smaller];
  return Number((((x / larger) * y) / 10 ** decimals).toFixed(decimals));
}
