/** Hard limits of the pre-trade gate. A strategy knob can never widen them. */
export interface RiskLimits {
  /** Largest order, base currency; what a slipped decimal point meets first. */
  readonly maxOrderQty: number;
  /** Largest order, reportCcy. */
  readonly maxOrderNotional: number;
  /** Largest sum over open and unknown orders of one bot, reportCcy. */
  readonly maxOpenNotional: number;
  readonly maxOpenOrders: number;
  /** Largest position of one attempt if everything in flight fills, either sign, reportCcy. */
  readonly maxPositionNotional: number;
  /** Furthest a limit may lie from the last mid, either side, bps. */
  readonly priceCollarBps: number;
  /** Furthest a limit may lie from the last trade, either side, bps. */
  readonly tradeCollarBps: number;
  /** Oldest price that an order may be decided on, ms. */
  readonly maxPriceAgeMs: number;
  /** The same leg of the same attempt may not be sent twice within this window, ms. */
  readonly duplicateWindowMs: number;
  readonly maxOrdersPerSecond: number;
  readonly maxCancelsPerSecond: number;
  /** Loss of one bot since midnight UTC that closes its permit, reportCcy. */
  readonly maxDailyLoss: number;
  /** Fall of one bot's net from its highest point of the run that closes its permit, reportCcy. */
  readonly maxDrawdown: number;
}

export const defaultRiskLimits: RiskLimits = {
  maxOrderQty: 100_000,
  maxOrderNotional: 1000,
  maxOpenNotional: 2000,
  maxOpenOrders: 8,
  maxPositionNotional: 2000,
  priceCollarBps: 300,
  tradeCollarBps: 500,
  maxPriceAgeMs: 3000,
  duplicateWindowMs: 200,
  maxOrdersPerSecond: 10,
  maxCancelsPerSecond: 20,
  maxDailyLoss: 50,
  maxDrawdown: 50,
};
