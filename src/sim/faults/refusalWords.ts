import type { CexVenue } from '../../domain/instruments.ts';
import { json, type SimHttpResponse } from '../simHttp.ts';

/** HTTP status, the venue's code, its words; and how long to stay away, s. */
type Words = readonly [status: number, code: string, text: string, retryAfterS?: number];

const WORDS: Readonly<Record<string, Readonly<Partial<Record<CexVenue, Words>>>>> = {
  'cancel-in-progress': {
    okx: [200, '51410', 'Cancelation failed as the order is already in canceling status'],
    bybit: [200, '110079', 'The order is processing and can not be operated, please try again later'],
  },
  'cancel-unknown': {
    binance: [400, '-2011', 'Unknown order sent.'],
    okx: [200, '51400', 'Cancellation failed as the order has been filled, canceled or does not exist.'],
    bybit: [200, '170213', 'Order does not exist.'],
  },
  'duplicate-id': {
    binance: [400, '-2010', 'Duplicate order sent.'],
    okx: [200, '51016', 'Client order ID already exists.'],
    bybit: [200, '170141', 'Duplicate clientOrderId'],
  },
  'order-hidden': {
    binance: [400, '-2013', 'Order does not exist.'],
    okx: [200, '51603', 'Order does not exist'],
    bybit: [200, '170213', 'Order does not exist.'],
  },
  'filter-breach': {
    binance: [400, '-1013', 'Filter failure: LOT_SIZE'],
    okx: [200, '51121', 'Order quantity must be a multiple of the lot size.'],
    bybit: [200, '170137', 'Order quantity has too many decimals.'],
  },
  'balance-short': {
    binance: [400, '-2010', 'Account has insufficient balance for requested action.'],
    okx: [200, '51008', 'Order failed. Insufficient account balance.'],
    bybit: [200, '170131', 'Insufficient balance.'],
  },
  'rate-limit': {
    binance: [429, '-1003', 'Too much request weight used; please use WebSocket Streams for live updates.', 1],
    okx: [200, '50011', 'Too Many Requests'],
    bybit: [200, '10006', 'Too many visits. Exceeded the API Rate Limit.'],
  },
  ban: {
    binance: [418, '-1003', 'Way too much request weight used; IP banned.', 1],
    bybit: [403, '10018', 'access too frequent', 1],
  },
  'clock-skew': {
    binance: [400, '-1021', 'Timestamp for this request is outside of the recvWindow.'],
    okx: [401, '50102', 'Timestamp request expired'],
    bybit: [200, '10002', 'invalid request, please check your server timestamp or recv_window param.'],
  },
  'bad-key': {
    binance: [401, '-2015', 'Invalid API-key, IP, or permissions for action.'],
    okx: [401, '50111', 'Invalid OK-ACCESS-KEY'],
    bybit: [200, '10003', 'API key is invalid.'],
  },
  maintenance: {
    binance: [503, '-1016', 'This service is no longer available.'],
    okx: [503, '50001', 'Service temporarily unavailable. Try again later'],
    bybit: [200, '10016', 'Server error.'],
  },
  overload: {
    binance: [400, '-1008', 'Server is currently overloaded with other requests. Please try again in a few minutes.'],
    okx: [429, '50013', 'Systems are busy. Please try again later.'],
    bybit: [200, '10429', 'System level frequency protection'],
  },
};

/** A fault's refusal as the venue words it; by the simulator's own door (`/sim/`) in the door's envelope. */
export function refusalBy(fault: string, venue: CexVenue, isDoor: boolean): SimHttpResponse {
  const [status, code, text, retryAfterS] = WORDS[fault]![venue]!;
  const headers: Record<string, string> = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  if (isDoor) {
    const doorStatus = status === 200 ? (fault === 'order-hidden' ? 404 : 400) : status;
    const known = fault === 'order-hidden' ? 'not-found' : code;
    return json(doorStatus, { rejected: { code: known, reason: text } }, headers);
  }
  switch (venue) {
    case 'binance':
      return json(status, { code: Number(code), msg: text }, headers);
    case 'okx': {
      // Codes of one order stand inside, those of the whole request outside.
      const inner = code.startsWith('51') && fault !== 'order-hidden';
      const data = inner ? [{ ordId: '', clOrdId: '', sCode: code, sMsg: text }] : [];
      return json(status, { code: inner ? '1' : code, msg: inner ? '' : text, data }, headers);
    }
    case 'bybit':
      return json(status, { retCode: Number(code), retMsg: text, result: {}, retExtInfo: {}, time: 0 }, headers);
  }
}
