import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMailbox, type DropReason, type MailboxOptions, QUEUE_NAMES } from './mailbox.ts';

function openMailbox(more: Partial<MailboxOptions<string>> = {}) {
  const clock = { nowMs: 0 };
  const dropped: [string, DropReason][] = [];
  const mailbox = createMailbox<string>({
    nowMs: () => clock.nowMs,
    onDropped: (message, reason) => dropped.push([message.event, reason]),
    ...more,
  });
  const takeAll = () => {
    const events: string[] = [];
    for (let message = mailbox.take(); message !== undefined; message = mailbox.take()) events.push(message.event);
    return events;
  };
  return { mailbox, dropped, clock, takeAll };
}

describe('the mailbox', () => {
  it('serves control before orders before timers before signals, each in order', () => {
    const { mailbox, takeAll } = openMailbox();
    for (const round of [1, 2]) {
      for (const name of [...QUEUE_NAMES].reverse()) mailbox.offer(name, `${name}${round}`);
    }
    expect(takeAll()).toEqual(QUEUE_NAMES.flatMap((name) => [`${name}1`, `${name}2`]));
  });

  it('N11 lets the newest signal of a key take the place of the older, which becomes a dead letter', () => {
    const { mailbox, dropped, takeAll } = openMailbox();
    mailbox.offer('signal', 'SOL 1', 'SOL');
    mailbox.offer('signal', 'RAY 1', 'RAY');
    mailbox.offer('signal', 'SOL 2', 'SOL');
    expect(dropped).toEqual([['SOL 1', 'conflated']]);
    expect(takeAll()).toEqual(['SOL 2', 'RAY 1']);
    mailbox.offer('signal', 'SOL 3', 'SOL');
    expect(takeAll()).toEqual(['SOL 3']);
    expect(mailbox.status('signal').dropped).toEqual({ conflated: 1, full: 0, stopped: 0 });
  });

  it('N11 refuses the newest order when full, drops the oldest signal, and counts both', () => {
    const { mailbox, dropped, takeAll } = openMailbox({
      queues: {
        order: { capacity: 1, whenFull: 'dropNewest' },
        signal: { capacity: 2, whenFull: 'dropOldest' },
      },
    });
    expect(mailbox.offer('order', 'o1')).toBe(true);
    expect(mailbox.offer('order', 'o2')).toBe(false);
    for (const event of ['s1', 's2', 's3']) expect(mailbox.offer('signal', event, event)).toBe(true);
    expect(dropped).toEqual([
      ['o2', 'full'],
      ['s1', 'full'],
    ]);
    expect(takeAll()).toEqual(['o1', 's2', 's3']);
  });

  it('N11 after its stop everything in it and everything that comes is a dead letter', () => {
    const { mailbox, dropped } = openMailbox();
    mailbox.offer('signal', 's');
    mailbox.offer('control', 'c');
    mailbox.offer('order', 'put aside');
    mailbox.take();
    mailbox.stash(mailbox.take()!);
    mailbox.stop();
    expect(mailbox.offer('order', 'late')).toBe(false);
    expect(dropped).toEqual([
      ['put aside', 'stopped'],
      ['s', 'stopped'],
      ['late', 'stopped'],
    ]);
  });

  it('tells depth and the age of the oldest message per queue', () => {
    const { mailbox, clock } = openMailbox();
    mailbox.offer('signal', 'a', 'a');
    clock.nowMs = 10;
    mailbox.offer('signal', 'b', 'b');
    clock.nowMs = 15;
    expect(mailbox.status('signal')).toMatchObject({ depth: 2, oldestAgeMs: 15 });
    mailbox.offer('signal', 'a again', 'a');
    expect(mailbox.status('signal')).toMatchObject({ depth: 2, oldestAgeMs: 5 });
    expect(mailbox.status('order')).toMatchObject({ depth: 0, oldestAgeMs: 0 });
  });

  it('serves only control while suspended', () => {
    const { mailbox, takeAll } = openMailbox();
    mailbox.offer('order', 'o');
    mailbox.suspend();
    expect(mailbox.isIdle()).toBe(true);
    mailbox.offer('control', 'c');
    expect(mailbox.isIdle()).toBe(false);
    expect(takeAll()).toEqual(['c']);
    mailbox.resume();
    expect(takeAll()).toEqual(['o']);
  });

  it('offers stashed messages again before newer ones, and bounds the stash', () => {
    const { mailbox, dropped, takeAll } = openMailbox({ stashCapacity: 2 });
    for (const event of ['1', '2', '3', '4']) mailbox.offer('signal', event);
    for (let i = 0; i < 3; i += 1) mailbox.stash(mailbox.take()!);
    expect(dropped).toEqual([['3', 'full']]);
    expect(takeAll()).toEqual(['4']);
    mailbox.offer('signal', '5');
    mailbox.unstash();
    expect(takeAll()).toEqual(['1', '2', '5']);
  });

  it('loses nothing silently: every message is taken once, waits, or was dropped with a reason', () => {
    const step = fc.oneof(
      fc.record({ offer: fc.constantFrom(...QUEUE_NAMES), key: fc.option(fc.constantFrom('x', 'y', 'z')) }),
      fc.constant('take' as const),
      fc.constant('stash' as const),
      fc.constant('unstash' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const policy = { capacity: 3, whenFull: 'dropOldest' } as const;
        const { mailbox, dropped } = openMailbox({
          stashCapacity: 2,
          queues: { signal: policy, timer: { ...policy, whenFull: 'dropNewest' } },
        });
        const taken: string[] = [];
        let offered = 0;
        for (const each of steps) {
          if (each === 'unstash') mailbox.unstash();
          else if (each === 'take') taken.push(...[mailbox.take()].flatMap((message) => message?.event ?? []));
          else if (each === 'stash') {
            const message = mailbox.take();
            if (message !== undefined) mailbox.stash(message);
          } else {
            offered += 1;
            mailbox.offer(each.offer, `${offered}`, each.key);
          }
        }
        const waiting = QUEUE_NAMES.reduce((sum, name) => sum + mailbox.depth(name), mailbox.stashDepth());
        expect(taken.length + dropped.length + waiting).toBe(offered);
        expect(new Set([...taken, ...dropped.map(([event]) => event)]).size).toBe(taken.length + dropped.length);
        expect(mailbox.depth('signal')).toBeLessThanOrEqual(3);
      }),
    );
  });

  it('keeps the order of a queue that never runs empty', () => {
    const { mailbox } = openMailbox({ queues: { signal: { capacity: 2, whenFull: 'dropNewest' } } });
    mailbox.offer('signal', '0', 'k0');
    for (let i = 1; i < 50; i += 1) {
      mailbox.offer('signal', `old ${i}`, `k${i}`);
      expect(mailbox.take()?.event).toBe(`${i - 1}`);
      mailbox.offer('signal', `${i}`, `k${i}`);
    }
  });
});
