import type { Venue } from '../../domain/instruments.ts';

/** What a fault acts on: frames that leave, whole sockets, or requests of one kind. */
export type FaultTarget =
  | 'frame'
  | 'socket'
  | 'snapshot'
  | 'rules'
  | 'place'
  | 'lookup'
  | 'cancel'
  | 'request'
  | 'quote';

export interface FaultKind {
  /** Number in the list of faults that a client meets on the wire. */
  readonly number: string;
  readonly name: string;
  readonly what: string;
  readonly venues: readonly Venue[];
  readonly target: FaultTarget;
  /** How long it lasts when the plan does not say, ms. */
  readonly forMs: number;
  /** How often it hits at most when the plan does not say; the largest = as often as it can. */
  readonly times: number;
  /** Varieties, the first is the default; none = there is only one. */
  readonly how?: readonly string[];
  /** Meaning and default of `byMs`, where the fault has such a figure. */
  readonly byMs?: number;
}

const CEX = ['binance', 'okx', 'bybit'] as const;
/** As often as anybody could count; finite, so that a plan survives being written as JSON. */
const ALWAYS = 1_000_000;

const kind = (number: string, name: string, target: FaultTarget, what: string, rest: Partial<FaultKind> = {}) => ({
  ...{ number, name, target, what, venues: CEX as readonly Venue[], forMs: 10_000, times: 1 },
  ...rest,
});

/** Every fault that the embedded spot venues can play, by the numbers of the table of faults. */
export const FAULT_KINDS: readonly FaultKind[] = [
  kind('M1', 'sequence-gap', 'frame', 'one change of the book is lost on the way'),
  kind(
    'M2',
    'legal-jump',
    'frame',
    'ids jump as the venue allows: an older event (Binance), a reset of the ids (OKX, Bybit)',
  ),
  kind('M3', 'stale-snapshot', 'snapshot', 'the next snapshots are the old one from a cache', { times: 3 }),
  kind('M4', 'snapshot-fails', 'snapshot', 'the snapshot is refused, or never answered', {
    ...{ venues: ['binance'], times: 2, how: ['429', '503', 'silence'] },
  }),
  kind('M5', 'checksum-garbage', 'frame', 'a checksum that fits nothing', { venues: ['okx'] }),
  kind('M6', 'duplicate-message', 'frame', 'book changes and trades come twice', { times: 20 }),
  kind('M7', 'streams-out-of-order', 'frame', 'the book comes later than the trades of the same moment', {
    ...{ times: ALWAYS, forMs: 3_000, byMs: 300 },
  }),
  kind('M8', 'crossed-book', 'frame', 'a bid far above the ask, whose delete is lost or comes with the next change', {
    how: ['lasting', 'momentary'],
  }),
  kind('M10', 'silent-socket', 'socket', 'the connections of the moment stay open and carry nothing more', {
    forMs: 120_000,
  }),
  kind('M11', 'symbol-silence', 'frame', 'book and trades of one symbol stop, answers go on', { times: ALWAYS }),
  kind('M12', 'ping-missed', 'socket', 'the venue hears no pong and closes in its own words'),
  kind('M13', 'forced-disconnect', 'socket', 'the venue closes, after its notice where it gives one', {
    ...{ how: ['notice', 'plain'], byMs: 5_000 },
  }),
  kind('M14', 'refused-subscription', 'socket', 'after a cut, subscriptions are refused or stay silent', { times: 2 }),
  kind('M15', 'too-many-connects', 'socket', 'after a cut, new connections are turned away', { times: 3 }),
  kind('M16', 'broken-frame', 'frame', 'half a frame, no JSON at all, or a frame of a megabyte', {
    how: ['half', 'garbage', 'huge'],
  }),
  kind('M17', 'clock-jump', 'frame', 'the venue’s own times jump by byMs', { times: ALWAYS, byMs: -5_000 }),
  kind('M18', 'symbol-change', 'rules', 'the tick sizes in the market rules are ten times what they were', {
    times: ALWAYS,
  }),
  kind('O1', 'ack-lost', 'place', 'the order is taken, its answer is lost or a 5xx', {
    how: ['cut', 'silence', '5xx'],
  }),
  kind('O2', 'order-hidden', 'lookup', 'for byMs after an order the venue denies it', { times: ALWAYS, byMs: 700 }),
  kind('O4', 'fill-before-cancel', 'cancel', 'the order fills a moment before its cancel arrives'),
  kind('O5', 'partial-then-cancelled', 'cancel', 'half of the order fills a moment before its cancel arrives'),
  kind('O7', 'cancel-in-progress', 'cancel', 'the cancel is refused: one is under way already', {
    venues: ['okx', 'bybit'],
  }),
  kind('O8', 'cancel-unknown', 'cancel', 'the order is cancelled, the answer says that there is none'),
  kind('O9', 'duplicate-id', 'place', 'the order is taken, the answer says that its id was used before'),
  kind('O12', 'ioc-part', 'place', 'half of what the order wants is gone when it arrives'),
  kind('O13', 'filter-breach', 'place', 'the order is refused for its size'),
  kind('O14', 'balance-short', 'place', 'the order is refused for lack of balance'),
  kind('O15', 'rate-limit', 'request', 'every request is one too many', { times: ALWAYS, forMs: 3_000 }),
  kind('O16', 'ban', 'request', 'the address is banned', { venues: ['binance', 'bybit'], times: ALWAYS, forMs: 5_000 }),
  kind('O17', 'clock-skew', 'place', 'the order’s time is out of the venue’s window'),
  kind('O18', 'bad-key', 'place', 'the key is not accepted'),
  kind('O19', 'maintenance', 'request', 'the venue is under maintenance', { times: ALWAYS, forMs: 5_000 }),
  kind('O20', 'overload', 'place', 'the venue is overloaded and has not taken the order', { times: 3 }),
  kind('O27', 'unknown-state', 'lookup', 'an order is in a state with an unknown name, beside an unknown field', {
    times: 3,
  }),
  kind('X1', 'quote-limit', 'quote', 'quotes are refused with 429', {
    venues: ['jupiter'],
    times: ALWAYS,
    forMs: 3_000,
  }),
  kind('X2', 'no-route', 'quote', 'no route is found', { venues: ['jupiter'], times: ALWAYS, forMs: 3_000 }),
  kind('X3', 'stale-quote', 'quote', 'quotes are those of some time ago, old slot included', {
    ...{ venues: ['jupiter'], times: ALWAYS, forMs: 3_000 },
  }),
  kind('X16', 'host-gone', 'quote', 'the host answers 404 to everything', {
    venues: ['jupiter'],
    times: ALWAYS,
    forMs: 3_000,
  }),
];

