import { expect, it } from 'vitest';
import type { JournalRow } from '../journal/rows.ts';
import { createFailedJournal } from './failedJournal.ts';
import type { ToGateway } from './gatewayMessages.ts';
import type { FromJournal, ToJournal } from './journalMessages.ts';

const intent = (kind: string, payload: object): JournalRow => ({
  ...{ table: 'intents', seq: 1, inputSeq: 1, timeMs: 0, subject: 'bot:arb:SOL' },
  ...{ kind, payload },
});

it('F4 a journal that cannot be opened says so, gives every order back unsent and sends nothing', () => {
  const said: FromJournal[] = [];
  const left: ToGateway[] = [];
  const error = { code: 'data.unreadable', message: 'the disk is full', details: {} } as const;
  const journal = createFailedJournal({ post: (message) => said.push(message) }, error);
  const port = { postMessage: (message: ToGateway) => left.push(message), close() {}, once() {} };
  const rows = [
    intent('order.place', { clientOrderId: 'nj1' }),
    intent('order.cancel', { clientOrderId: 'nj0', venue: 'okx', pair: 'SOL/USDT' }),
  ];
  const hear = (message: object) => journal.onMessage(message as ToJournal);

  hear({ type: 'gatewayPort', port });
  hear({ type: 'rows', rows });
  hear({ type: 'rows', rows, handOver: false });
  hear({ type: 'stop' });

  expect(said).toEqual([
    { type: 'ready', failed: error },
    { type: 'undelivered', clientOrderIds: ['nj1'] },
    { type: 'stopped' },
  ]);
  expect(left).toEqual([]);
});
