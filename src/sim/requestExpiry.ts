import type { VenueRefusal } from './rejections.ts';

/**
 * Judges the end of life that a request through the simulator's own doors may state as `expiresAtMs`, epoch ms of the
 * venue: the doors' form of `recvWindow` and `expTime`. Whoever states none may come as late as he likes.
 *
 * @returns why the request is refused, or null
 */
export function refuseExpired(expiresAtMs: unknown, nowMs: number): VenueRefusal | null {
  if (expiresAtMs === undefined) return null;
  if (typeof expiresAtMs !== 'number' || !Number.isFinite(expiresAtMs)) {
    return { code: 'bad-request', reason: `expiresAtMs "${String(expiresAtMs)}": give epoch milliseconds as a number` };
  }
  const lateMs = Math.floor(nowMs) - expiresAtMs;
  return lateMs > 0 ? { code: 'expired', reason: `the request came ${lateMs} ms after its end of life` } : null;
}
