import type { Mutation } from './mutation.ts';

const test = 'src/core/orderDeskFailuresA.test.ts';
const desk = 'src/core/orderDesk.ts';

/** Group A: order identity and unknown outcomes. */
export const orderMutations: readonly Mutation[] = [
  {
    ...{ number: 'A1', name: 'a lost reply reads as a rejection', file: desk, test },
    search: "else hear(order, 'answer.unknown', answer.reason);",
    replace: "else hear(order, 'answer.rejected', answer.reason);",
  },
  {
    ...{ number: 'A2', name: 'an unanswered create is not followed', file: 'src/workers/gateway.ts', test },
    search: "void follow(refOf(intent), clock.nowMs() + FOLLOW_MS, intent.type === 'postOnly');",
    replace: '',
  },
  {
    ...{ number: 'A3', name: 'the gateway sends an unknown create again', file: 'src/workers/gateway.ts', test },
    search: 'const answer = await port.place(intent, refusedNow).catch(brokenPlace);',
    replace:
      "const first = await port.place(intent, refusedNow).catch(brokenPlace);\n    const answer = first.outcome === 'unknown' ? await port.place(intent, refusedNow).catch(brokenPlace) : first;",
  },
  {
    ...{ number: 'A4', name: 'the HTTP port retries a create', file: 'src/venues/simTrade.ts', test },
    search: 'if (exchange.status !== 200) return { ...refusalOf(venue, exchange, answer), raw };',
    replace: 'if (exchange.status === 502) return this.place(intent);',
  },
  {
    ...{ number: 'A5', name: 'a 504 reads as a refusal', file: 'src/venues/simTrade.ts', test },
    search: "return { outcome: code === 'net.refused' ? 'rejected' : 'unknown', code,",
    replace: "return { outcome: 'rejected', code,",
  },
  {
    ...{ number: 'A6', name: 'no answer counts as no order', file: desk, test },
    search: "hear(order, 'lookup.unknown', reason);",
    replace: "hear(order, 'lookup.absent', reason);",
  },
  {
    ...{ number: 'A7', name: 'a transport error does not interrupt the noes', file: 'src/venues/tradePort.ts', test },
    search: "if (outcome.found !== 'no') noes = 0;",
    replace: "if (outcome.found === 'yes') noes = 0;",
  },
  {
    ...{ number: 'A8', name: 'only open orders hold back the next quote', file: 'src/core/orderDeskCheck.ts', test },
    search: 'if (intent.leg === draft.leg) legInFlightQty',
    replace: "if (intent.leg === draft.leg && order.state === 'open') legInFlightQty",
  },
  {
    ...{
      number: 'A9',
      name: 'a denied order that was shown before is dropped',
      file: 'src/machines/orderTable.ts',
      test,
    },
    search: "'lookup.vanished': contradiction(state),",
    replace: "'lookup.vanished': step('neverArrived'),",
  },
  {
    ...{ number: 'A10', name: 'what is in flight does not count as filled', file: 'src/core/orderDeskCheck.ts', test },
    search: '    inFlightQty += remainingQty(order);',
    replace: '    inFlightQty += 0;',
  },
  {
    ...{ number: 'A11', name: 'exposure counts fills only', file: 'src/core/orderDeskCheck.ts', test },
    search: 'openNotional += remainingQty(order) * order.referencePx;',
    replace: 'openNotional += order.filledQty * order.referencePx;',
  },
  {
    ...{ number: 'A12', name: 'fills of the dead core are forgotten', file: desk, test },
    search: 'for (const fill of fills) book.apply(fill);',
    replace: '',
  },
  {
    ...{ number: 'A13', name: 'resting children are not adopted', file: 'src/core/orderDeskLives.ts', test },
    search: 'living.set(intent.clientOrderId, order);',
    replace: "if (state === 'intended') living.set(intent.clientOrderId, order);",
  },
  {
    ...{ number: 'A14', name: 'a cancel is repeated for ever', file: desk, test },
    search: 'const MOST_CANCELS = 3;',
    replace: 'const MOST_CANCELS = 30;',
  },
  {
    ...{ number: 'A15', name: 'a cancel that throws ends its follower', file: 'src/workers/gateway.ts', test },
    search: 'await port.cancel(ref).catch(() => {});',
    replace: 'await port.cancel(ref);',
  },
  {
    ...{ number: 'A16', name: 'a create has no deadline of its own', file: 'src/venues/simTrade.ts', test },
    search: 'const requestTimeoutMs = 5_000;',
    replace: 'const requestTimeoutMs = 60_000;',
  },
  {
    ...{ number: 'A17', name: 'ids do not carry the incarnation', file: desk, test },
    search: 'coreIncarnation: deps.coreIncarnation,',
    replace: 'coreIncarnation: 1,',
  },
];
