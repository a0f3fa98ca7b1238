import { decimalsOf, type Instrument } from '../domain/instruments.ts';

/** Decimal text of one instrument's prices and quantities; frames are built from these rather than by JSON.stringify. */
export interface WireText {
  price(tick: number): string;
  qty(lots: number): string;
  /** `["152.40","1.5"],…` with `tail` after each quantity, such as `,"0","1"`. */
  levels(levels: readonly (readonly [tick: number, lots: number])[], tail?: string): string;
}

const cache = new Map<Instrument, WireText>();

export function wireTextOf(instrument: Instrument): WireText {
  let text = cache.get(instrument);
  if (text === undefined) {
    text = createWireText(instrument);
    cache.set(instrument, text);
  }
  return text;
}

function createWireText({ tickSize, stepSize }: Instrument): WireText {
  const priceDecimals = decimalsOf(tickSize);
  const qtyDecimals = decimalsOf(stepSize);
  const price = (tick: number) => (tick * tickSize).toFixed(priceDecimals);
  const qty = (lots: number) => (lots === 0 ? '0' : (lots * stepSize).toFixed(qtyDecimals));
  return {
    price,
    qty,
    levels(levels, tail = '') {
      let text = '';
      for (const [tick, lots] of levels) {
        text += `${text === '' ? '' : ','}["${price(tick)}","${qty(lots)}"${tail}]`;
      }
      return text;
    },
  };
}
