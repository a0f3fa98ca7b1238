import type { Clock } from '../domain/ports.ts';
import { TOKENS } from '../domain/tokens.ts';
import type { DexPools, DexQuote } from './dexPool.ts';
import type { DexSwaps } from './dexSwaps.ts';
import type { OrderLog } from './orderLog.ts';
import { refuseExpired } from './requestExpiry.ts';
import { json, type ParsedRequest, readJsonObject, type SimHttpResponse, textOf } from './simHttp.ts';
import type { TokenBucket } from './tokenBucket.ts';

/** Pools named in the routes; keys of real pools, so that parsers meet real-looking text. */
const AMM = {
  direct: { ammKey: '5BKxfWMbmYBAEWvyPZS9esPducUba9GqyMjtLCfbaqyF', label: 'Meteora DLMM' },
  first: { ammKey: 'GUoa6mRgTyoE8NgXEyLnYXMWdS71KrcXG2nnx9u41Fmd', label: 'Scorch' },
  second: { ammKey: 'H7o7KCr5n3whqcPsPkeCPWrzivKrarqzidD3kt8fijvB', label: 'Deriverse' },
} as const;
const USDT_MINT = 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB';
/** Raw USDT per raw USDC in the middle of a two-leg route, for the record only. */
const USDT_PER_USDC = 1.0003;

export interface JupiterDeps {
  readonly clock: Clock;
  readonly pools: DexPools;
  readonly swaps: DexSwaps;
  readonly log: OrderLog;
  readonly quoteBucket: TokenBucket;
}

/** The embedded Jupiter: quotes in the shape of 2026-08, and the simulator's own door for swaps under `/sim/`. */
export function answerJupiter(deps: JupiterDeps, request: ParsedRequest): SimHttpResponse {
  switch (request.path) {
    case '/swap/v1/quote':
      return quote(deps, request);
    case '/sim/swap':
      return request.method === 'POST' ? submitSwap(deps, request) : findSwap(deps, request);
    case '/sim/time':
      return json(200, { timeMs: Math.floor(deps.clock.nowMs()) });
    case '/sim/wallet':
    case '/sim/balances':
      return json(200, deps.swaps.balances());
    case '/sim/orders':
      return json(200, deps.log.list('jupiter'));
    default:
      return json(404, { error: `no such path: ${request.path}` });
  }
}

