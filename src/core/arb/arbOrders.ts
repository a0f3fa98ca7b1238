import {
  CEX_VENUES,
  type CexVenue,
  ceilToTicks,
  floorToLots,
  floorToTicks,
  formatIncrements,
  type Instrument,
} from '../../domain/instruments.ts';
import type { Side } from '../../domain/orders.ts';
import { tokenOf } from '../../domain/tokens.ts';
import type { ArbLeg } from '../../machines/arbEvents.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import type { ArbKnobs } from '../../strategies/arb/arbKnobs.ts';
import type { DraftContext, OrderDraft } from '../orderDesk.ts';
import { cexVenueAt } from './arbAttempt.ts';

/** How far an unwinding IOC may pay beyond the best price, bps: being flat is worth more than the last basis points. */
const UNWIND_TOLERANCE_BPS = 50;

export interface LegOrder {
  readonly draft: OrderDraft;
  readonly context: Pick<DraftContext, 'price' | 'minQty' | 'minNotional' | 'parentRemainingQty'>;
  /** Raw price shown for this size. */
  readonly shownPx: number;
}

interface LegBasis {
  readonly bot: string;
  readonly botSlot: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly symbol: string;
  readonly pair: string;
  readonly knobs: ArbKnobs;
  readonly instruments: readonly Instrument[];
}

const identity = (basis: LegBasis, leg: ArbLeg) => ({
  bot: basis.bot,
  botSlot: basis.botSlot,
  epoch: basis.epoch,
  attempt: basis.attempt,
  leg,
  pair: basis.pair,
});

/** The swap that the last look's firm quote promised; null when that quote is incomplete. */
export function dexOrder(basis: LegBasis, lastLook: ArbEvaluation): LegOrder | null {
  const { firmInRaw, firmMinOutRaw, firmContextSlot, dqFirmPx, orderQty } = lastLook;
  if (firmInRaw === null || firmMinOutRaw === null || dqFirmPx === null || orderQty === null) return null;
  const base = tokenOf(basis.symbol);
  const usdc = tokenOf('USDC');
  const buys = basis.knobs.direction === 'buyDex';
  return {
    draft: {
      ...identity(basis, 'dex'),
      venue: 'jupiter',
      side: buys ? 'buy' : 'sell',
      type: 'swap',
      effect: 'opening',
      qty: String(orderQty),
      swap: {
        inputMint: buys ? usdc.mint : base.mint,
        outputMint: buys ? base.mint : usdc.mint,
        inAmountRaw: firmInRaw,
        minOutAmountRaw: firmMinOutRaw,
        slippageBps: basis.knobs.slippageBps,
        contextSlot: firmContextSlot ?? 0,
      },
    },
    context: { price: null, minQty: 0, minNotional: 0, parentRemainingQty: orderQty },
    shownPx: dqFirmPx,
  };
}

/**
 * The CEX leg: an IOC on the venue that gave cb. It flattens what the DEX leg opened, unless both leave at once.
 *
 * @param netBaseQty  what the DEX leg has made; a flattening leg is never a whole step larger
 */
export function cexOrder(basis: LegBasis, lastLook: ArbEvaluation, netBaseQty: number): LegOrder | null {
  const venue = cexVenueAt(lastLook.cbVenue);
  const instrument = basis.instruments.find((one) => one.venue === venue);
  if (instrument === undefined || lastLook.cbPx === null || lastLook.orderQty === null) return null;
  const side: Side = basis.knobs.direction === 'buyDex' ? 'sell' : 'buy';
  const { price, text } = limitPrice(lastLook.cbPx, side, basis.knobs.slippageBps, instrument);
  const both = basis.knobs.legOrder === 'both';
  const plannedLots = Math.round(lastLook.orderQty / instrument.stepSize);
  const heldLots = Math.ceil(Math.abs(netBaseQty) / instrument.stepSize - 1e-9);
  const lots = both ? plannedLots : Math.min(plannedLots, heldLots);
  return {
    draft: {
      ...identity(basis, 'cex'),
      venue: instrument.venue,
      side,
      type: 'ioc',
      effect: both ? 'opening' : 'closing',
      qty: formatIncrements(lots, instrument.stepSize),
      price: text,
    },
    context: {
      price,
      minQty: instrument.minQty,
      minNotional: instrument.minNotional,
      parentRemainingQty: lastLook.orderQty,
    },
    shownPx: lastLook.cbPx,
  };
}

/** An IOC that brings `netBaseQty` towards zero on the best venue whose rules allow the size; null when none does. */
export function unwindOrder(basis: LegBasis, netBaseQty: number, prices: ArbEvaluation): LegOrder | null {
  const side: Side = netBaseQty > 0 ? 'sell' : 'buy';
  const bestPx = side === 'sell' ? prices.bestBidPx : prices.bestAskPx;
  const bestVenue = cexVenueAt(side === 'sell' ? prices.bestBidVenue : prices.bestAskVenue);
  if (bestPx === null) return null;
  const instrument = tradableInstrument(basis.instruments, Math.abs(netBaseQty), bestPx, bestVenue);
  if (instrument === null) return null;
  const { price, text } = limitPrice(bestPx, side, UNWIND_TOLERANCE_BPS, instrument);
  return {
    draft: {
      ...identity(basis, 'unwind'),
      venue: instrument.venue,
      side,
      type: 'ioc',
      effect: 'closing',
      qty: formatIncrements(floorToLots(Math.abs(netBaseQty), instrument.stepSize), instrument.stepSize),
      price: text,
    },
    context: {
      price,
      minQty: instrument.minQty,
      minNotional: instrument.minNotional,
      parentRemainingQty: Math.abs(netBaseQty),
    },
    shownPx: bestPx,
  };
}

/** True when no venue's rules allow an order of this size: what is left is dust. */
export function isDust(netBaseQty: number, midPx: number, instruments: readonly Instrument[]): boolean {
  return tradableInstrument(instruments, Math.abs(netBaseQty), midPx, null) === null;
}

function tradableInstrument(
  instruments: readonly Instrument[],
  qty: number,
  px: number,
  preferred: CexVenue | null,
): Instrument | null {
  const order =
    preferred === null ? [...CEX_VENUES] : [preferred, ...CEX_VENUES.filter((venue) => venue !== preferred)];
  for (const venue of order) {
    const instrument = instruments.find((one) => one.venue === venue);
    if (instrument === undefined) continue;
    const rounded = floorToLots(qty, instrument.stepSize) * instrument.stepSize;
    // The tolerance may lower a sell's limit, and the venue checks its minimum notional at that limit.
    const worstPx = px * (1 - UNWIND_TOLERANCE_BPS / 1e4);
    if (rounded >= instrument.minQty - 1e-12 && rounded > 0 && rounded * worstPx >= instrument.minNotional) {
      return instrument;
    }
  }
  return null;
}

/** The worst price still paid: `toleranceBps` beyond `px`, on the tick, rounded towards being filled. */
function limitPrice(px: number, side: Side, toleranceBps: number, instrument: Instrument) {
  const bound = px * (1 + ((side === 'buy' ? 1 : -1) * toleranceBps) / 1e4);
  const ticks = side === 'buy' ? ceilToTicks(bound, instrument.tickSize) : floorToTicks(bound, instrument.tickSize);
  const text = formatIncrements(ticks, instrument.tickSize);
  return { price: Number(text), text };
}
