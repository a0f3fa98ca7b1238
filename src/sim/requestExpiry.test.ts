import { describe, expect, it } from 'vitest';
import { CEX_VENUES } from '../domain/instruments.ts';
import { refuseExpired } from './requestExpiry.ts';
import { startTestbed } from './simTestbed.ts';

const TOO_LATE = { binance: '-1021', okx: '50036', bybit: '10002' } as const;

describe('a request with an end of life', () => {
  it('is taken until then and refused after it', () => {
    expect(refuseExpired(1_000, 1_000.9)).toBeNull();
    expect(refuseExpired(1_000, 1_001)).toMatchObject({ code: 'expired' });
    expect(refuseExpired(undefined, 1_001)).toBeNull();
  });

  it.each(['soon', null, Number.NaN])('is refused when that is %s', (expiresAtMs) => {
    expect(refuseExpired(expiresAtMs, 0)).toMatchObject({ code: 'bad-request' });
  });

  it.each(CEX_VENUES)('never becomes an order on %s when it comes too late', (venue) => {
    const bed = startTestbed(1);
    const order = { symbol: 'SOL/USDT', side: 'sell', type: 'market', qty: '0.5' };
    const { timeMs } = bed.get(venue, '/sim/time').body;
    const late = bed.post(venue, '/sim/order', { ...order, clientOrderId: 'njlate', expiresAtMs: timeMs - 1 });
    expect(late).toMatchObject({ status: 400, body: { rejected: { code: TOO_LATE[venue] } } });
    expect(bed.get(venue, '/sim/order?clientOrderId=njlate').status).toBe(404);
    expect(bed.post(venue, '/sim/order', { ...order, clientOrderId: 'nj1', expiresAtMs: timeMs }).status).toBe(200);
  });

  it('never becomes a swap when it comes too late', () => {
    const bed = startTestbed(1);
    const { timeMs } = bed.get('jupiter', '/sim/time').body;
    const swap = { clientOrderId: 'njlate', inAmountRaw: 1_000, minOutAmountRaw: 1, expiresAtMs: timeMs - 1 };
    const late = bed.post('jupiter', '/sim/swap', swap);
    expect(late).toMatchObject({ status: 400, body: { rejected: { code: 'expired' } } });
    expect(bed.get('jupiter', '/sim/swap?clientOrderId=njlate').status).toBe(404);
  });
});
