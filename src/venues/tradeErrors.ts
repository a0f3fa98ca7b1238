import type { Venue } from '../domain/instruments.ts';
import { type HttpExchange, parseJson } from './httpExchange.ts';

/**
 * What one answer of a venue's trade interface proves.
 * - accepted: it did, or says, what was asked
 * - rejected: certainly not done
 * - limited: certainly not done, because we ask too often
 * - arrived: refused as a duplicate, so an earlier send of the same id reached the venue
 * - absent: the venue knows no such (live) order
 * - unknown: may or may not be done
 */
export type Verdict = 'accepted' | 'rejected' | 'limited' | 'arrived' | 'absent' | 'unknown';

export interface Judgement {
  readonly verdict: Verdict;
  /** The venue's own code, or `http-502`, `net.timeout`, `bad-answer`. */
  readonly code: string;
  readonly reason: string;
  /** Parsed answer; undefined when there was none or it was no JSON. */
  readonly body: unknown;
  /** limited: how long to stay away. */
  readonly quietMs: number;
}

type Rule = readonly [from: number, to: number, verdict: Verdict];

/**
 * First match wins. A code that no rule names is `unknown`: asking the venue costs a second, a wrong "rejected" could
 * leave an order alive that nobody watches. Sources: wire reference 1.4, 2.3, 3.3 and 9.2 (venues' error pages, read
 * 2026-11-22).
 */
const rulesByVenue: Readonly<Record<Exclude<Venue, 'jupiter'>, readonly Rule[]>> = {
  binance: [
    [-1003, -1003, 'limited'],
    [-1015, -1015, 'limited'],
    [-1008, -1008, 'rejected'],
    [-1002, -1002, 'rejected'],
    [-1014, -1013, 'rejected'],
    [-1016, -1016, 'rejected'],
    [-1022, -1020, 'rejected'],
    [-1199, -1100, 'rejected'],
    [-2010, -2010, 'rejected'],
    [-2011, -2011, 'absent'],
    [-2013, -2013, 'absent'],
    [-2015, -2014, 'rejected'],
  ],
  okx: [
    [50_011, 50_011, 'limited'],
    [50_013, 50_013, 'limited'],
    [50_061, 50_061, 'limited'],
    [50_000, 50_000, 'rejected'],
    [50_002, 50_002, 'rejected'],
    [50_005, 50_006, 'rejected'],
    [50_014, 50_014, 'rejected'],
    [50_100, 50_119, 'rejected'],
    [51_016, 51_016, 'arrived'],
    // "Request timed out" and "Order timed out": nothing is proven.
    [51_054, 51_054, 'unknown'],
    [51_149, 51_149, 'unknown'],
    [51_400, 51_402, 'absent'],
    [51_410, 51_410, 'unknown'],
    [51_503, 51_503, 'absent'],
    [51_603, 51_603, 'absent'],
    [51_000, 51_999, 'rejected'],
  ],
  bybit: [
    [429, 429, 'limited'],
    [10_006, 10_006, 'limited'],
    [10_018, 10_018, 'limited'],
    [10_429, 10_429, 'limited'],
    [10_001, 10_005, 'rejected'],
    [10_007, 10_010, 'rejected'],
    [10_017, 10_017, 'rejected'],
    [10_024, 10_029, 'rejected'],
    [110_001, 110_001, 'absent'],
    [110_008, 110_008, 'absent'],
    [110_010, 110_010, 'absent'],
    [110_072, 110_072, 'arrived'],
    [110_079, 110_079, 'unknown'],
    [110_000, 110_999, 'rejected'],
    [170_007, 170_007, 'unknown'],
    [170_139, 170_139, 'absent'],
    [170_141, 170_141, 'arrived'],
    [170_142, 170_143, 'absent'],
    [170_146, 170_147, 'unknown'],
    [170_213, 170_213, 'absent'],
    [170_000, 170_999, 'rejected'],
  ],
};

/** HTTP statuses that say, without any body, that the request was turned away at the door. */
const turnedAway = new Set([401, 403, 404, 405, 413, 414, 431]);

/** Stay away so long when a limit does not say how long. */
const defaultQuietMs = 1_000;
/** A ban without a date: Binance's shortest (418), Bybit's per IP (403). */
const binanceBanMs = 120_000;
const bybitBanMs = 600_000;

