import { NightjarError } from '../../domain/errors.ts';
import type {
  Balance,
  Fill,
  LookupOutcome,
  OrderIntent,
  OrderRef,
  OrderReport,
  OrderStatus,
  PlaceOutcome,
  Side,
  TradePort,
} from '../../domain/orders.ts';
import type { Clock, HttpRequest, Transport } from '../../domain/ports.ts';
import { TOKENS, type Token } from '../../domain/tokens.ts';
import type { MetricSink } from '../../telemetry/metricSink.ts';
import { type Fields, fieldsOf, listOf, numberIn, textIn } from '../cexDialect.ts';
import { exchangeOver, type HttpExchange, rawOf } from '../httpExchange.ts';
import { ORDER_GONE_MS, ORDER_VALID_MS } from '../orderExpiry.ts';
import { type Judgement, judge } from '../tradeErrors.ts';

const requestTimeoutMs = 5_000;
const lamportsPerSol = 1e9;

export interface JupiterSwapDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Base URL of the swap door, without a trailing slash. */
  readonly rest: string;
  readonly account: string;
  readonly metrics: MetricSink;
}

/**
 * Swaps through Jupiter. Here the simulator's door signs and settles; the signed Solana transaction fits the same
 * contract: `landed` is a confirmed transaction, `failed` one that landed with an error, and `expired` (its blockhash can
 * no longer be processed) the only proof that a swap never happens. A swap cannot be cancelled.
 */
export function createJupiterSwap(deps: JupiterSwapDeps): TradePort {
  const { account } = deps;
  const venue = 'jupiter';
  const door = `${deps.rest}/sim/swap`;
  const tooMany = deps.metrics.counter('http_429_total', { venue });
  let quietUntilMs = 0;
  /** Venue minus ours, as in `simTrade.ts`. */
  let venueAheadMs = 0;

  const ask = async (request: Omit<HttpRequest, 'headers' | 'timeoutMs'>): Promise<Judgement & { raw: unknown }> => {
    const json: Record<string, string> = request.body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = { ...request, headers: json, timeoutMs: requestTimeoutMs };
    const exchange: HttpExchange = await exchangeOver(deps.transport, sent);
    const judgement = judge(venue, exchange);
    if (exchange.status === 429) tooMany.inc();
    if (judgement.verdict === 'limited') quietUntilMs = deps.clock.nowMs() + judgement.quietMs;
    return { ...judgement, raw: rawOf(exchange) };
  };

  return {
    venue,
    account,
    orderGoneMs: ORDER_GONE_MS,
    async open() {
      await this.balances();
      const answer = await ask({ method: 'GET', url: `${deps.rest}/sim/time` });
      if (answer.verdict !== 'accepted') {
        const trouble = `${answer.code} ${answer.reason}`;
        throw new NightjarError('venue.unavailable', `jupiter: reading its time failed: ${trouble}`, { venue });
      }
      venueAheadMs = numberIn(fieldsOf(answer.body, 'the time'), 'timeMs') - deps.clock.nowMs();
    },

    async place(intent, refusedNow): Promise<PlaceOutcome> {
      const refusal = refuseUnsent(intent, quietUntilMs - deps.clock.nowMs());
      if (refusal !== null) return { outcome: 'rejected', code: 'not-sent', reason: refusal, raw: null };
      // The door stands for the blockhash that bounds the life of a signed transaction.
      const expiresAtMs = Math.floor(deps.clock.nowMs() + venueAheadMs + ORDER_VALID_MS);
      const body = JSON.stringify({ clientOrderId: intent.clientOrderId, ...intent.swap, expiresAtMs });
      const answer = await ask({ method: 'POST', url: door, body, isOrder: true, ...(refusedNow && { refusedNow }) });
      const { verdict, code, reason, raw } = answer;
      if (verdict === 'rejected' || verdict === 'limited') return { outcome: 'rejected', code, reason, raw };
      if (verdict !== 'accepted') return { outcome: 'unknown', code, reason, raw };
      try {
        const fields = fieldsOf(answer.body, 'the answer');
        return { outcome: 'confirmed', report: readSwap(fields, intent.clientOrderId, intent.pair), raw };
      } catch (error) {
        return { outcome: 'unknown', code: 'bad-answer', reason: messageOf(error), raw };
      }
    },

    async cancel() {
      return { outcome: 'rejected', code: 'not-cancellable', reason: 'a swap ends by itself or never', raw: null };
    },

    async lookup(ref: OrderRef): Promise<LookupOutcome> {
      const answer = await ask({
        method: 'GET',
        url: `${door}?clientOrderId=${encodeURIComponent(ref.clientOrderId)}`,
      });
      const { verdict, code, reason, raw } = answer;
      // A bare 404 could come from any proxy: only the door's own words say that it has no such swap.
      if (verdict === 'absent') return { found: 'no', raw };
      if (verdict !== 'accepted') return { found: 'unknown', code, reason };
      try {
        return {
          found: 'yes',
          report: readSwap(fieldsOf(answer.body, 'the answer'), ref.clientOrderId, ref.pair),
          raw,
        };
      } catch (error) {
        return { found: 'unknown', code: 'bad-answer', reason: messageOf(error) };
      }
    },

    async openOrders() {
      return [];
    },

    async balances(): Promise<readonly Balance[]> {
      const answer = await ask({ method: 'GET', url: `${deps.rest}/sim/wallet` });
      if (answer.verdict !== 'accepted') {
        const code = answer.verdict === 'rejected' ? 'venue.rejected' : 'venue.unavailable';
        throw new NightjarError(code, `jupiter: reading the wallet failed: ${answer.code} ${answer.reason}`, { venue });
      }
      return listOf(answer.body, 'the wallet').map((entry) => ({
        venue,
        asset: textIn(entry, 'asset'),
        free: numberIn(entry, 'free'),
        locked: numberIn(entry, 'locked'),
      }));
    },

    async close() {},
  };
}