function quote(deps: JupiterDeps, request: ParsedRequest): SimHttpResponse {
  const allowed = deps.quoteBucket.take();
  const headers = {
    'x-ratelimit-remaining': String(deps.quoteBucket.remaining()),
    'x-ratelimit-reset': String(Math.ceil(deps.quoteBucket.nextAtMs() / 1000)),
  };
  if (!allowed) return json(429, { code: 429, message: '[API Gateway] Too many requests' }, headers);

  const { query } = request;
  const inputMint = query.get('inputMint') ?? '';
  const outputMint = query.get('outputMint') ?? '';
  const amountText = query.get('amount') ?? '';
  const slippageBps = Number(query.get('slippageBps') ?? '50');
  const amountRaw = Number(amountText);
  if (!/^\d+$/.test(amountText) || !Number.isSafeInteger(amountRaw) || amountRaw === 0) {
    return json(400, { error: 'Query parameter amount cannot be parsed: invalid digit found in string' }, headers);
  }
  if (!Number.isInteger(slippageBps) || slippageBps < 0 || slippageBps > 10_000) {
    return json(400, { error: 'Query parameter slippageBps cannot be parsed: invalid digit found in string' }, headers);
  }
  const exactIn = (query.get('swapMode') ?? 'ExactIn') === 'ExactIn';
  const found = exactIn
    ? deps.pools.quote(inputMint, outputMint, amountRaw, query.get('onlyDirectRoutes') === 'true')
    : null;
  if (found === null) {
    return json(400, { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' }, headers);
  }
  return json(200, quoteBody(deps.pools.slot(), { inputMint, outputMint, amountRaw, slippageBps }, found), headers);
}

interface Asked {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly amountRaw: number;
  readonly slippageBps: number;
}

function quoteBody(slot: number, asked: Asked, found: DexQuote) {
  const { inputMint, outputMint, amountRaw, slippageBps } = asked;
  const outAmount = String(found.outAmountRaw);
  const usdcRaw = inputMint === TOKENS.USDC!.mint ? amountRaw : found.outAmountRaw;
  return {
    inputMint,
    inAmount: String(amountRaw),
    outputMint,
    outAmount,
    otherAmountThreshold: String(Math.ceil(found.outAmountRaw * (1 - slippageBps / 1e4))),
    swapMode: 'ExactIn',
    slippageBps,
    platformFee: null,
    priceImpactPct: found.priceImpact.toFixed(12).replace(/\.?0+$/, ''),
    routePlan: routeOf(slot, asked, found),
    contextSlot: slot,
    timeTaken: 0.001,
    swapUsdValue: (usdcRaw / 1e6).toFixed(6),
    mostReliableAmmsQuoteReport: { info: { [AMM.direct.ammKey]: outAmount } },
    longtailMarketQuoteReport: null,
    useIncurredSlippageForQuoting: null,
    useRewards: null,
    otherRoutePlans: null,
    loadedLongtailToken: false,
    instructionVersion: null,
  };
}

function routeOf(slot: number, { inputMint, outputMint, amountRaw }: Asked, found: DexQuote) {
  const leg = (amm: { ammKey: string; label: string }, from: string, to: string, inRaw: number, outRaw: number) => ({
    swapInfo: {
      ...amm,
      inputMint: from,
      outputMint: to,
      inAmount: String(inRaw),
      outAmount: String(outRaw),
      updateContextSlot: String(slot),
    },
    percent: 100,
    bps: null,
  });
  if (found.direct) return [leg(AMM.direct, inputMint, outputMint, amountRaw, found.outAmountRaw)];
  const usdcRaw = inputMint === TOKENS.USDC!.mint ? amountRaw : found.outAmountRaw;
  const middleRaw = Math.floor(usdcRaw * USDT_PER_USDC);
  return [
    leg(AMM.first, inputMint, USDT_MINT, amountRaw, middleRaw),
    leg(AMM.second, USDT_MINT, outputMint, middleRaw, found.outAmountRaw),
  ];
}

function submitSwap(deps: JupiterDeps, request: ParsedRequest): SimHttpResponse {
  const body = readJsonObject(request.body);
  const clientOrderId = textOf(body?.clientOrderId);
  const [inAmountRaw, minOutAmountRaw, slippageBps, contextSlot] = [
    'inAmountRaw',
    'minOutAmountRaw',
    'slippageBps',
    'contextSlot',
  ].map((name) => Number(body?.[name] ?? Number.NaN)) as [number, number, number, number];
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(clientOrderId)) {
    return json(400, {
      rejected: { code: 'bad-request', reason: `clientOrderId "${clientOrderId}": give 1 to 64 letters and digits` },
    });
  }
  if (
    !Number.isSafeInteger(inAmountRaw) ||
    inAmountRaw <= 0 ||
    !Number.isSafeInteger(minOutAmountRaw) ||
    minOutAmountRaw < 0
  ) {
    const reason = `inAmountRaw ${inAmountRaw}, minOutAmountRaw ${minOutAmountRaw}: give whole raw units above 0`;
    return json(400, { rejected: { code: 'bad-request', reason } });
  }
  const expiry = refuseExpired(body?.expiresAtMs, deps.clock.nowMs());
  if (expiry !== null) return json(400, { rejected: expiry });
  const inputMint = textOf(body?.inputMint);
  const outputMint = textOf(body?.outputMint);
  if (deps.pools.quote(inputMint, outputMint, inAmountRaw, false) === null) {
    return json(400, {
      rejected: { code: 'COULD_NOT_FIND_ANY_ROUTE', reason: `no route from ${inputMint} to ${outputMint}` },
    });
  }
  const terms = { inputMint, outputMint, inAmountRaw, minOutAmountRaw, slippageBps, contextSlot };
  return json(200, deps.swaps.submit(clientOrderId, terms));
}

function findSwap(deps: JupiterDeps, request: ParsedRequest): SimHttpResponse {
  const clientOrderId = request.query.get('clientOrderId') ?? '';
  const state = deps.swaps.find(clientOrderId);
  return state === undefined
    ? json(404, { rejected: { code: 'not-found', reason: `no swap ${clientOrderId}` } })
    : json(200, state);
}
