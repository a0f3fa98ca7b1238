import { NightjarError } from '../../domain/errors.ts';
import type { HttpResponse, Transport, VenueEndpoints } from '../../domain/ports.ts';

/** One ExactIn quote. Amounts are whole raw units of their token (`src/domain/tokens.ts`). */
export interface QuoteRequest {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amountRaw: number;
  /** Tolerance sent along; `otherAmountThresholdRaw` already contains it. */
  readonly slippageBps: number;
  readonly onlyDirectRoutes: boolean;
}

export interface Quote {
  readonly inAmountRaw: number;
  readonly outAmountRaw: number;
  /** The least that the swap may deliver. */
  readonly otherAmountThresholdRaw: number;
  /** Slot at which the quote was computed; null where the answer names none. */
  readonly contextSlot: number | null;
}

export function quoteUrl(endpoints: VenueEndpoints, request: QuoteRequest): string {
  const { inputMint, outputMint, amountRaw, slippageBps, onlyDirectRoutes } = request;
  if (!Number.isSafeInteger(amountRaw) || amountRaw <= 0) {
    throw new NightjarError('order.invalid', `quote amount ${amountRaw}: must be a whole number of raw units above 0`);
  }
  const query = new URLSearchParams({
    inputMint,
    outputMint,
    amount: String(amountRaw),
    slippageBps: String(Math.round(slippageBps)),
    swapMode: 'ExactIn',
    onlyDirectRoutes: String(onlyDirectRoutes),
  });
  return `${endpoints.jupiter.rest}/swap/v1/quote?${query}`;
}

/** @throws NightjarError (rejection) venue.rate-limited | venue.bad-response | order.invalid | net.* */
export async function fetchQuote(
  transport: Transport,
  endpoints: VenueEndpoints,
  request: QuoteRequest,
  timeoutMs: number,
): Promise<Quote> {
  const response = await transport.request({ method: 'GET', url: quoteUrl(endpoints, request), timeoutMs });
  return readQuote(response, request);
}

/**
 * Reads an answer in any of the shapes that Jupiter has used: the amounts at the top level (v6, swap/v1, swap/v2), in
 * `data[0]` (v1, v4) or in `routes[0]`, as decimal strings or numbers. An answer that names other mints, another amount
 * or another swap mode than asked is refused as a whole: its price would be another question's.
 *
 * @throws NightjarError venue.rate-limited (details: resetAtMs, retryAfterMs) | venue.bad-response (details: status, body)
 */
export function readQuote(response: HttpResponse, request: QuoteRequest): Quote {
  if (response.status === 429) throw rateLimited(response);
  if (response.status !== 200) throw badResponse(response, `HTTP ${response.status}`);

  const root = asObject(parse(response));
  const route = root === null ? null : routeOf(root);
  if (root === null || route === null) throw badResponse(response, 'no outAmount in any known place');

  refuseOtherQuestion(response, { ...root, ...route }, request);
  const threshold = rawAmount(route.otherAmountThreshold ?? route.outAmountWithSlippage);
  // An answer that states only the threshold is worth the threshold: never more than the swap must deliver.
  const outAmountRaw = rawAmount(route.outAmount) ?? threshold;
  if (outAmountRaw === null) throw badResponse(response, 'outAmount is not a whole number above 0');
  return {
    inAmountRaw: request.amountRaw,
    outAmountRaw,
    otherAmountThresholdRaw: threshold ?? Math.ceil(outAmountRaw * (1 - request.slippageBps / 1e4)),
    contextSlot: rawAmount(root.contextSlot ?? route.contextSlot),
  };
}

type Json = Readonly<Record<string, unknown>>;

function routeOf(root: Json): Json | null {
  const candidates = [root, firstOf(root.data), firstOf(root.routes)];
  for (const candidate of candidates) {
    if (candidate !== null && (candidate.outAmount ?? candidate.otherAmountThreshold) != null) return candidate;
  }
  return null;
}

function firstOf(list: unknown): Json | null {
  return Array.isArray(list) ? asObject(list[0]) : null;
}

function refuseOtherQuestion(response: HttpResponse, answer: Json, request: QuoteRequest): void {
  const { inputMint, outputMint, inAmount, swapMode } = answer;
  // Whole strings: impostor mints share the first characters.
  if (inputMint !== undefined && inputMint !== request.inputMint) {
    throw badResponse(response, `inputMint is ${String(inputMint)}, asked was ${request.inputMint}`);
  }
  if (outputMint !== undefined && outputMint !== request.outputMint) {
    throw badResponse(response, `outputMint is ${String(outputMint)}, asked was ${request.outputMint}`);
  }
  if (inAmount !== undefined && rawAmount(inAmount) !== request.amountRaw) {
    throw badResponse(response, `inAmount is ${String(inAmount)}, asked was ${request.amountRaw}`);
  }
  if (swapMode !== undefined && swapMode !== 'ExactIn') {
    throw badResponse(response, `swapMode is ${String(swapMode)}, asked was ExactIn`);
  }
}

/** A whole number above 0 that a double holds exactly, from a number or its decimal text; else null. */
function rawAmount(value: unknown): number | null {
  const isText = typeof value === 'string' && /^\d{1,16}$/.test(value);
  const amount = isText ? Number(value) : value;
  return typeof amount === 'number' && Number.isSafeInteger(amount) && amount > 0 ? amount : null;
}

function parse(response: HttpResponse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(response.body));
  } catch (error) {
    throw badResponse(response, 'not JSON', error);
  }
}

function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** `x-ratelimit-reset` is in unix seconds, `retry-after` in seconds; null where the answer has none. */
function rateLimited(response: HttpResponse): NightjarError {
  const resetSec = headerNumber(response, 'x-ratelimit-reset');
  const retryAfterSec = headerNumber(response, 'retry-after');
  return new NightjarError('venue.rate-limited', 'jupiter answered 429', {
    venue: 'jupiter',
    resetAtMs: resetSec === null ? null : resetSec * 1000,
    retryAfterMs: retryAfterSec === null ? null : retryAfterSec * 1000,
    body: firstBytes(response),
  });
}

function headerNumber(response: HttpResponse, name: string): number | null {
  const text = response.headers[name];
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

function badResponse(response: HttpResponse, why: string, cause?: unknown): NightjarError {
  const body = firstBytes(response);
  const details = { venue: 'jupiter', status: response.status, body };
  return new NightjarError('venue.bad-response', `jupiter quote: ${why}: ${body}`, details, cause);
}

function firstBytes(response: HttpResponse): string {
  return new TextDecoder().decode(response.body.subarray(0, 200));
}
