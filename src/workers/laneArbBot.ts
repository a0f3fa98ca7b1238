import type { EpochMs } from '../domain/units.ts';
import {
  type ArbEvaluation,
  EvaluationFlag,
  EvaluationKind,
  EvaluationTrigger,
} from '../strategies/arb/arbEvaluation.ts';
import { crossedLine, recededLine } from '../strategies/arb/arbLines.ts';
import { judgeArb } from '../strategies/arb/arbStages.ts';
import type { RateGuard } from '../venues/jupiter/rateGuard.ts';
import { createLaneBotView, type FirmAnswer, type LaneBotViewDeps, type Occasion } from './laneBotView.ts';
import type { LaneQuotes, ReceivedQuote } from './laneQuotes.ts';

/** Last looks of one bot in flight at a time: the core asks for one, and after a bot's restart for another. */
const mostLastLooks = 4;

export interface LaneArbBotDeps extends Omit<LaneBotViewDeps, 'polling' | 'guardIntervalMs'> {
  readonly quotes: LaneQuotes;
  readonly guard: RateGuard;
  readonly publish: (evaluation: ArbEvaluation) => void;
  /** The bot may be polled again. */
  readonly onReady: () => void;
}

/** One arbitrage bot in its lane: opens its looks and answers the core's requests. */
export interface LaneArbLooks {
  readonly botSlot: number;
  /** A poll could leave: none is in flight, and it can be sized. */
  readyToPoll(): boolean;
  /** Asks the direct-only and the best route; the slot is taken already. */
  poll(): void;
  /** A book of the pair, or of USDC/USDT, changed. */
  onBook(nowMs: EpochMs): void;
  lastLook(requestId: number): void;
  prices(requestId: number): void;
  /** Age of the newest quote; NaN before the first. */
  quoteAgeMs(nowMs: EpochMs): number;
  /** Answers still in flight are ignored from here on. */
  stop(): void;
}

/**
 * The rules of looks (`docs/BOTS.md`, arb): a look begins with a new quote, or with a book change that carries the
 * missing price down to a line. Each is published as exactly one record, at once or when its firm quote has come or
 * failed. Bounded: one poll and one firm quote in flight; a look that needs a firm quote while another's is out counts
 * as held back by the guard and ends so at once.
 */
export function createLaneArbBot(deps: LaneArbBotDeps): LaneArbLooks {
  const { bot, guard, quotes, nowMs } = deps;
  const { knobs, botSlot } = bot;
  let stopped = false;
  let polling = false;
  let firmInFlight = false;
  let lastLooks = 0;
  let firmQuoteId = 0;
  let lastNeed = Number.NaN;
  const view = createLaneBotView({ ...deps, polling: () => polling, guardIntervalMs: () => guard.intervalMs });

  const publish = (occasion: Occasion, firm: FirmAnswer | null, extraFlags: number) =>
    deps.publish(view.evaluate(occasion, firm, extraFlags));

  /** Judges up to dry8; what passes goes on to the firm quote if the guard grants one. */
  const look = (trigger: number, beganAtMs: EpochMs, grantsFirm: () => boolean) => {
    const occasion = { kind: EvaluationKind.look, trigger, beganAtMs, requestId: 0 };
    const evaluation = view.evaluate(occasion, null, 0);
    if (judgeArb(evaluation, knobs, 'dry8', false).failed !== null) return deps.publish(evaluation);
    if (firmInFlight || !grantsFirm()) {
      return deps.publish({ ...evaluation, flags: (evaluation.flags ?? 0) | EvaluationFlag.rateGuard });
    }
    firmInFlight = true;
    void askFirm(occasion).finally(() => {
      firmInFlight = false;
      if (!stopped) deps.onReady();
    });
  };

  /** Asks for the size to be sent and publishes on the newest book at the answer's arrival. */
  const askFirm = async (occasion: Occasion): Promise<void> => {
    const orderQty = view.orderQty();
    const asked = await quotes.ask([view.firmRequest(orderQty)]);
    if (stopped) return;
    firmQuoteId += 1;
    const quote = asked.quotes[0] ?? null;
    view.refresh(nowMs());
    publish(occasion, { quote, orderQty, firmQuoteId }, quote === null ? EvaluationFlag.firmFailed : 0);
  };

  const pollOnce = async (): Promise<void> => {
    const asked = await quotes.ask([view.indicativeRequest(true), view.indicativeRequest(false)]);
    polling = false;
    const best = cheapest(asked.quotes, (quote) => view.sign * view.quotePx(quote));
    if (stopped || best === null) return;
    const now = nowMs();
    view.takeQuote(best);
    view.refresh(now);
    const need = view.needDeltaPx();
    if (!Number.isNaN(need)) lastNeed = need;
    // The firm quote of this look belongs to the poll's slot, unless a 429 has put the cooldown back.
    look(EvaluationTrigger.quote, now, () => !asked.rateLimited);
  };

  const onNeed = (need: number, now: EpochMs) => {
    const before = lastNeed;
    // While nothing can be priced the last known distance stands: what is crossed meanwhile is judged on return.
    if (Number.isNaN(need) || need === before) return;
    lastNeed = need;
    if (need < before) {
      const trigger = crossedLine(before, need, knobs);
      if (trigger !== null) look(trigger, now, () => guard.takeFor(botSlot, now));
    } else if (need > before) {
      const trigger = recededLine(before, need, knobs);
      if (trigger !== null) {
        publish({ kind: EvaluationKind.recede, trigger, beganAtMs: now, requestId: 0 }, null, 0);
      }
    }
  };

  const onRequest = (kind: number, requestId: number): Occasion => {
    const now = nowMs();
    view.refresh(now);
    return { kind, trigger: EvaluationTrigger.request, beganAtMs: now, requestId };
  };

  return {
    botSlot,
    readyToPoll: () => !stopped && !polling && !firmInFlight && view.canSizeQuote(),
    poll() {
      polling = true;
      void pollOnce().finally(() => {
        polling = false;
        if (!stopped) deps.onReady();
      });
    },
    onBook(now) {
      const couldSize = view.canSizeQuote();
      view.refresh(now);
      if (!couldSize && view.canSizeQuote()) deps.onReady();
      onNeed(view.needDeltaPx(), now);
    },
    lastLook(requestId) {
      const occasion = onRequest(EvaluationKind.lastLook, requestId);
      if (lastLooks >= mostLastLooks || Number.isNaN(view.orderQty())) {
        return publish(occasion, null, EvaluationFlag.firmFailed);
      }
      if (!guard.takeLifted(botSlot, occasion.beganAtMs)) {
        return publish(occasion, null, EvaluationFlag.firmFailed | EvaluationFlag.rateGuard);
      }
      lastLooks += 1;
      void askFirm(occasion).finally(() => {
        lastLooks -= 1;
      });
    },
    prices: (requestId) => publish(onRequest(EvaluationKind.prices, requestId), null, 0),
    quoteAgeMs: view.quoteAgeMs,
    stop() {
      stopped = true;
    },
  };
}

/** The first where costs are equal: that is the direct route, the simpler one. */
function cheapest(quotes: readonly ReceivedQuote[], cost: (quote: ReceivedQuote) => number): ReceivedQuote | null {
  let best: ReceivedQuote | null = null;
  for (const quote of quotes) if (best === null || cost(quote) < cost(best)) best = quote;
  return best;
}
