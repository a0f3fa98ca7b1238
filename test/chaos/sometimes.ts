/**
 * Places that a set of runs must have reached, or its silence proves nothing. `npm run chaos -- --nightly` fails when one
 * of them was never seen.
 */
export const SOMETIMES = [
  'a core died with an order unknown',
  'a core died with an attempt under way',
  'a core died between an input and its rows',
  'a core died while it recovered',
  'rows were lost with a core',
  'an intent was lost with a core',
  'recovery found a fill of a dead core',
  'recovery found an order without a fill',
  'recovery found an attempt under way',
  'a core woke from a pause',
  'the clock stepped back at a restart',
  'a fill was heard of before the ack',
  'an answer was unknown',
  'an order was unknown for more than 5 s',
  'an order never arrived',
  'a venue refused an order',
  'a swap landed and failed',
  'a latch was closed between intent and send',
  'a kill was closed between intent and send',
  'a flatten was asked for while an attempt was under way',
  'no gateway was there when an intent was committed',
  'a gateway died with an order on its way',
  'a journal died while an attempt was under way',
  'the journal failed while an attempt was under way',
  'a failed journal gave an order back',
  'a failed journal was restarted',
  'the journal was stalled while an intent waited',
  'the latch file could not be written',
  'a bot crashed with an attempt under way',
  'a bot adopted an order after its crash',
  'a lane died while an attempt was under way',
  'an attempt was unwound',
  'a look crashed',
  'venue truth was incomplete',
  'a venue listed a fill twice',
  'the core closed a permit',
  'a restart budget was exceeded',
  'the guardian gave up',
  'the same control id was asked twice',
] as const;
export type SometimesPoint = (typeof SOMETIMES)[number];

export type SometimesCounts = Readonly<Partial<Record<SometimesPoint, number>>>;

export const neverReached = (counts: SometimesCounts): SometimesPoint[] =>
  SOMETIMES.filter((point) => (counts[point] ?? 0) === 0);
