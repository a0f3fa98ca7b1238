/** One way in which trading systems have failed their users, and what must happen here instead. */
export interface FailureCase {
  readonly number: string;
  /** What happens, then what must follow. */
  readonly happens: string;
  /** Why no test proves it yet; only where none does. */
  readonly reason?: string;
}

const group = (letter: string, cases: readonly (string | readonly [string, string])[]): FailureCase[] =>
  cases.map((one, i) =>
    typeof one === 'string'
      ? { number: `${letter}${i + 1}`, happens: one }
      : { number: `${letter}${i + 1}`, happens: one[0], reason: one[1] },
  );

/** The cases of all groups, in their order. */
export const FAILURE_CASES: readonly FailureCase[] = [
  ...group('A', [
    'a create is accepted and its reply lost → unknown, not failed; one order per level',
    'a create times out without a venue id → resolved by client id, no second create',
    'a create times out → one request per intent, no ordering again',
    'a create gets a 502 → one on the wire; lookups may repeat',
    'a create gets 504 five times → one order at the venue',
    'orders are accepted, then nothing answers → exposure assumed until the venue speaks',
    'transport errors → never counted as "not found"',
    'the network flaps over a quote cycle → the old quote is cancelled before the next is placed',
    'the venue denies an accepted order for a while → watched on, found when it reappears',
    'a retry waits and the fill of the first try arrives → the position never exceeds its target',
    'fills lag behind → intents count as filled for every limit',
    'orders fill while we are down → booked, and nothing is placed from the old list',
    'a parent restarts while its children rest → children adopted, not doubled',
    'the connection drops during a cancel of an order that is gone → at most three cancels, an end within 30 s',
    'a cancel throws → evidence to look at, not a crash',
    'a create is rejected or hangs → the next one is answered within its deadline',
    'fifty orders in one millisecond, a restart, a clock that steps back → ids rise strictly',
  ]),
  ...group('B', [
    'a restart replays fills → each trade id applied once',
    'a closed order and a part-filled open one → not counted twice',
    'one market order, many fills → cash exact by each fill',
    'a rejected cancel echoes an old execution → nothing booked',
    'cumulative and incremental reports mixed → exact sum, a falling one alarmed',
    'the venue fills more than was ordered → booked, flagged, symbol paused',
    'cancel and replace after a part fill → never more than the first intent',
    'a fill is never delivered → found by the next sweep',
    'a connection is made anew at any moment → no event of an order missed',
    'heartbeats arrive and fills do not → alive is not complete',
    'an order is called cancelled though it filled → the position is the venue’s',
    'a fill overtakes the reply of its create → its order’s, in any sequence',
    'a venue fills one order again at each tick → seen, and nothing opened any more',
    'a position shrinks under its protective order → never larger than the position, never zero',
    'a late fill meets the next attempt → it belongs to the order that it names',
    'a fee is taken in the base → less to sell, and no more is offered',
    'a cancel races a part fill → no trade of quantity 0',
    'closing orders of any mix → a position never changes its sign',
    'an own order has outlived everybody → cancelled by the next sweep',
  ]),
  ...group('C', [
    'a connection is made anew → nothing of the old book is left',
    'a book is crossed → prices nothing at once, and is made anew',
    'a book is crossed for a moment, again and again → waited out, no storm of resyncs',
    'changes are missing between snapshot and stream → buffered and joined by sequence, or asked for again',
    'a gap comes again and again → one resync each, bounded in time',
    ['a close loses trades → bars of that time are marked', 'no bars are made of trades here'],
    'a socket is open and says nothing → given up in time',
    'messages grow old on the way → seen by their age, and paused',
    ['an open candle → feeds no signal', 'no candles are used here'],
    'the sequence is right and the content wrong → found by an audit over REST',
  ]),
  ...group('D', [
    'a clock is wrong, stepped or drifting → measured again, few refusals',
    'a venue says how long to stay away → it gets nothing but cancels until then',
    'a ban with an end → outlives a restart',
    'all bots start together → staggered by one budget',
    'a refresh grows without bound → work per loop stays flat',
    'more symbols than the limits bear → refused before the start',
    'daylight saving, holidays, half days → the session of an independent calendar',
    'the machine stands in another time zone → the same session',
  ]),
  ...group('E', [
    'quantities and prices as decimals → the digits that were decided reach the wire',
    'small increments → no exponent on the wire, nothing off the grid',
    ['contracts and base units differ by venue → not mixed', 'perpetuals are not traded yet'],
    ['the size of a contract is stated wrongly → found by a first small order', 'perpetuals are not traded yet'],
    [
      'an order is refused for its size → not sent again unchanged',
      'an order is never repeated; what a bot decides next has no test by this number',
    ],
    'rounding to a lot puts an order under a minimum → it is sized above every minimum',
  ]),
  ...group('F', [
    'power is lost, unsynced bytes with it → recovered to the last acknowledged commit, at every byte',
    'state is garbage → the repair commands and the stop still work',
    'a journal is moved without its siblings, or belongs to another run → refused, with the reason',
    'the disk is full → no new risk within 2 s, the control plane answers, the log is capped',
    'one sync fails → fail-stop, nothing acknowledged is lost',
    'the core is killed at any journal point → every run opens again, no fill lost, no order doubled',
    'a cold start fails again and again → the restart budget ends it in a safe state',
    'a day with a reconnect each minute → memory stays bounded',
    'SIGTERM or SIGKILL with orders out → own orders are gone, or cancelled first by the next start',
    'a stop → orders of others are never touched',
    'a stop whose cancels are not acknowledged → says what is not confirmed, exit code not 0',
  ]),
  ...group('G', [
    'a mode without sending has live keys at hand → no signer exists, nothing private is written to a socket',
    'the kill logic itself throws → orders stop all the same',
    'there are no trades yet → no loss rule fires',
    'stop, then a reconnect or a change of settings → no new order',
    'a dry run → changes no state, and says what it is',
    'one part runs an older build → it does not trade',
  ]),
  ...group('H', [
    'no token was configured → one is made (0600); no path acts without',
    'a foreign Host, or an Origin that matches it → refused before anything else',
    'an upgrade from a foreign page → refused before the 101',
    'a thousand wrong tokens → slowed; the right one on loopback is not',
    'secrets in twelve places → in no output',
    'a screen of settings → shows no key',
    'a reader shares the screen → its token acts on nothing',
    'unauthenticated trade webhooks → nothing that comes in opens risk',
    'a dependency turns hostile → few packages beside the keys, and no way out but to the venues',
  ]),
];
