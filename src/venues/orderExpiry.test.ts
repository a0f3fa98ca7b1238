import { describe, expect, it } from 'vitest';
import type { CexVenue } from '../domain/instruments.ts';
import type { HttpRequest, Transport, VenueEndpoints } from '../domain/ports.ts';
import { createCcxtClient } from './ccxtClient.ts';
import { ORDER_VALID_MS } from './orderExpiry.ts';

interface Signed {
  readonly url: string;
  readonly body?: string;
  readonly headers: Record<string, string>;
}

/** What the real ccxt client signs for a call, without a network. */
async function startSigning(venue: CexVenue) {
  const rest = 'http://venue';
  const endpoints = { binance: { rest }, okx: { rest }, bybit: { rest } } as unknown as VenueEndpoints;
  const transport = {
    request: (request: HttpRequest) => Promise.reject(new Error(`unasked: ${request.url}`)),
  } as unknown as Transport;
  const keys = { apiKey: 'k', secret: 's', password: 'p' };
  const { exchange } = await createCcxtClient(venue, endpoints, keys, transport);
  // Ours is 5 s ahead of the venue's.
  exchange.options.timeDifference = 5_000;
  return (path: string, api: string, method: string) =>
    (exchange as unknown as { sign(...call: unknown[]): Signed }).sign(path, api, method, { symbol: 'SOLUSDT' });
}

/** Until when the venue takes it, in ms after its own now. */
const livesMs = (untilMs: number) => untilMs - (Date.now() - 5_000);

describe('the end of life of an order', () => {
  it('is a short recvWindow at Binance, for new orders only', async () => {
    const sign = await startSigning('binance');
    const order = new URLSearchParams(sign('order', 'private', 'POST').body);
    expect(order.get('recvWindow')).toBe(String(ORDER_VALID_MS));
    expect(Math.abs(livesMs(Number(order.get('timestamp')) + ORDER_VALID_MS) - ORDER_VALID_MS)).toBeLessThan(1_000);
    expect(new URL(sign('order', 'private', 'GET').url).searchParams.get('recvWindow')).toBe('5000');
    expect(new URL(sign('order', 'private', 'DELETE').url).searchParams.get('recvWindow')).toBe('5000');
  });

  it('is a short receive window at Bybit, for new orders only', async () => {
    const sign = await startSigning('bybit');
    expect(sign('v5/order/create', 'private', 'POST').headers['X-BAPI-RECV-WINDOW']).toBe(String(ORDER_VALID_MS));
    expect(sign('v5/order/cancel', 'private', 'POST').headers['X-BAPI-RECV-WINDOW']).toBe('5000');
  });

  it.each(['trade/order', 'trade/batch-orders'])(
    "is the header expTime in the venue's time at OKX: %s",
    async (path) => {
      const sign = await startSigning('okx');
      const { expTime } = sign(path, 'private', 'POST').headers;
      expect(Math.abs(livesMs(Number(expTime)) - ORDER_VALID_MS)).toBeLessThan(1_000);
      expect(sign('trade/cancel-order', 'private', 'POST').headers.expTime).toBeUndefined();
    },
  );
});
