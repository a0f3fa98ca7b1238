/**
 * The life of ONE order. `intended` covers the time from the journalled intent to the first word about it: it may be on
 * the wire at any moment of it. `unknown` is as alive as `open`: it holds its exposure until the venue proves its fate.
 */
export const ORDER_STATES = [
  'intended',
  'unknown',
  'open',
  'partlyFilled',
  'cancelling',
  'filled',
  'cancelled',
  'expired',
  'rejected',
  'refused',
  'neverArrived',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

export const ORDER_EVENTS = [
  /** The send was not answered: a timeout, a cut, a 5xx. */
  'answer.unknown',
  'answer.rejected',
  /** Our own gateway or latch kept it back: nothing was sent. */
  'answer.refused',
  'report.open',
  'report.partlyFilled',
  'report.filled',
  'report.cancelled',
  'report.expired',
  'report.rejected',
  /** The venue itself says, often enough, that it has no such order, and never showed it. */
  'lookup.absent',
  /** The same about an order that it has shown before. */
  'lookup.vanished',
  /** The deadline of a resolution passed without proof. */
  'lookup.unknown',
  'cancel.asked',
  /** We ask after it, since whoever followed it died. */
  'follow.asked',
] as const;
export type OrderEventType = (typeof ORDER_EVENTS)[number];

/**
 * `step` moves or confirms the order's life; `duplicate` says what was known; `late` is older than what is known and
 * changes nothing; `contradiction` cannot be true together with what was said before: evidence, alarm, symbol paused.
 */
export type OrderNews = 'step' | 'duplicate' | 'late' | 'contradiction';

export interface OrderCell {
  readonly to: OrderState;
  readonly news: OrderNews;
}

type Row = Readonly<Record<OrderEventType, OrderCell>>;

const step = (to: OrderState): OrderCell => ({ to, news: 'step' });
const duplicate = (to: OrderState): OrderCell => ({ to, news: 'duplicate' });
const late = (to: OrderState): OrderCell => ({ to, news: 'late' });
const contradiction = (to: OrderState): OrderCell => ({ to, news: 'contradiction' });

/** What the venue may say of a living order, wherever it stands. */
const venueReports = {
  'report.partlyFilled': step('partlyFilled'),
  'report.filled': step('filled'),
  'report.cancelled': step('cancelled'),
  'report.expired': step('expired'),
} as const;

/** Known to the venue, so a word that it never was there is a contradiction and ends nothing. */
const shown = (state: 'open' | 'partlyFilled'): Row => ({
  ...venueReports,
  'answer.unknown': late(state),
  'answer.rejected': contradiction(state),
  'answer.refused': contradiction(state),
  'report.open': state === 'open' ? duplicate(state) : late(state),
  // A fill stands whatever the end is called: part-filled and gone is cancelled.
  'report.rejected': state === 'open' ? step('rejected') : contradiction('cancelled'),
  'lookup.absent': contradiction(state),
  'lookup.vanished': contradiction(state),
  'lookup.unknown': step('unknown'),
  'cancel.asked': step('cancelling'),
  'follow.asked': duplicate(state),
});

/** Gone without everything filled. What shows that it filled after all wins: the venue's fills are the truth. */
const gone = (state: 'cancelled' | 'expired'): Row => ({
  'answer.unknown': late(state),
  'answer.rejected': contradiction(state),
  'answer.refused': contradiction(state),
  'report.open': late(state),
  'report.partlyFilled': late(state),
  'report.filled': contradiction('filled'),
  'report.cancelled': duplicate(state),
  // The same end by the venue's other word.
  'report.expired': duplicate(state),
  'report.rejected': contradiction(state),
  'lookup.absent': late(state),
  // Venues forget ended orders after a while.
  'lookup.vanished': late(state),
  'lookup.unknown': late(state),
  'cancel.asked': late(state),
  'follow.asked': late(state),
});

/** Believed never to have lived. When the venue shows it all the same it lives again, and somebody must look. */
const neverLived = (state: 'rejected' | 'refused' | 'neverArrived'): Row => ({
  'answer.unknown': late(state),
  'answer.rejected': state === 'rejected' ? duplicate(state) : state === 'refused' ? contradiction(state) : late(state),
  'answer.refused': state === 'refused' ? duplicate(state) : late(state),
  'report.open': contradiction('open'),
  'report.partlyFilled': contradiction('partlyFilled'),
  'report.filled': contradiction('filled'),
  'report.cancelled': late(state),
  'report.expired': late(state),
  'report.rejected': state === 'rejected' ? duplicate(state) : late(state),
  'lookup.absent': state === 'neverArrived' ? duplicate(state) : late(state),
  'lookup.vanished': late(state),
  'lookup.unknown': late(state),
  'cancel.asked': late(state),
  'follow.asked': late(state),
});

/** Every state with an answer to every event: no cell is left to chance. */
export const ORDER_TABLE: Readonly<Record<OrderState, Row>> = {
  intended: {
    ...venueReports,
    'answer.unknown': step('unknown'),
    'answer.rejected': step('rejected'),
    'answer.refused': step('refused'),
    'report.open': step('open'),
    'report.rejected': step('rejected'),
    'lookup.absent': step('neverArrived'),
    'lookup.vanished': contradiction('unknown'),
    'lookup.unknown': step('unknown'),
    'cancel.asked': step('cancelling'),
    'follow.asked': step('unknown'),
  },
  unknown: {
    ...venueReports,
    'answer.unknown': duplicate('unknown'),
    // The create's reply came after all.
    'answer.rejected': step('rejected'),
    'answer.refused': step('refused'),
    'report.open': step('open'),
    'report.rejected': step('rejected'),
    'lookup.absent': step('neverArrived'),
    'lookup.vanished': contradiction('unknown'),
    'lookup.unknown': duplicate('unknown'),
    'cancel.asked': step('cancelling'),
    'follow.asked': duplicate('unknown'),
  },
  open: shown('open'),
  partlyFilled: shown('partlyFilled'),
  cancelling: {
    ...venueReports,
    'answer.unknown': step('unknown'),
    'answer.rejected': step('rejected'),
    'answer.refused': step('refused'),
    // The cancel has not reached it yet, or a fill was faster.
    'report.open': late('cancelling'),
    'report.partlyFilled': step('cancelling'),
    'report.rejected': step('rejected'),
    'lookup.absent': step('neverArrived'),
    'lookup.vanished': contradiction('cancelling'),
    'lookup.unknown': step('unknown'),
    'cancel.asked': duplicate('cancelling'),
    'follow.asked': duplicate('cancelling'),
  },
  filled: {
    'answer.unknown': late('filled'),
    'answer.rejected': contradiction('filled'),
    'answer.refused': contradiction('filled'),
    'report.open': late('filled'),
    'report.partlyFilled': late('filled'),
    'report.filled': duplicate('filled'),
    'report.cancelled': contradiction('filled'),
    'report.expired': contradiction('filled'),
    'report.rejected': contradiction('filled'),
    'lookup.absent': late('filled'),
    'lookup.vanished': late('filled'),
    'lookup.unknown': late('filled'),
    'cancel.asked': late('filled'),
    'follow.asked': late('filled'),
  },
  cancelled: gone('cancelled'),
  expired: gone('expired'),
  rejected: neverLived('rejected'),
  refused: neverLived('refused'),
  neverArrived: neverLived('neverArrived'),
};

const ENDS: ReadonlySet<OrderState> = new Set([
  'filled',
  'cancelled',
  'expired',
  'rejected',
  'refused',
  'neverArrived',
]);

/** Nothing more is expected of it. News may still come, and the table says what it means. */
export const isEnded = (state: OrderState): boolean => ENDS.has(state);

/** What becomes of an order in `state` that hears `event`. */
export const orderAfter = (state: OrderState, event: OrderEventType): OrderCell => ORDER_TABLE[state][event];
