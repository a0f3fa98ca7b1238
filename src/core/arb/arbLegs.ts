import type { Logger } from '../../domain/ports.ts';
import type { ArbLeg, LegFate } from '../../machines/arbEvents.ts';
import type { ArbEvaluation } from '../../strategies/arb/arbEvaluation.ts';
import type { DeskOrder, OrderDesk, OrderFate } from '../orderDesk.ts';
import type { RecoveredOrder } from '../recovery/recoveredState.ts';
import type { RowWriter } from '../rowWriter.ts';
import type { ArbBotConfig } from './arbBotTypes.ts';
import type { ArbLedger } from './arbLedger.ts';
import { cexOrder, dexOrder, type LegOrder, unwindOrder } from './arbOrders.ts';

/** The orders of one bot: sizes and sends a leg of the open attempt, and hears what became of it. */
export interface ArbLegs {
  /** @param epoch  incarnation of the chart that wants it */
  send(leg: ArbLeg, epoch: number): void;
  /** Fresh prices for the next unwinding order. */
  priceUnwind(prices: ArbEvaluation): void;
  /** Orders of a dead core, so that their late fills meet the price they were decided at. */
  restore(orders: readonly RecoveredOrder[]): void;
}

export interface ArbLegsDeps {
  readonly config: ArbBotConfig;
  readonly desk: OrderDesk;
  readonly ledger: ArbLedger;
  readonly rows: RowWriter;
  readonly log: Logger;
  nowMs(): number;
  slotOpen(): boolean;
  /** A leg has its fate. */
  onLegDone(leg: ArbLeg, fate: LegFate): void;
  /** After that, when the fate is a venue's. */
  onProven(): void;
}

export function createArbLegs(deps: ArbLegsDeps): ArbLegs {
  const { config, desk, ledger, rows, log } = deps;
  const { id, symbol, knobs, instruments } = config;
  const name = id.replace(/^bot:/, '');
  const legOfOrder = new Map<string, { readonly leg: ArbLeg; readonly shownPx: number }>();
  let unwindPrices: ArbEvaluation | null = null;

  desk.register(id, {
    onFill(order: DeskOrder, fill) {
      const leg = legOfOrder.get(order.intent.clientOrderId);
      ledger.applyFill(order.intent.leg, fill, leg?.shownPx ?? fill.price);
    },
    onChainFee: (_order, feeSol) => ledger.openAttempt()?.addChainFee(feeSol),
    onDone(order: DeskOrder, fate: OrderFate, detail: string) {
      legOfOrder.delete(order.intent.clientOrderId);
      if (fate !== 'filled') {
        log.log('info', 'order', `${name} ${order.intent.leg} order ended without a fill: ${detail}`, {
          clientOrderId: order.intent.clientOrderId,
        });
      }
      deps.onLegDone(order.intent.leg, fate);
      deps.onProven();
    },
  });

  return {
    send(leg, epoch) {
      const attempt = ledger.openAttempt();
      if (attempt === null) return deps.onLegDone(leg, 'risk');
      const basis = {
        ...{ bot: id, botSlot: config.slot, epoch, attempt: attempt.number },
        ...{ symbol, pair: config.pair, knobs, instruments },
      };
      const order: LegOrder | null =
        leg === 'dex'
          ? dexOrder(basis, attempt.lastLook)
          : leg === 'cex'
            ? cexOrder(basis, attempt.lastLook, attempt.netBaseQty())
            : unwindPrices === null
              ? null
              : unwindOrder(basis, attempt.netBaseQty(), unwindPrices);
      if (order === null) return deps.onLegDone(leg, 'risk');
      const prices = leg === 'unwind' ? unwindPrices! : attempt.lastLook;
      const result = desk.submit(order.draft, {
        ...order.context,
        midPx: prices.compositeMidPx ?? prices.midPx,
        // The CEX leg of dexFirst leaves when the swap is proven, seconds after its price: its limit bounds it instead.
        priceAgeMs: leg === 'cex' ? 0 : prices.evaluatedAtMs === null ? null : deps.nowMs() - prices.evaluatedAtMs,
        // Two venues may cross each other, that is the chance; one venue that crosses itself prices nothing.
        bookCrossed:
          prices.bestBidVenue === prices.bestAskVenue && (prices.bestBidPx ?? 0) >= (prices.bestAskPx ?? Infinity),
        instrument: instruments.find(({ venue }) => venue === order.draft.venue) ?? null,
        positionQty: attempt.netBaseQty(),
        sessionOpen: deps.slotOpen(),
      });
      if ('refused' in result) {
        const { reason } = result.refused;
        log.log('warn', 'risk', `${name} ${leg} order refused: ${reason}`, { ...result.refused });
        deps.onLegDone(leg, reason === 'permit' || reason === 'killed' ? 'permit' : 'risk');
        return;
      }
      const { clientOrderId } = result;
      legOfOrder.set(clientOrderId, { leg, shownPx: order.shownPx });
      rows.write('decisions', id, 'order.sent', {
        ...{ clientOrderId, attempt: attempt.number, leg, shownPx: order.shownPx },
      });
    },
    priceUnwind(prices) {
      unwindPrices = prices;
    },
    restore(orders) {
      for (const { intent, shownPx } of orders) {
        if (shownPx !== null) legOfOrder.set(intent.clientOrderId, { leg: intent.leg, shownPx });
      }
    },
  };
}
