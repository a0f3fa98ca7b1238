import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NightjarError } from '../../domain/errors.ts';
import type { HttpResponse, Transport, VenueEndpoints } from '../../domain/ports.ts';
import { tokenOf } from '../../domain/tokens.ts';
import { fetchQuote, type QuoteRequest, quoteUrl, readQuote } from './quote.ts';

const SOL = tokenOf('SOL').mint;
const USDC = tokenOf('USDC').mint;
const recordings = new URL('../../../../shared/data/jupiter-quotes/responses.jsonl', import.meta.url);

const endpoints: VenueEndpoints = {
  binance: { rest: '', ws: '' },
  okx: { rest: '', ws: '' },
  bybit: { rest: '', ws: '' },
  jupiter: { rest: 'http://jupiter.test' },
};
const asked: QuoteRequest = {
  inputMint: SOL,
  outputMint: USDC,
  amountRaw: 100_000_000,
  slippageBps: 50,
  onlyDirectRoutes: false,
};

function answer(body: unknown, status = 200, headers: Record<string, string> = {}): HttpResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers, body: new TextEncoder().encode(text) };
}

function errorOf(run: () => unknown): NightjarError {
  try {
    run();
  } catch (error) {
    if (error instanceof NightjarError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('jupiter quote', () => {
  it('asks ExactIn by GET with every term in the query', () => {
    const url = new URL(quoteUrl(endpoints, { ...asked, onlyDirectRoutes: true }));
    expect(url.origin + url.pathname).toBe('http://jupiter.test/swap/v1/quote');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      inputMint: SOL,
      outputMint: USDC,
      amount: '100000000',
      slippageBps: '50',
      swapMode: 'ExactIn',
      onlyDirectRoutes: 'true',
    });
  });

  // Shapes as in the wire reference, section 4 (read 2026-11-22); values from the documented swap/v1 example.
  it.each([
    [
      'swap/v1: at the top, as strings',
      {
        inputMint: SOL,
        inAmount: '100000000',
        outputMint: USDC,
        outAmount: '16198753',
        otherAmountThreshold: '16117760',
        swapMode: 'ExactIn',
        contextSlot: 299283763,
      },
    ],
    [
      'v4: data[0], as strings',
      {
        data: [{ inAmount: '100000000', outAmount: '16198753', otherAmountThreshold: '16117760' }],
        contextSlot: 299283763,
      },
    ],
    [
      'v1: data[0], as numbers, with the older name of the threshold',
      {
        data: [{ inAmount: 100000000, outAmount: 16198753, outAmountWithSlippage: 16117760 }],
        contextSlot: 299283763,
      },
    ],
    ['routes[0]', { routes: [{ outAmount: '16198753', otherAmountThreshold: 16117760 }], contextSlot: '299283763' }],
  ])('reads %s', (_name, body) => {
    expect(readQuote(answer(body), asked)).toEqual({
      inAmountRaw: 100_000_000,
      outAmountRaw: 16_198_753,
      otherAmountThresholdRaw: 16_117_760,
      contextSlot: 299_283_763,
    });
  });

  it('works a missing threshold out of the tolerance, rounded up as the venue does', () => {
    const quote = readQuote(answer({ outAmount: '16198753' }), asked);
    expect(quote.otherAmountThresholdRaw).toBe(16_117_760);
    expect(quote.contextSlot).toBeNull();
  });

  it('takes the threshold for the price where it is all that is stated', () => {
    const quote = readQuote(answer({ otherAmountThreshold: '16117760' }), asked);
    expect(quote.outAmountRaw).toBe(16_117_760);
  });

  it.each([
    ['an error with status 200', { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' }, 200],
    ['an error with status 400', { error: 'Could not find any route' }, 400],
    ['a page of a proxy', '<html>bad gateway</html>', 502],
    ['text that is not JSON', 'outAmount', 200],
    ['null', 'null', 200],
    ['an array', [{ outAmount: '1' }], 200],
    ['an empty route list', { data: [] }, 200],
    ['an amount of zero', { outAmount: '0' }, 200],
    ['a negative amount', { outAmount: '-5' }, 200],
    ['an amount with an exponent', { outAmount: '1e9' }, 200],
    ['an amount beyond 2^53', { outAmount: '90071992547409931' }, 200],
    ['another amount than asked', { outAmount: '5', inAmount: '100000001' }, 200],
    ['another swap mode', { outAmount: '5', swapMode: 'ExactOut' }, 200],
    ['an impostor mint with the same beginning', { outAmount: '5', outputMint: `${USDC.slice(0, -1)}w` }, 200],
  ])('refuses %s with the status and the first bytes of the body', (_name, body, status) => {
    const error = errorOf(() => readQuote(answer(body, status), asked));
    expect(error.code).toBe('venue.bad-response');
    expect(error.details.status).toBe(status);
    expect(typeof body === 'string' ? body : JSON.stringify(body)).toContain(String(error.details.body));
  });

  it('shows no more than 200 bytes of a refused body', () => {
    const error = errorOf(() => readQuote(answer('x'.repeat(5000), 500), asked));
    expect(error.details.body).toBe('x'.repeat(200));
  });

  it('names a 429 with the times that its headers state', () => {
    const headers = { 'x-ratelimit-reset': '1767623460', 'retry-after': '2' };
    const error = errorOf(() => readQuote(answer({ code: 429, message: 'Too many requests' }, 429, headers), asked));
    expect(error.code).toBe('venue.rate-limited');
    expect(error.details).toMatchObject({ resetAtMs: 1_767_623_460_000, retryAfterMs: 2000 });
    expect(errorOf(() => readQuote(answer('', 429), asked)).details).toMatchObject({
      resetAtMs: null,
      retryAfterMs: null,
    });
  });

  it('rejects an amount that is no whole number of raw units before anything is sent', async () => {
    const transport = {} as Transport;
    for (const amountRaw of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      const failure = fetchQuote(transport, endpoints, { ...asked, amountRaw }, 100);
      await expect(failure).rejects.toMatchObject({ code: 'order.invalid' });
    }
  });

  it.skipIf(!existsSync(recordings))(
    'reads every recorded quote and refuses every recorded answer of another kind',
    () => {
      let quotes = 0;
      for (const line of readFileSync(recordings, 'utf8').trim().split('\n')) {
        const recorded = JSON.parse(line) as { readonly kind: string; readonly raw: string };
        const raw = JSON.parse(recorded.raw) as Record<string, string>;
        if (!recorded.kind.startsWith('quote')) {
          expect(errorOf(() => readQuote(answer(recorded.raw), asked)).code).toBe('venue.bad-response');
          continue;
        }
        const request = {
          ...asked,
          inputMint: raw.inputMint!,
          outputMint: raw.outputMint!,
          amountRaw: Number(raw.inAmount),
        };
        const quote = readQuote(answer(recorded.raw), request);
        expect(String(quote.outAmountRaw)).toBe(raw.outAmount);
        expect(String(quote.otherAmountThresholdRaw)).toBe(raw.otherAmountThreshold);
        expect(quote.contextSlot).toBe(raw.contextSlot);
        quotes += 1;
      }
      expect(quotes).toBeGreaterThanOrEqual(4);
    },
  );
});
