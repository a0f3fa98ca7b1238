import type { OrderIntent, OrderReport } from '../domain/orders.ts';
import { EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import type { KernelTestbed } from './kernelTestbed.ts';

/** Requests of one kind that the kernel has sent to its lane, oldest first. */
export const askedOfLane = (bed: KernelTestbed, type: 'lastLook' | 'prices'): number[] =>
  bed.commands.flatMap((command) =>
    command.type === 'lane.send' && command.message.type === type ? [command.message.requestId] : [],
  );

export const intentsOf = (bed: KernelTestbed): OrderIntent[] =>
  bed.rowsOf('intents', 'order.place').map(({ payload }) => payload as OrderIntent);

/** Two hits: the last look is asked for. */
export function hitTwice(bed: KernelTestbed): void {
  bed.signal();
  bed.pass(50);
  bed.signal();
}

export function answerLastLook(bed: KernelTestbed): void {
  bed.signal({ kind: EvaluationKind.lastLook, requestId: askedOfLane(bed, 'lastLook').at(-1)! });
}

/** Answers every price request so far; one that was answered before is nobody's. */
export function answerPrices(bed: KernelTestbed, compositeMidPx = 150.015): void {
  for (const requestId of askedOfLane(bed, 'prices')) {
    bed.signal({ kind: EvaluationKind.prices, requestId, compositeMidPx });
  }
}

export function fire(bed: KernelTestbed): void {
  hitTwice(bed);
  answerLastLook(bed);
}

/** The venue's word that this order filled whole, as one trade. */
export function filledReport(intent: OrderIntent, price: number, qty = Number(intent.qty)): OrderReport {
  const { clientOrderId, venue, pair, side } = intent;
  const fill = { tradeId: `t-${clientOrderId}`, clientOrderId, venue, pair, side, price, qty };
  return {
    ...{ clientOrderId, venueOrderId: `v-${clientOrderId}`, status: 'filled', filledQty: qty, avgPrice: price },
    ...{ fills: [{ ...fill, fee: 0, feeCurrency: venue === 'jupiter' ? 'SOL' : 'USDT', venueTimeMs: 0 }] },
    venueTimeMs: 0,
  };
}

export function fillWhole(bed: KernelTestbed, intent: OrderIntent, price: number): void {
  const report = filledReport(intent, price);
  bed.send({
    type: 'order.placed',
    clientOrderId: intent.clientOrderId,
    answer: { outcome: 'confirmed', report, raw: null },
  });
}

/** A whole trade: buys at 149.10 on the DEX, sells on the CEX at this price, closes its books. */
export function trade(bed: KernelTestbed, sellPx: number): void {
  fire(bed);
  fillWhole(bed, intentsOf(bed).at(-1)!, 149.1);
  fillWhole(bed, intentsOf(bed).at(-1)!, sellPx);
  answerPrices(bed);
}
