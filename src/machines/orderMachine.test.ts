import { describe, expect, it } from 'vitest';
import { getInitialSnapshot, getNextSnapshot } from 'xstate';
import { orderMachine } from './orderMachine.ts';
import { isEnded, ORDER_EVENTS, ORDER_STATES, type OrderEventType, type OrderState, orderAfter } from './orderTable.ts';

/**
 * The whole chart by hand, as a second opinion: one line per state, one word per event in the order of ORDER_EVENTS.
 * `=` stays without news (duplicate), `~` late, `!` contradiction and stays, `name` a step, `!name` a contradiction that moves.
 */
const SHEET: Record<OrderState, string> = {
  intended:
    'unknown rejected refused open partlyFilled filled cancelled expired rejected neverArrived !unknown unknown cancelling unknown',
  unknown: '= rejected refused open partlyFilled filled cancelled expired rejected neverArrived ! = cancelling =',
  open: '~ ! ! = partlyFilled filled cancelled expired rejected ! ! unknown cancelling =',
  partlyFilled: '~ ! ! ~ partlyFilled filled cancelled expired !cancelled ! ! unknown cancelling =',
  cancelling: 'unknown rejected refused ~ cancelling filled cancelled expired rejected neverArrived ! unknown = =',
  filled: '~ ! ! ~ ~ = ! ! ! ~ ~ ~ ~ ~',
  cancelled: '~ ! ! ~ ~ !filled = = ! ~ ~ ~ ~ ~',
  expired: '~ ! ! ~ ~ !filled = = ! ~ ~ ~ ~ ~',
  rejected: '~ = ~ !open !partlyFilled !filled ~ ~ = ~ ~ ~ ~ ~',
  refused: '~ ! = !open !partlyFilled !filled ~ ~ ~ ~ ~ ~ ~ ~',
  neverArrived: '~ ~ ~ !open !partlyFilled !filled ~ ~ ~ = ~ ~ ~ ~',
};

function readCell(state: OrderState, word: string) {
  if (word === '=') return { to: state, news: 'duplicate' };
  if (word === '~') return { to: state, news: 'late' };
  if (word.startsWith('!')) return { to: word.slice(1) === '' ? state : word.slice(1), news: 'contradiction' };
  return { to: word, news: 'step' };
}

const cells = ORDER_STATES.flatMap((state) =>
  SHEET[state].split(' ').map((word, i) => ({ state, event: ORDER_EVENTS[i]!, expected: readCell(state, word) })),
);

describe('the chart of one order', () => {
  it('has an answer in every cell of states × events', () => {
    expect(cells).toHaveLength(ORDER_STATES.length * ORDER_EVENTS.length);
  });

  it.each(cells)('$state hears $event', ({ state, event, expected }) => {
    expect(orderAfter(state, event)).toEqual(expected);
    const snapshot = orderMachine.resolveState({ value: state });
    expect(getNextSnapshot(orderMachine, snapshot, { type: event }).value).toBe(expected.to);
  });

  it('begins as intended and reaches every state', () => {
    expect(getInitialSnapshot(orderMachine).value).toBe('intended');
    const reached = new Set<OrderState>(['intended']);
    for (const state of reached) for (const event of ORDER_EVENTS) reached.add(orderAfter(state, event).to);
    expect([...reached].sort()).toEqual([...ORDER_STATES].sort());
  });

  it('lets an order live again only by the venue’s own word, and never quietly', () => {
    for (const state of ORDER_STATES.filter(isEnded)) {
      for (const event of ORDER_EVENTS) {
        const { to, news } = orderAfter(state, event);
        if (to === state) continue;
        expect(news).toBe('contradiction');
        expect(event.startsWith('report.')).toBe(true);
      }
    }
  });

  it('ends an order only by proof: trouble and our own wishes end nothing', () => {
    const noProof: OrderEventType[] = [
      'answer.unknown',
      'lookup.unknown',
      'lookup.vanished',
      'cancel.asked',
      'follow.asked',
    ];
    for (const state of ORDER_STATES.filter((one) => !isEnded(one))) {
      for (const event of noProof) expect(isEnded(orderAfter(state, event).to)).toBe(false);
    }
  });
});
