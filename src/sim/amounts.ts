/**
 * Balances of the embedded venues as whole units of 1e-12, so that every fill conserves money exactly: the finest
 * product of a tick and a step (OKX BTC, 0.1 × 1e-8) and a fee of it still fit.
 */
export type AmountE12 = bigint;

export const E12 = 1_000_000_000_000n;

/** Amount of a whole or decimal number of currency units. */
export function toE12(amount: number): AmountE12 {
  const [whole = '0', fraction = ''] = amount.toFixed(12).split('.');
  const negative = whole.startsWith('-');
  const magnitude = BigInt(whole.replace('-', '')) * E12 + BigInt(fraction.padEnd(12, '0'));
  return negative ? -magnitude : magnitude;
}

export function fromE12(amount: AmountE12): number {
  return Number(amount) / 1e12;
}

/** Decimal text with up to 12 digits after the point and at least `minDecimals`. */
export function formatE12(amount: AmountE12, minDecimals = 8): string {
  const magnitude = amount < 0n ? -amount : amount;
  let fraction = (magnitude % E12).toString().padStart(12, '0');
  while (fraction.length > minDecimals && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  const sign = amount < 0n ? '-' : '';
  return fraction.length > 0 ? `${sign}${magnitude / E12}.${fraction}` : `${sign}${magnitude / E12}`;
}

/** Parts per ten thousand, rounded up in the venue's favour; `bps` may have three decimals. */
export function feeE12(amount: AmountE12, bps: number): AmountE12 {
  const parts = BigInt(Math.round(bps * 1000));
  return (amount * parts + 9_999_999n) / 10_000_000n;
}

/**
 * Whole number of increments in a decimal text.
 * @returns null when the text is no decimal number or not on the increment
 */
export function parseIncrements(text: string, increment: number): number | null {
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  const count = Number(text) / increment;
  const whole = Math.round(count);
  return Math.abs(count - whole) < 1e-6 * Math.max(1, whole * 1e-6) && Number.isSafeInteger(whole) ? whole : null;
}
