import type { Exchange } from 'ccxt';
import type { CexVenue } from '../domain/instruments.ts';

/**
 * So long after it was signed a venue takes a request that creates an order, ms of the venue's clock. A later one is
 * refused: that, and not a "no such order", is what proves that an order never comes to life.
 */
export const ORDER_VALID_MS = 2_000;
/** What our idea of the venue's time may be ahead: Binance and Bybit refuse a timestamp that is further in the future. */
const CLOCK_AHEAD_MS = 1_000;
/** So long after it was sent no venue takes an order any more, ms of our clock. */
export const ORDER_GONE_MS = ORDER_VALID_MS + CLOCK_AHEAD_MS;

/** Paths of ccxt that create orders at our three venues, in its own spelling. */
const CREATES = /^(order|v5\/order\/create|trade\/(order|batch-orders))$/;

type Sign = (path: string, api?: unknown, method?: string, ...rest: unknown[]) => { headers?: Record<string, string> };

/**
 * Makes a ccxt client state an end of life with each order: Binance's `recvWindow`, Bybit's `X-BAPI-RECV-WINDOW`, OKX's
 * `expTime` header, which ccxt does not know (wire reference 1.1, 2.3 and 3.1). Questions and cancels keep the long
 * window, as a late one does no harm.
 */
export function expireOrders(venue: CexVenue, exchange: Exchange): void {
  const signing = exchange as unknown as { sign: Sign; nonce(): number; options: { recvWindow: number } };
  const sign = signing.sign.bind(exchange);
  signing.sign = (path, api, method, ...rest) => {
    if (method !== 'POST' || !CREATES.test(path)) return sign(path, api, method, ...rest);
    const usualMs = signing.options.recvWindow;
    signing.options.recvWindow = ORDER_VALID_MS;
    try {
      const signed = sign(path, api, method, ...rest);
      if (venue !== 'okx') return signed;
      return { ...signed, headers: { ...signed.headers, expTime: String(signing.nonce() + ORDER_VALID_MS) } };
    } finally {
      signing.options.recvWindow = usualMs;
    }
  };
}
