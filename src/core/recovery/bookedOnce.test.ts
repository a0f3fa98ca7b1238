import { expect, it } from 'vitest';
import { makeClientOrderId } from '../../domain/clientOrderId.ts';
import type { Fill } from '../../domain/orders.ts';
import type { InputPayload } from '../inputs.ts';
import { startKernel, TESTBED_CONFIG } from '../kernelTestbed.ts';
import { createTradesFold } from './tradesFold.ts';

const clientOrderId = makeClientOrderId({
  runTag: TESTBED_CONFIG.runTag,
  botSlot: 0,
  coreIncarnation: 1,
  botIncarnation: 1,
  sequence: 77,
});
const fill: Fill = {
  tradeId: 't1',
  clientOrderId,
  venue: 'okx',
  pair: 'SOL/USDT',
  side: 'buy',
  price: 150,
  qty: 0.07,
  fee: 0,
  feeCurrency: 'USDT',
  venueTimeMs: 0,
};
const report = { clientOrderId, venueOrderId: 'v1', status: 'open', filledQty: 0.07, avgPrice: 150, fills: [fill] };
const told = {
  type: 'order.resolved',
  clientOrderId,
  answer: { found: 'yes', report: { ...report, venueTimeMs: 0 }, raw: null },
} as unknown as InputPayload;

it("books a trade of nobody's order once, also when the next cores hear of it again", () => {
  let bed = startKernel();
  bed.send(told);
  bed.send(told);
  for (let restart = 0; restart < 2; restart += 1) {
    bed = startKernel({ after: bed });
    bed.send(told);
    expect(bed.rowsOf('fills').map(({ kind }) => kind)).toEqual(['orphan']);
  }
});

it('remembers the newest 1024 trades, and as many that came without an order beside them', () => {
  const fold = createTradesFold();
  fold.take('orphan', { ...fill, tradeId: 'stray' });
  for (let i = 0; i < 1500; i += 1) fold.take('dex', { ...fill, tradeId: `t${i}` });
  const ids = createTradesFold(fold.save())
    .list()
    .map(({ tradeId }) => tradeId);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([1025, 't476', 'stray']);
  for (let i = 0; i < 1500; i += 1) fold.take('late', { ...fill, tradeId: `l${i}` });
  expect(fold.list()).toHaveLength(2048);
});
