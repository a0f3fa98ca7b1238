import { setup } from 'xstate';
import { ORDER_TABLE, type OrderEventType, type OrderState } from './orderTable.ts';

/** The chart of one order, drawn from its table: what `orderAfter` decides, as XState and the visualizer know charts. */
export const orderMachine = setup({
  types: {} as { events: { type: OrderEventType } },
}).createMachine({
  id: 'order',
  initial: 'intended' satisfies OrderState,
  states: Object.fromEntries(
    Object.entries(ORDER_TABLE).map(([state, row]) => [
      state,
      {
        on: Object.fromEntries(
          Object.entries(row)
            .filter(([, { to }]) => to !== state)
            .map(([event, { to }]) => [event, to]),
        ),
      },
    ]),
  ),
});
