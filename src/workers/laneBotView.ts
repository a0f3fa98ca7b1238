import { tokenOf } from '../domain/tokens.ts';
import type { EpochMs } from '../domain/units.ts';
import { type ArbEvaluation, EvaluationFlag, EvaluationKind } from '../strategies/arb/arbEvaluation.ts';
import { type DirectionSign, directionSign, needDeltaPx } from '../strategies/arb/arbFormulas.ts';
import { arbOrderQty, coarsestRules, dexPx, quoteTerms } from '../strategies/arb/arbQuoteTerms.ts';
import type { QuoteRequest } from '../venues/jupiter/quote.ts';
import type { SpotFeed } from '../venues/venueFeed.ts';
import type { LaneArbBot } from './laneMessages.ts';
import { createLanePricer } from './lanePricer.ts';
import type { ReceivedQuote } from './laneQuotes.ts';

/** What makes a record besides the market: its kind, what opened it and when. */
export interface Occasion {
  /** `EvaluationKind` */
  readonly kind: number;
  /** `EvaluationTrigger` */
  readonly trigger: number;
  readonly beganAtMs: EpochMs;
  readonly requestId: number;
}

/** A firm quote with the base quantity that it was asked for. */
export interface FirmAnswer {
  readonly quote: ReceivedQuote | null;
  readonly orderQty: number;
  readonly firmQuoteId: number;
}

export interface LaneBotViewDeps {
  readonly bot: LaneArbBot;
  readonly feeds: readonly SpotFeed[];
  readonly fxFeeds: readonly SpotFeed[];
  readonly nowMs: () => EpochMs;
  /** Composite SOL mid, NaN when unknown. */
  readonly solMidPx: () => number;
  /** Size of the SOL instance's quote, base: what `amount` 0 is worth the same as. */
  readonly solAmount: number;
  readonly guardIntervalMs: () => number;
  /** The next quote is under way: what is too old meanwhile is not the guard's fault. */
  readonly polling: () => boolean;
  readonly nextLaneSeq: () => number;
}

/** All that one bot sees of its market: the CEX books priced, the newest quote, and the numbers that follow from both. */
export interface LaneBotView {
  readonly sign: DirectionSign;
  /** Prices every book anew; allocates nothing. */
  refresh(nowMs: EpochMs): void;
  /** Price still missing, by the last refresh and the newest quote; NaN while unknown. */
  needDeltaPx(): number;
  /** Base quantity of both legs; NaN while there is no price. */
  orderQty(): number;
  /** The size and price of an indicative quote are known, if only from before the books went stale. */
  canSizeQuote(): boolean;
  indicativeRequest(onlyDirectRoutes: boolean): QuoteRequest;
  /** For the size to be sent, over the kind of route that gave the indicative quote. */
  firmRequest(orderQty: number): QuoteRequest;
  takeQuote(quote: ReceivedQuote): void;
  quotePx(quote: ReceivedQuote): number;
  /** NaN before the first quote. */
  quoteAgeMs(nowMs: EpochMs): number;
  evaluate(occasion: Occasion, firm: FirmAnswer | null, extraFlags: number): ArbEvaluation;
}

