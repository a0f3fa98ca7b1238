/** Hard limits of the pre-trade gate. A strategy knob can never widen them. */
export interface RiskLimits {
  /** Largest order, reportCcy. */
  readonly maxOrderNotional: number;
  /** Largest sum over open orders of one bot, reportCcy. */
  readonly maxOpenNotional: number;
  readonly maxOpenOrders: number;
  /** Furthest a limit may lie on the paying side of the last mid, bps. */
  readonly priceCollarBps: number;
  /** Oldest price that an order may be decided on, ms. */
  readonly maxPriceAgeMs: number;
  /** The same leg of the same attempt may not be sent twice within this window, ms. */
  readonly duplicateWindowMs: number;
  readonly maxOrdersPerSecond: number;
  /** Realised loss of one bot since the start of the run that closes its permit, reportCcy. */
  readonly maxLoss: number;
}

export const defaultRiskLimits: RiskLimits = {
  maxOrderNotional: 1000,
  maxOpenNotional: 2000,
  maxOpenOrders: 8,
  priceCollarBps: 300,
  maxPriceAgeMs: 3000,
  duplicateWindowMs: 200,
  maxOrdersPerSecond: 10,
  maxLoss: 50,
};
