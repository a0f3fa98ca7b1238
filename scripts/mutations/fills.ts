import type { Mutation } from './mutation.ts';

const test = 'src/core/orderDeskFailuresB.test.ts';
const desk = 'src/core/orderDesk.ts';
const fillDesk = 'src/core/orderDeskFills.ts';
const gate = 'src/risk/preTradeGate.ts';

/** Group B: fills, positions, money. */
export const fillMutations: readonly Mutation[] = [
  {
    ...{ number: 'B1', name: 'trade ids are not remembered', file: 'src/ledger/fillBook.ts', test },
    search: 'const seen = trades.get(key);',
    replace: 'const seen: string | undefined = undefined;',
  },
  {
    ...{ number: 'B2', name: 'an adopted order starts at nothing filled', file: desk, test },
    search: 'order.filledQty = book.filledQty(intent.clientOrderId);',
    replace: 'order.filledQty = 0;',
  },
  {
    ...{ number: 'B3', name: 'each fill is booked with the order’s quantity', file: fillDesk, test },
    search: "rows.write('fills', intent.bot, intent.leg, { ...fill, attempt: intent.attempt",
    replace: "rows.write('fills', intent.bot, intent.leg, { ...fill, qty: Number(intent.qty), attempt: intent.attempt",
  },
  {
    ...{ number: 'B4', name: 'an execution of nothing is judged', file: 'src/ledger/fillBook.ts', test },
    search: "if (fill.qty === 0) return { result: 'ignored' };",
    replace: '',
  },
  {
    ...{ number: 'B5', name: 'a falling cumulative quantity is not seen', file: fillDesk, test },
    search: 'if (!isOlder && report.filledQty < order.reportedQty * (1 - 1e-9)) {',
    replace: 'if (isOlder && !isOlder) {',
  },
  {
    ...{ number: 'B6', name: 'an overfill is not flagged', file: fillDesk, test },
    search: 'if (verdict.overfilled) {',
    replace: 'if (verdict.overfilled && order.done) {',
  },
  {
    ...{ number: 'B7', name: 'what is in flight does not use up the parent', file: 'src/core/orderDeskCheck.ts', test },
    search: 'parentRemainingQty: context.parentRemainingQty - legInFlightQty,',
    replace: 'parentRemainingQty: context.parentRemainingQty,',
  },
  {
    ...{ number: 'B8', name: 'a drift asks after no order', file: 'src/core/sweep.ts', test },
    search: 'desk.recheck(venue, deps.nowMs() - RECHECK_MS);',
    replace: 'void venue;',
  },
  {
    ...{ number: 'B9', name: 'a new connection follows nothing', file: desk, test },
    search: "hear(order, 'follow.asked', 'its follower died');\n        follow(order);",
    replace: "hear(order, 'follow.asked', 'its follower died');",
  },
  {
    ...{ number: 'B10', name: 'an end without its fills is an end', file: 'src/venues/tradePort.ts', test },
    search: "return report.status !== 'open' && fillsAreComplete(report);",
    replace: "return report.status !== 'open';",
  },
  {
    ...{ number: 'B11', name: 'a fill after the end is dropped', file: fillDesk, test },
    search: 'if (order.done) {',
    replace: 'if (order.done) {\n      return;',
  },
  {
    ...{
      number: 'B12',
      name: 'a reply overtaken by its fill contradicts it',
      file: 'src/machines/orderTable.ts',
      test,
    },
    search: "'answer.unknown': late('filled'),",
    replace: "'answer.unknown': contradiction('filled'),",
  },
  {
    ...{ number: 'B13', name: 'an overfill pauses nothing', file: fillDesk, test },
    search: "ordered`, 'pause', fill);",
    replace: "ordered`, 'alarm', fill);",
  },
  {
    ...{ number: 'B14', name: 'a protective order may exceed the position', file: gate, test },
    search: 'const beyondFlat = order.qty - reducible;',
    replace: 'const beyondFlat = 0;',
  },
  {
    ...{ number: 'B15', name: 'a fill belongs to whoever asked', file: fillDesk, test },
    search: 'const wrong = contradictionOf(order, fill);',
    replace: 'const wrong = null;',
  },
  {
    ...{ number: 'B16', name: 'fees are not taken out of the stock', file: 'src/core/stock.ts', test },
    search: 'add(fill.venue, fill.feeCurrency, -fill.fee);',
    replace: '',
  },
  {
    ...{ number: 'B17', name: 'a part-filled cancel made nothing', file: desk, test },
    search: "const fate: OrderFate = order.filledQty > 0 ? 'filled' :",
    replace: "const fate: OrderFate = order.state === 'filled' ? 'filled' :",
  },
  {
    ...{ number: 'B18', name: 'a close ignores closes in flight', file: gate, test },
    search: '-order.positionQty) - order.inFlightQty;',
    replace: '-order.positionQty);',
  },
  {
    ...{ number: 'B19', name: 'orders of others are cancelled too', file: 'src/core/sweep.ts', test },
    search: 'parseClientOrderId(report.clientOrderId) !== null && !desk.listed(report)',
    replace: '!desk.listed(report)',
  },
];