export function createLaneBotView(deps: LaneBotViewDeps): LaneBotView {
  const { bot, nowMs } = deps;
  const { knobs } = bot;
  const { direction } = knobs;
  const token = tokenOf(bot.symbol);
  const sign = directionSign(direction);
  const rules = coarsestRules(deps.feeds.map((feed) => feed.instrument));
  const { prices, refresh: refreshPrices } = createLanePricer({
    feeds: deps.feeds,
    fxFeeds: deps.fxFeeds,
    nearSide: sign === 1 ? 'bid' : 'ask',
    ladderNotional: knobs.ladderNotional,
    maxAgeMs: knobs.maxAgeMs,
  });

  let quote: ReceivedQuote | null = null;
  let quoteId = 0;
  let dqPx = Number.NaN;
  let amount = knobs.amount > 0 ? knobs.amount : Number.NaN;
  // Quotes go on while books are stale: sized by what was last known. USDC per base.
  let lastUsdcMidPx = Number.NaN;

  const cexPx = () => (Number.isNaN(prices.cbPx) ? prices.cbTopPx : prices.cbPx);
  const orderQty = () => arbOrderQty(cexPx(), knobs.ladderNotional, rules, knobs.slippageBps);
  const quotePx = (answer: ReceivedQuote) => dexPx(direction, token, answer.inAmountRaw, answer.outAmountRaw);
  const request = (terms: ReturnType<typeof quoteTerms>, onlyDirectRoutes: boolean): QuoteRequest => ({
    ...terms,
    slippageBps: knobs.slippageBps,
    onlyDirectRoutes,
  });

  const quoteAgeMs = (now: EpochMs) => (quote === null ? Number.NaN : now - quote.receivedAtMs);
  const flags = (kind: number, ageMs: number): number => {
    if (Number.isNaN(prices.cbTopPx) || Number.isNaN(prices.midPx) || Number.isNaN(prices.fxBps)) {
      return EvaluationFlag.stale;
    }
    // A last look rests on its own firm quote, prices on none.
    if (kind === EvaluationKind.lastLook || kind === EvaluationKind.prices) return 0;
    if (quote === null) return EvaluationFlag.stale;
    if (ageMs <= knobs.maxAgeMs) return 0;
    return deps.polling() ? EvaluationFlag.stale : EvaluationFlag.rateGuard;
  };

  return {
    sign,
    refresh(now) {
      refreshPrices(now);
      if (!(prices.midPx > 0) || Number.isNaN(prices.fxBps)) return;
      lastUsdcMidPx = prices.midPx / (1 + prices.fxBps / 1e4);
      if (!Number.isNaN(amount)) return;
      const worth = deps.solAmount * deps.solMidPx();
      if (worth > 0) amount = worth / prices.midPx;
    },
    needDeltaPx: () => needDeltaPx(cexPx(), dqPx, prices.midPx, prices.fxBps, sign, knobs.netEdgeMinBps),
    orderQty,
    canSizeQuote: () => amount > 0 && (sign === -1 || lastUsdcMidPx > 0),
    indicativeRequest: (onlyDirectRoutes) =>
      request(quoteTerms(direction, token, amount, lastUsdcMidPx), onlyDirectRoutes),
    firmRequest: (qty) =>
      // A purchase is sized by the last quote, so that about `qty` comes out.
      request(
        quoteTerms(direction, token, qty, Number.isNaN(dqPx) ? lastUsdcMidPx : dqPx),
        quote?.request.onlyDirectRoutes ?? false,
      ),
    takeQuote(answer) {
      quote = answer;
      quoteId += 1;
      dqPx = quotePx(answer);
    },
    quotePx,
    quoteAgeMs,
    evaluate(occasion, firm, extraFlags) {
      const now = nowMs();
      const ageMs = quoteAgeMs(now);
      const firmQuote = firm?.quote ?? null;
      return {
        kind: occasion.kind,
        botSlot: bot.botSlot,
        laneSeq: deps.nextLaneSeq(),
        beganAtMs: occasion.beganAtMs,
        evaluatedAtMs: now,
        trigger: occasion.trigger,
        requestId: occasion.requestId,
        quoteId,
        firmQuoteId: firm?.firmQuoteId ?? 0,
        flags: flags(occasion.kind, ageMs) | extraFlags,
        cbTopPx: known(prices.cbTopPx),
        cbTopVenue: known(prices.cbTopVenue),
        cbPx: known(prices.cbPx),
        cbVenue: known(prices.cbVenue),
        dqPx: known(dqPx),
        dqFirmPx: firmQuote === null ? null : quotePx(firmQuote),
        fxBps: known(prices.fxBps),
        midPx: known(prices.midPx),
        compositeMidPx: known(prices.compositeMidPx),
        bestBidPx: known(prices.bestBidPx),
        bestBidVenue: known(prices.bestBidVenue),
        bestAskPx: known(prices.bestAskPx),
        bestAskVenue: known(prices.bestAskVenue),
        bookAgeMs: known(prices.bookAgeMs),
        quoteAgeMs: known(ageMs),
        firmInRaw: firmQuote?.inAmountRaw ?? null,
        firmOutRaw: firmQuote?.outAmountRaw ?? null,
        firmMinOutRaw: firmQuote?.otherAmountThresholdRaw ?? null,
        firmContextSlot: firmQuote?.contextSlot ?? null,
        // Both legs trade what the firm quote was asked for, also when the book has moved by a step since.
        orderQty: known(firm?.orderQty ?? orderQty()),
        solMidPx: known(deps.solMidPx()),
        guardIntervalMs: deps.guardIntervalMs(),
      };
    },
  };
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
