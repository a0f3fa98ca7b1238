import { describe, expect, it } from 'vitest';
import type { VenueEndpoints } from '../domain/ports.ts';
import { ChildFake } from './childFake.ts';
import type { Rescued } from './rescueOrders.ts';
import { createRescueStandby } from './rescueProcess.ts';

const endpoints = {} as VenueEndpoints;
const plan = { entry: 'rescue', pairs: [] };
const rescued: Rescued = { type: 'rescued', report: { venues: [], tookMs: 1 } };

function startStandby() {
  const children: ChildFake[] = [];
  const standby = createRescueStandby(plan, endpoints, () => {
    const child = new ChildFake();
    children.push(child);
    return child.asProcess();
  });
  return { standby, children };
}

describe('the rescue process', () => {
  it('stays loaded for another time when it is to, and is gone when nobody needs it', async () => {
    const { standby, children } = startStandby();
    const first = standby.go({ again: true });
    children[0]!.emit('message', rescued);
    await first;
    expect(children[0]!.connected).toBe(true);
    standby.dismiss();
    expect(children.map(({ connected }) => connected)).toEqual([false]);
  });

  it('is let go when it was dismissed in the middle of its work, so that it keeps nobody', async () => {
    const { standby, children } = startStandby();
    const first = standby.go({ again: true });
    standby.dismiss();
    children[0]!.emit('message', rescued);
    expect(await first).toEqual(rescued.report);
    expect(children.map(({ connected }) => connected)).toEqual([false]);
    standby.prepare();
    expect(children).toHaveLength(1);
  });

  it('says what is wrong when no process can be started, and holds nobody up', async () => {
    const standby = createRescueStandby(plan, endpoints, () => {
      throw new Error('spawn ENOMEM');
    });
    standby.prepare();
    const { venues } = await standby.go();
    expect(venues).toMatchObject([{ venue: 'every venue', failure: 'spawn ENOMEM' }]);
  });
});
