import { expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import type { ControlMessage } from '../domain/control.ts';
import { type ControlDoorDeps, createControlDoor } from './controlDoor.ts';
import { createCoreLink } from './coreLink.ts';

it('says of the message after 256 unanswered ones that it was not sent, and takes the next one once there is room', async () => {
  const clock = createVirtualClock();
  const link = createCoreLink(clock);
  const sent: string[] = [];
  const door = createControlDoor({
    ...{ bots: [], link, clock, embedded: true, log: { log: () => {} }, countAction: () => {} },
    scrub: (message: ControlMessage) => message,
    sendToCore: ({ id }: ControlMessage) => sent.push(id),
  } as unknown as ControlDoorDeps);
  const ask = (id: string) =>
    door.handle({ id, action: 'trace', reason: 'x', args: {} }, { role: 'operate', from: '127.0.0.1' });

  for (let i = 0; i < 256; i += 1) void ask(`m${i}`);
  expect(await ask('late')).toMatchObject({ status: 503, body: { id: 'late', sent: false } });
  expect(sent).not.toContain('late');
  link.settle('m0', { status: 200, body: {} });
  const again = ask('late');
  link.settle('late', { status: 200, body: { done: true } });
  expect(await again).toMatchObject({ status: 200 });
});
