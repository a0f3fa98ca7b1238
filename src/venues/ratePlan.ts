import type { CexVenue } from '../domain/instruments.ts';
import type { KnobFinding } from '../domain/knobs.ts';
import { AUDIT_EVERY_MS } from './bookAudit.ts';
import { EVERY_MS as OPEN_INTEREST_EVERY_MS } from './openInterestPoll.ts';
import { DATA_REFILL } from './rateBudget.ts';
import { RATE_SCOPES, rateCallOf } from './rateLimits.ts';

/** Of a limit: what a plan may take of it. The rest is for orders, their fates, and bad days. */
const LARGEST_SHARE = 0.7;
const SWEEP_EVERY_MS = 30_000;
const MARKETS_EVERY_MS = 600_000;

export interface PlannedMarkets {
  readonly venue: CexVenue;
  readonly spot: number;
  readonly perpetuals: number;
}

export interface PlannedLoad {
  /** Place in RATE_SCOPES. */
  readonly scope: number;
  /** Weight per window of the scope, whatever happens. */
  readonly steady: number;
  /** The part of it that is market data. */
  readonly data: number;
  /** Of `steady`, per market that is added. */
  readonly perMarket: number;
}

type Line = readonly [url: string, everyMs: number, per: 'spot' | 'perpetual' | 'account'];

/** What runs by the clock: audits of books, open interest, the sweep of orders and balances, the rules of the markets. */
const LINES: Readonly<Record<CexVenue, readonly Line[]>> = {
  binance: [
    ['/api/v3/depth?limit=5', AUDIT_EVERY_MS, 'spot'],
    ['/fapi/v1/openInterest?symbol=X', OPEN_INTEREST_EVERY_MS, 'perpetual'],
    ['/api/v3/account', SWEEP_EVERY_MS, 'account'],
    ['/api/v3/openOrders', SWEEP_EVERY_MS, 'account'],
    ['/api/v3/exchangeInfo', MARKETS_EVERY_MS, 'account'],
  ],
  okx: [
    ['/api/v5/market/books?sz=5', AUDIT_EVERY_MS, 'spot'],
    ['/api/v5/account/balance', SWEEP_EVERY_MS, 'account'],
    ['/api/v5/trade/orders-pending', SWEEP_EVERY_MS, 'account'],
    ['/api/v5/public/instruments', MARKETS_EVERY_MS, 'account'],
  ],
  bybit: [
    ['/v5/market/orderbook?limit=5', AUDIT_EVERY_MS, 'spot'],
    ['/v5/account/wallet-balance', SWEEP_EVERY_MS, 'account'],
    ['/v5/order/realtime', SWEEP_EVERY_MS, 'account'],
    ['/v5/market/instruments-info', MARKETS_EVERY_MS, 'account'],
  ],
};

const NO_HOSTS = {
  binance: { rest: 'binance:', ws: '' },
  okx: { rest: 'okx:', ws: '' },
  bybit: { rest: 'bybit:', ws: '' },
  jupiter: { rest: 'jupiter:' },
};

/** What the configured markets cost in steady state, for each scope that they touch. */
export function planLoad(markets: readonly PlannedMarkets[]): readonly PlannedLoad[] {
  const loads = RATE_SCOPES.map((_, scope) => ({ scope, steady: 0, data: 0, perMarket: 0 }));
  for (const { venue, spot, perpetuals } of markets) {
    for (const [url, everyMs, per] of LINES[venue]) {
      const call = rateCallOf({ method: 'GET', url: `${venue}:${url}` }, NO_HOSTS)!;
      const load = loads[call.scope]!;
      const each = (call.weight * RATE_SCOPES[call.scope]!.windowMs) / everyMs;
      const weight = each * { spot, perpetual: perpetuals, account: 1 }[per];
      load.steady += weight;
      if (call.priority === 'data') load.data += weight;
      if (per !== 'account') load.perMarket += each;
    }
  }
  return loads.filter(({ steady }) => steady > 0);
}

/** One line per scope, for `doctor`: `binance spot 420 of 6000 per 60 s (7.0 %)`. */
export function loadText({ scope, steady }: PlannedLoad): string {
  const { name, limit, windowMs } = RATE_SCOPES[scope]!;
  const share = ((100 * steady) / limit).toFixed(1);
  return `${name} ${Number(steady.toFixed(2))} of ${limit} per ${windowMs / 1000} s (${share} %)`;
}

/** Refuses what the limits cannot bear before anything starts, with the numbers. */
export function checkLoad(markets: readonly PlannedMarkets[]): KnobFinding[] {
  return planLoad(markets).flatMap((load) => {
    const { limit, venue, name } = RATE_SCOPES[load.scope]!;
    const [allowed, dataAllowed] = [limit * LARGEST_SHARE, limit * DATA_REFILL];
    if (load.steady <= allowed && load.data <= dataAllowed) return [];
    const isData = load.data > dataAllowed;
    const over = Math.max(load.steady - allowed, load.data - dataAllowed);
    const most = `${Math.floor(isData ? dataAllowed : allowed)} (${isData ? `market data: ${DATA_REFILL * 100}` : LARGEST_SHARE * 100} %)`;
    return [
      {
        severity: 'refuse',
        path: 'bots',
        value: loadText(load),
        limit: `a plan may take ${most} of ${name}`,
        remedy: `take away ${Math.ceil(over / load.perMarket)} markets of ${venue}`,
      },
    ];
  });
}
