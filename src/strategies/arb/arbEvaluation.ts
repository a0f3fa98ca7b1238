/**
 * The numbers of one arbitrage evaluation, as they cross from the lane to the core in shared memory.
 * Prices are quote per base, raw (USDT on the CEX, USDC on the DEX), times are epoch ms, NaN = undefined.
 * "near side" is the CEX side that we would trade: bids for buyDex, asks for sellDex.
 */
export const ARB_EVALUATION_FIELDS = [
  /** `EvaluationKind` */
  'kind',
  /** Index of the bot, as in its permit latch. */
  'botSlot',
  /** Rising number of this record in its lane incarnation. */
  'laneSeq',
  /** Receive time of the quote or book change that opened the evaluation. */
  'beganAtMs',
  /** When the lane finished judging. */
  'evaluatedAtMs',
  /** `EvaluationTrigger` */
  'trigger',
  /** The core's request number for a last look, else 0. */
  'requestId',
  /** Rising number of the indicative quote that this evaluation used; 0 = none yet. */
  'quoteId',
  /** Rising number of the firm quote; 0 = none was asked. */
  'firmQuoteId',
  /** `EvaluationFlag` bits. */
  'flags',
  /** Best displayed price of the near side over the venues, and the venue's index in CEX_VENUES (NaN = none). */
  'cbTopPx',
  'cbTopVenue',
  /** Best VWAP of the near side that absorbs the whole ladder notional; NaN where no venue does. */
  'cbPx',
  'cbVenue',
  /** DEX price from the indicative quote (size `amount`). */
  'dqPx',
  /** DEX price from the firm quote (size sent). */
  'dqFirmPx',
  /** (USDT per USDC − 1) × 1e4. */
  'fxBps',
  /** Mid of the venue that gave cb (else cbTop). */
  'midPx',
  /** Mean of the live venues' mids: one composite mid for both legs of the ledger. */
  'compositeMidPx',
  /** Best top of book on both sides over the live venues, for unwinding. */
  'bestBidPx',
  'bestBidVenue',
  'bestAskPx',
  'bestAskVenue',
  /** Age of the oldest book used, and of the indicative quote, on our own clock. */
  'bookAgeMs',
  'quoteAgeMs',
  /** The firm quote's raw integer amounts. */
  'firmInRaw',
  'firmOutRaw',
  'firmMinOutRaw',
  'firmContextSlot',
  /** Base quantity of both legs, a whole number of the coarsest step of the venues. */
  'orderQty',
  /** Composite mid of SOL/USDT, in which chain fees are valued; NaN when the lane has no SOL book. */
  'solMidPx',
  /** Quote interval of the rate guard at this moment. */
  'guardIntervalMs',
] as const;

export type ArbEvaluationField = (typeof ARB_EVALUATION_FIELDS)[number];

/** Undefined numbers are null here: this object is journalled as JSON and must come back the same. */
export type ArbEvaluation = { readonly [Field in ArbEvaluationField]: number | null };

export const EvaluationKind = {
  /** A chance judged to its end: the core counts it. */
  look: 1,
  /** Answer to the core's last-look request. */
  lastLook: 2,
  /** Not a look: the missing price rose above a line; ends or lowers an episode. */
  recede: 3,
  /** Not a look: prices on request, for unwinding and marking. */
  prices: 4,
} as const;

export const EvaluationTrigger = { quote: 1, crossedNear: 2, crossedAuto: 3, crossedZero: 4, request: 5 } as const;

export const EvaluationFlag = {
  /** A book, the fx book or the quote is older than maxAgeMs, or missing. */
  stale: 1,
  /** The rate guard held the needed quote back. */
  rateGuard: 2,
  /** The firm quote was asked and failed or timed out. */
  firmFailed: 4,
} as const;

/** Number of float64 words of one record. */
export const ARB_EVALUATION_WORDS = ARB_EVALUATION_FIELDS.length;

export function encodeArbEvaluation(evaluation: ArbEvaluation, target: Float64Array, offset: number): void {
  for (let i = 0; i < ARB_EVALUATION_WORDS; i += 1) {
    target[offset + i] = evaluation[ARB_EVALUATION_FIELDS[i]!] ?? Number.NaN;
  }
}

export function decodeArbEvaluation(source: Float64Array, offset: number): ArbEvaluation {
  const evaluation = {} as Record<ArbEvaluationField, number | null>;
  for (let i = 0; i < ARB_EVALUATION_WORDS; i += 1) {
    const value = source[offset + i]!;
    evaluation[ARB_EVALUATION_FIELDS[i]!] = Number.isFinite(value) ? value : null;
  }
  return evaluation;
}
