import type { FromCore } from '../src/guardian/coreMessages.ts';
import type { Rescued } from '../src/guardian/rescueOrders.ts';

/**
 * Every child of the guardian in `guardianEnds.test.ts`: a simulator without a market, a core whose end follows from the
 * name of its run, and a rescue whose answer follows from the pairs that it is given.
 */
const send = (
  message: FromCore | Rescued | { readonly type: 'ready'; readonly endpoints: object },
  then?: () => void,
) => process.send?.(message, undefined, undefined, then);
let failure: string | null = null;

process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('message', (raw) => {
  const message = raw as {
    readonly type: string;
    readonly boot?: { readonly run: string };
    readonly pairs?: readonly string[];
  };
  if (message.type === 'boot') {
    send({ type: 'beat' });
    send({ type: 'ready' });
    if (message.boot?.run === 'fails') {
      send({ type: 'failed', code: 'port.busy', message: 'taken' }, () => process.exit(1));
    }
  } else if (message.type === 'stop') {
    send({ type: 'failed', code: 'journal.failed', message: 'not recorded' }, () => process.exit(1));
  } else if (message.type === 'prepare') failure = message.pairs?.[0] ?? null;
  else if (message.type === 'rescue') {
    process.title = 'rescuing';
    const venues = [{ venue: 'okx', found: [], left: [], failure }];
    setTimeout(() => send({ type: 'rescued', report: { venues, tookMs: 1 } }), 200);
  }
});
if (process.argv.includes('sim')) send({ type: 'ready', endpoints: { okx: {} } });
