import { expect, it } from 'vitest';
import type { ToGateway } from '../../workers/gatewayMessages.ts';
import type { ToJournal } from '../../workers/journalMessages.ts';
import { createThreadLinks, joinJournalToGateway } from './threadLinks.ts';

const listener = <Message>() => {
  const heard: Message[] = [];
  return { heard, post: (message: unknown) => void heard.push(message as Message) };
};

it('posts to the incarnation that was plugged in last, and a late end of the one before cuts nothing', () => {
  const links = createThreadLinks();
  const [first, second] = [listener<ToGateway>(), listener<ToGateway>()];
  // Nobody is there: dropped.
  links.post('gateway', { type: 'reconcile' });
  const unplugFirst = links.plug('gateway', first);
  links.post('gateway', { type: 'reconcile' });
  links.plug('gateway', second);
  unplugFirst();
  links.post('gateway', { type: 'stop' });
  expect([first.heard, second.heard]).toEqual([[{ type: 'reconcile' }], [{ type: 'stop' }]]);
});

it('joins journal and gateway by a channel of their own, anew for each gateway', async () => {
  const links = createThreadLinks();
  const journal = listener<Extract<ToJournal, { type: 'gatewayPort' }>>();
  const gateway = listener<Extract<ToGateway, { type: 'journalPort' }>>();
  links.plug('journal', journal);
  joinJournalToGateway(links, gateway);
  joinJournalToGateway(links, gateway);
  const [journalEnds, gatewayEnds] = [journal.heard.map(({ port }) => port), gateway.heard.map(({ port }) => port)];
  const arrived = new Promise((resolve) => gatewayEnds[1]!.once('message', resolve));
  journalEnds[1]!.postMessage('committed');
  expect(await arrived).toBe('committed');
  expect(journalEnds[0]).not.toBe(journalEnds[1]);
  for (const port of [...journalEnds, ...gatewayEnds]) port.close();
});