function refuseUnsent(intent: OrderIntent, quietLeftMs: number): string | null {
  if (intent.type !== 'swap' || intent.swap === undefined) return `type ${intent.type} without swap terms`;
  const { inAmountRaw, minOutAmountRaw } = intent.swap;
  for (const [name, value] of Object.entries({ inAmountRaw, minOutAmountRaw })) {
    if (!Number.isSafeInteger(value) || value <= 0) return `${name} ${value} is no whole number above 0`;
  }
  return quietLeftMs > 0 ? `jupiter limits us for another ${Math.ceil(quietLeftMs)} ms: nothing was sent` : null;
}

const statuses: Readonly<Record<string, OrderStatus>> = {
  processing: 'open',
  landed: 'filled',
  failed: 'rejected',
  expired: 'expired',
};

/** @throws Error when the answer names a state or tokens that are not known here */
function readSwap(fields: Fields, clientOrderId: string, pair: string): OrderReport {
  const state = textIn(fields, 'status');
  const status = statuses[state];
  if (status === undefined) throw new Error(`the swap is in the unknown state "${state}"`);
  const venueOrderId = textIn(fields, 'signature');
  const venueTimeMs = numberIn({ timeMs: fields.settledAtMs ?? fields.receivedAtMs }, 'timeMs');
  if (status !== 'filled') {
    const nothing = { clientOrderId, venueOrderId, status, filledQty: 0, avgPrice: null, fills: [], venueTimeMs };
    // A swap that landed and failed is charged; one that never landed is not.
    const lamports = Number(fields.feeLamports ?? 0);
    return state === 'failed' && lamports > 0 ? { ...nothing, failedChainFee: lamports / lamportsPerSol } : nothing;
  }
  const { side, qty, price } = readAmounts(fields, pair);
  const fill: Fill = {
    tradeId: venueOrderId,
    clientOrderId,
    venue: 'jupiter',
    pair,
    side,
    price,
    qty,
    fee: numberIn(fields, 'feeLamports') / lamportsPerSol,
    feeCurrency: 'SOL',
    venueTimeMs,
  };
  return { clientOrderId, venueOrderId, status, filledQty: qty, avgPrice: price, fills: [fill], venueTimeMs };
}

/** Base quantity and its price in the other token, from the raw amounts that moved. */
function readAmounts(fields: Fields, pair: string): { side: Side; qty: number; price: number } {
  const [baseSymbol] = pair.split('/') as [string];
  const input = tokenOfMint(textIn(fields, 'inputMint'));
  const output = tokenOfMint(textIn(fields, 'outputMint'));
  const inAmount = numberIn(fields, 'inAmountRaw') / 10 ** input.decimals;
  const outAmount = numberIn(fields, 'outAmountRaw') / 10 ** output.decimals;
  if (!(inAmount > 0 && outAmount > 0)) throw new Error('a landed swap moved nothing');
  if (input.symbol === baseSymbol) return { side: 'sell', qty: inAmount, price: outAmount / inAmount };
  if (output.symbol === baseSymbol) return { side: 'buy', qty: outAmount, price: inAmount / outAmount };
  throw new Error(`neither token of the swap is the base of ${pair}`);
}

/** By the whole address: impostors share the first characters. */
function tokenOfMint(mint: string): Token {
  const token = Object.values(TOKENS).find((known) => known.mint === mint);
  if (token === undefined) throw new Error(`mint ${mint} is not known`);
  return token;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
