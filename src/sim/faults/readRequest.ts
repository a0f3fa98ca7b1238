import type { CexVenue, Venue } from '../../domain/instruments.ts';
import type { SimHttpRequest } from '../simHttp.ts';

export type RequestKind = 'snapshot' | 'rules' | 'place' | 'lookup' | 'list' | 'cancel' | 'quote' | 'other';

export interface ReadRequest {
  readonly kind: RequestKind;
  /** By the simulator's own door, not in the venue's dialect. */
  readonly isDoor: boolean;
  /** Of the order that it is about, by our id or the venue's; empty where none is named. */
  readonly clientOrderId: string;
  readonly venueOrderId: string;
  /** Every field of query and body. */
  readonly fields: Readonly<Record<string, string>>;
}

const KINDS: readonly (readonly [RegExp, RequestKind])[] = [
  [/^GET (\/api\/v3\/depth|\/api\/v5\/market\/books|\/v5\/market\/orderbook)$/, 'snapshot'],
  [
    /^GET (\/api\/v3\/exchangeInfo|\/api\/v5\/public\/instruments|\/v5\/market\/instruments-info|\/sim\/markets)$/,
    'rules',
  ],
  [/^POST (\/api\/v3\/order|\/api\/v5\/trade\/(order|batch-orders)|\/v5\/order\/create|\/sim\/order)$/, 'place'],
  [/^DELETE (\/api\/v3\/order|\/sim\/order)$/, 'cancel'],
  [/^POST (\/api\/v5\/trade\/cancel-(order|batch-orders)|\/v5\/order\/cancel)$/, 'cancel'],
  [/^GET (\/api\/v3\/order|\/api\/v5\/trade\/order|\/sim\/order)$/, 'lookup'],
  [
    /^GET (\/v5\/order\/(realtime|history)|\/api\/v3\/(openOrders|allOrders)|\/api\/v5\/trade\/orders-(pending|history)|\/sim\/openOrders)$/,
    'list',
  ],
  [/^GET \/swap\/v1\/quote$/, 'quote'],
];

export function readRequest(venue: Venue, { method, target, body }: SimHttpRequest): ReadRequest {
  const [path = '', query = ''] = target.split('?');
  const kind = KINDS.find(([shape]) => shape.test(`${method} ${path}`))?.[1] ?? 'other';
  const fields = { ...Object.fromEntries(new URLSearchParams(query)), ...bodyFields(body) };
  const clientOrderId = fields[CLIENT_ID[venue as CexVenue] ?? 'clientOrderId'] ?? fields.origClientOrderId ?? '';
  return {
    ...{ kind: venue === 'bybit' && kind === 'list' && clientOrderId !== '' ? 'lookup' : kind, fields },
    isDoor: path.startsWith('/sim/'),
    clientOrderId: path.startsWith('/sim/') ? (fields.clientOrderId ?? '') : clientOrderId,
    venueOrderId: fields.orderId ?? fields.ordId ?? '',
  };
}

const CLIENT_ID: Readonly<Record<CexVenue, string>> = {
  binance: 'newClientOrderId',
  okx: 'clOrdId',
  bybit: 'orderLinkId',
};

/** Form or JSON, one order or a list with one. */
function bodyFields(body: string): Record<string, string> {
  if (body === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    const one: unknown = Array.isArray(value) ? value[0] : value;
    return Object.fromEntries(Object.entries(one ?? {}).map(([name, field]) => [name, String(field)]));
  } catch {
    return Object.fromEntries(new URLSearchParams(body));
  }
}
