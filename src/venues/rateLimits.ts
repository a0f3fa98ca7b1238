import type { CexVenue } from '../domain/instruments.ts';
import type { HttpRequest, VenueEndpoints } from '../domain/ports.ts';

/** Who goes first where a limit is near. `cancel` never waits for a budget, only for the end of a ban. */
export type RatePriority = 'cancel' | 'hedge' | 'reconcile' | 'open' | 'data';

/** One limit of a venue: so much weight within any window. */
export interface RateScope {
  readonly name: string;
  readonly venue: CexVenue;
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * The venues' limits (wire reference 1.3, 2, 3; read 2026-11): Binance counts weight per address, OKX requests per group of
 * endpoints, Bybit requests per address. Counters of orders are not here: the pre-trade gate bounds orders per second.
 */
export const RATE_SCOPES = [
  { name: 'binance spot', venue: 'binance', limit: 6_000, windowMs: 60_000 },
  { name: 'binance futures', venue: 'binance', limit: 2_400, windowMs: 60_000 },
  { name: 'okx trade', venue: 'okx', limit: 60, windowMs: 2_000 },
  { name: 'okx public', venue: 'okx', limit: 40, windowMs: 2_000 },
  { name: 'okx account', venue: 'okx', limit: 10, windowMs: 2_000 },
  { name: 'bybit', venue: 'bybit', limit: 600, windowMs: 5_000 },
] as const satisfies readonly RateScope[];

type ScopeName = (typeof RATE_SCOPES)[number]['name'];

/** What one request costs, and where. */
export interface RateCall {
  readonly venue: CexVenue;
  /** Place in RATE_SCOPES. */
  readonly scope: number;
  readonly weight: number;
  readonly priority: RatePriority;
}

type Weight = number | ((query: URLSearchParams) => number);
type Endpoint = readonly [path: RegExp, scope: ScopeName, weight: Weight, priority: RatePriority];

const depthWeight = (query: URLSearchParams, steps: readonly (readonly [limit: number, weight: number])[]) => {
  const asked = Number(query.get('limit') ?? 100);
  return (steps.find(([limit]) => asked <= limit) ?? steps.at(-1)!)[1];
};
const spotDepth = [
  [100, 5],
  [500, 25],
  [1_000, 50],
  [5_000, 250],
] as const;
const futuresDepth = [
  [50, 2],
  [100, 5],
  [500, 10],
  [1_000, 20],
] as const;
const bySymbol = (one: number, all: number) => (query: URLSearchParams) => (query.has('symbol') ? one : all);

/** First match wins. What no line names is counted by the last line of its venue, dearly: an unknown cost is no small one. */
const ENDPOINTS: Readonly<Record<CexVenue, readonly Endpoint[]>> = {
  binance: [
    [/^\/api\/v3\/depth$/, 'binance spot', (query) => depthWeight(query, spotDepth), 'data'],
    [/^\/fapi\/v1\/depth$/, 'binance futures', (query) => depthWeight(query, futuresDepth), 'data'],
    [/^\/fapi\/v1\/(openInterest|premiumIndex|fundingRate)$/, 'binance futures', 1, 'data'],
    [/^\/api\/v3\/order$/, 'binance spot', 4, 'reconcile'],
    [/^\/api\/v3\/openOrders$/, 'binance spot', bySymbol(6, 80), 'reconcile'],
    [/^\/api\/v3\/(allOrders|myTrades|account|exchangeInfo)$/, 'binance spot', 20, 'reconcile'],
    [/^\/api\/v3\/time$/, 'binance spot', 1, 'reconcile'],
    [/^\/fapi\/v1\/openOrders$/, 'binance futures', bySymbol(1, 40), 'reconcile'],
    [/^\/fapi\/v1\/countdownCancelAll$/, 'binance futures', 10, 'cancel'],
    [/^\/fapi\//, 'binance futures', 5, 'reconcile'],
    [/^/, 'binance spot', 20, 'reconcile'],
  ],
  okx: [
    [/^\/api\/v5\/market\//, 'okx public', 1, 'data'],
    [/^\/api\/v5\/public\/(open-interest|funding-rate|mark-price)$/, 'okx public', 2, 'data'],
    [/^\/api\/v5\/public\//, 'okx public', 2, 'reconcile'],
    [/^\/api\/v5\/account\//, 'okx account', 1, 'reconcile'],
    [/^/, 'okx trade', 1, 'reconcile'],
  ],
  bybit: [
    [/^\/v5\/market\/(orderbook|open-interest|funding)/, 'bybit', 1, 'data'],
    [/^/, 'bybit', 1, 'reconcile'],
  ],
};

const CEX = ['binance', 'okx', 'bybit'] as const;
const CANCELS = /cancel/i;

/** @returns null for a request that goes to none of the venues with limits of this kind */
export function rateCallOf(
  request: Pick<HttpRequest, 'method' | 'url' | 'isOrder' | 'isOpening'>,
  endpoints: VenueEndpoints,
): RateCall | null {
  const venue = CEX.find((one) => request.url.startsWith(`${endpoints[one].rest}/`));
  if (venue === undefined) return null;
  const [path, query = ''] = request.url.slice(endpoints[venue].rest.length).split('?', 2) as [string, string?];
  const params = new URLSearchParams(query);
  const [, name, weight, usual] = ENDPOINTS[venue].find(([pattern]) => pattern.test(path))!;
  const cost = typeof weight === 'number' ? weight : weight(params);
  const scope = RATE_SCOPES.findIndex((one) => one.name === name);
  return { venue, scope, weight: cost, priority: priorityOf(request, path, usual) };
}

function priorityOf(
  { method, isOrder, isOpening }: Pick<HttpRequest, 'method' | 'isOrder' | 'isOpening'>,
  path: string,
  usual: RatePriority,
): RatePriority {
  if (method === 'DELETE' || (method === 'POST' && CANCELS.test(path))) return 'cancel';
  if (isOrder !== true) return usual;
  return isOpening === true ? 'open' : 'hedge';
}
