import type { CexVenue } from '../domain/instruments.ts';
import type { RejectKind } from './simOrder.ts';

export interface VenueRefusal {
  readonly code: string;
  readonly reason: string;
}

/** Each venue's own code and words per reason (the venues' documentation as of 2026-07). */
const REFUSALS: Readonly<Record<CexVenue, Readonly<Record<RejectKind, VenueRefusal>>>> = {
  binance: {
    symbol: { code: '-1121', reason: 'Invalid symbol.' },
    price: { code: '-1013', reason: 'Filter failure: PRICE_FILTER' },
    quantity: { code: '-1013', reason: 'Filter failure: LOT_SIZE' },
    minQty: { code: '-1013', reason: 'Filter failure: LOT_SIZE' },
    minNotional: { code: '-1013', reason: 'Filter failure: NOTIONAL' },
    balance: { code: '-2010', reason: 'Account has insufficient balance for requested action.' },
    duplicate: { code: '-2010', reason: 'Duplicate order sent.' },
    postOnlyWouldTake: { code: '-2010', reason: 'Order would immediately match and take.' },
    clientId: {
      code: '-1100',
      reason:
        "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.",
    },
    expired: { code: '-1021', reason: 'Timestamp for this request is outside of the recvWindow.' },
  },
  okx: {
    symbol: { code: '51001', reason: "Instrument ID, Instrument ID code, or Spread ID doesn't exist." },
    price: { code: '51000', reason: 'Parameter px error' },
    quantity: { code: '51121', reason: 'Order quantity must be a multiple of the lot size.' },
    minQty: { code: '51020', reason: 'Your order should meet or exceed the minimum order amount.' },
    minNotional: { code: '51020', reason: 'Your order should meet or exceed the minimum order amount.' },
    balance: { code: '51008', reason: 'Order failed. Insufficient account balance.' },
    duplicate: { code: '51016', reason: 'Client order ID already exists.' },
    postOnlyWouldTake: { code: '51000', reason: 'Parameter ordType error' },
    clientId: { code: '51000', reason: 'Parameter clOrdId error' },
    expired: { code: '50036', reason: 'The expTime cannot be earlier than the current system time.' },
  },
  bybit: {
    symbol: { code: '170121', reason: 'Invalid symbol.' },
    price: { code: '170134', reason: 'Order price has too many decimals.' },
    quantity: { code: '170137', reason: 'Order quantity has too many decimals.' },
    minQty: { code: '170136', reason: 'Order quantity exceeded lower limit.' },
    minNotional: { code: '170140', reason: 'Order value exceeded lower limit.' },
    balance: { code: '170131', reason: 'Insufficient balance.' },
    duplicate: { code: '170141', reason: 'Duplicate clientOrderId' },
    postOnlyWouldTake: { code: '170218', reason: 'The LIMIT-MAKER order is rejected due to invalid price.' },
    clientId: { code: '10001', reason: 'params error: orderLinkId' },
    expired: { code: '10002', reason: 'invalid request, please check your server timestamp or recv_window param.' },
  },
};

export function refusalOf(venue: CexVenue, kind: RejectKind): VenueRefusal {
  return REFUSALS[venue][kind];
}