export function judge(venue: Venue, exchange: HttpExchange): Judgement {
  const { status } = exchange;
  const body = parseJson(exchange.text);
  const named = status === null ? null : codeIn(venue, body);
  const make = (verdict: Verdict, code: string, reason: string): Judgement => ({
    verdict,
    code,
    reason: reason === '' ? verdict : reason,
    body,
    quietMs: verdict === 'limited' ? quietMsOf(venue, exchange) : 0,
  });

  if (status === null) {
    // A refused connection carried nothing; everything else may have.
    const code = exchange.netCode ?? 'net.cut';
    // Our own budget kept it back.
    if (code === 'venue.rate-limited') return make('limited', code, exchange.trouble);
    return make(code === 'net.refused' ? 'rejected' : 'unknown', code, exchange.trouble);
  }
  const code = named?.code ?? `http-${status}`;
  const text = named?.text ?? exchange.text.slice(0, 200);
  if (status >= 500 || status === 408) return make('unknown', code, text);
  if (status === 418 || status === 429) return make('limited', code, `rate limited: ${text}`);
  if (status === 403 && venue === 'bybit') return make('limited', code, `rate limited: ${text}`);
  if (body === undefined) {
    return turnedAway.has(status) ? make('rejected', code, text) : make('unknown', 'bad-answer', text);
  }
  if (named === null) {
    if (status < 200 || status >= 300) return make(turnedAway.has(status) ? 'rejected' : 'unknown', code, text);
    return make('accepted', 'ok', '');
  }
  const verdict = verdictOf(venue, named.code, named.text);
  return make(verdict, named.code, verdict === 'limited' ? `rate limited: ${named.text}` : named.text);
}

/** What a venue's own code and words prove. */
export function verdictOf(venue: Venue, code: string, text: string): Verdict {
  // One Binance code for many refusals: the text tells which (wire reference 1.4).
  if (venue === 'binance' && code === '-2010' && /duplicate order/i.test(text)) return 'arrived';
  if (venue === 'jupiter') return code === 'not-found' ? 'absent' : 'rejected';
  const number = Number(code);
  for (const [from, to, verdict] of rulesByVenue[venue]) {
    if (number >= from && number <= to) return verdict;
  }
  return 'unknown';
}

function quietMsOf(venue: Venue, exchange: HttpExchange): number {
  if (exchange.retryAfterMs !== null) return exchange.retryAfterMs;
  if (exchange.status === 418) return binanceBanMs;
  if (exchange.status === 403 && venue === 'bybit') return bybitBanMs;
  return defaultQuietMs;
}

type Named = { readonly code: string; readonly text: string };

/** JSON that is not in the venue's envelope: somebody else answered. */
const noEnvelope: Named = { code: 'bad-answer', text: 'the answer has no result code' };

/** The error that a body states, in the venue's own dialect; null when it states none. */
function codeIn(venue: Venue, body: unknown): Named | null {
  if (typeof body !== 'object' || body === null) return null;
  const fields = body as Record<string, unknown>;
  switch (venue) {
    case 'binance':
      return typeof fields.code === 'number' && fields.code < 0 ? named(fields.code, fields.msg) : null;
    case 'okx':
      return okxCode(fields);
    case 'bybit':
      if (fields.retCode === 0) return null;
      return fields.retCode === undefined ? noEnvelope : named(fields.retCode, fields.retMsg);
    case 'jupiter':
      return jupiterCode(fields);
  }
}

/** OKX wraps: code 1 (all failed) or 2 (some failed) outside, the reason in `data[0].sCode`. */
function okxCode(fields: Record<string, unknown>): Named | null {
  const first = Array.isArray(fields.data) ? (fields.data[0] as Record<string, unknown> | undefined) : undefined;
  const inner = first?.sCode;
  if (inner !== undefined && inner !== '' && inner !== '0') return named(inner, first?.sMsg);
  if (fields.code === '0') return null;
  return fields.code === undefined ? noEnvelope : named(fields.code, fields.msg);
}

/** Jupiter itself says `error` and sometimes `errorCode`; the swap door of the simulator `rejected: {code, reason}`. */
function jupiterCode(fields: Record<string, unknown>): Named | null {
  const { rejected } = fields;
  if (typeof rejected === 'object' && rejected !== null) {
    const { code, reason } = rejected as Record<string, unknown>;
    return named(code, reason);
  }
  return fields.error === undefined ? null : named(fields.errorCode ?? 'error', fields.error);
}

function named(code: unknown, text: unknown): Named {
  return { code: String(code), text: text === undefined ? '' : String(text) };
}