const reasons = (text: string, ...numbers: string[]): [string, string][] => numbers.map((number) => [number, text]);

/** Faults of the same table that these venues cannot play, and why. */
export const FAULTS_NOT_PLAYED: ReadonlyMap<string, string> = new Map([
  ...reasons('the embedded snapshot holds the whole book', 'M9'),
  ...reasons('perpetuals only', 'M19', 'O24'),
  ...reasons('the embedded venues have no private streams', 'O3', 'O6', 'O21', 'O22', 'O23'),
  ...reasons('the rule of the embedded venue itself, without a plan', 'O10', 'O11'),
  ...reasons('we arm no dead-man switch and amend no order', 'O25', 'O26'),
  ...reasons('the knob sim.market.swapDropShare plays it', 'X4', 'X7'),
  ...reasons('a fault of the chain behind JSON-RPC', 'X5', 'X6', 'X8', 'X9', 'X10', 'X11', 'X15'),
  ...reasons('Deribit and Hyperliquid are not embedded', 'X12', 'X13', 'X14'),
]);

export const faultNamed = (name: string): FaultKind | undefined => FAULT_KINDS.find((one) => one.name === name);

/** `nightjar sim --faults list`: one line each. */
export function faultListing(): string {
  return FAULT_KINDS.map(({ number, name, venues, what, how, byMs }) => {
    const extra = [how === undefined ? '' : `how: ${how.join('|')}`, byMs === undefined ? '' : `byMs: ${byMs}`];
    const options = extra.filter((text) => text !== '').join(', ');
    return `${number.padEnd(4)} ${name.padEnd(22)} ${venues.join(',').padEnd(18)} ${what}${options === '' ? '' : ` (${options})`}`;
  }).join('\n');
}
