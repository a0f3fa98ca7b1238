import { describe, expect, it } from 'vitest';
import { assign, createMachine, emit, fromCallback, setup } from 'xstate';
import { hostMachine } from './hostTestWorld.ts';
import { STASH_EVENT_TYPE } from './machineHost.ts';

const DAY_MS = 86_400_000;

const toggle = setup({
  types: {} as { context: { seen: string[] }; events: { type: 'flip' | 'noop' | 'bad' }; tags: 'lit' },
}).createMachine({
  context: { seen: [] },
  initial: 'off',
  on: { noop: { actions: emit({ type: 'ignored' }) } },
  states: {
    off: { on: { flip: 'on' } },
    on: { tags: 'lit', entry: [emit({ type: 'one' }), emit({ type: 'two' })], on: { flip: 'off' } },
  },
});

describe('the machine host', () => {
  it('hands on what one step emitted, in order, after its transition', () => {
    const order: string[] = [];
    const { host, send } = hostMachine(toggle, {
      onEmit: (event) => order.push(event.type),
      onTransition: ({ from, to }) => order.push(`${from}>${to}`),
    });
    host.start();
    send({ type: 'flip' });
    expect(order).toEqual(['>off', 'off>on', 'one', 'two']);
    expect(host.snapshotValue()).toBe('on');
    expect(host.hasTag('lit')).toBe(true);
  });

  it('reports a transition only when the state changes', () => {
    const { host, send, transitions, emitted } = hostMachine(toggle);
    host.start();
    send({ type: 'noop' });
    send({ type: 'unheard' });
    expect(emitted).toEqual([{ type: 'ignored' }]);
    expect(transitions).toHaveLength(1);
  });

  it('handles one event at a time: what arrives within a step waits for its end', () => {
    const steps: string[] = [];
    const world = hostMachine(toggle, {
      onEmit: (event) => {
        steps.push(`${event.type} begin`);
        if (event.type === 'one') {
          world.host.deliver('order', { type: 'flip' });
          expect(world.host.drain()).toBe(0);
        }
        steps.push(`${event.type} end in ${String(world.host.snapshotValue())}`);
      },
    });
    world.host.start();
    world.send({ type: 'flip' });
    expect(steps).toEqual(['one begin', 'one end in on', 'two begin', 'two end in on']);
    expect(world.host.snapshotValue()).toBe('off');
  });

  it('N03 delivers what filled a tiny mailbox before the start', () => {
    const { host, mailbox, dropped } = hostMachine(toggle, {
      queues: { signal: { capacity: 1, whenFull: 'dropOldest' } },
    });
    host.deliver('signal', { type: 'noop' });
    host.deliver('signal', { type: 'flip' });
    expect(dropped).toEqual([{ type: 'noop', reason: 'full' }]);
    host.start();
    expect(host.drain()).toBe(1);
    expect(host.snapshotValue()).toBe('on');
    expect(mailbox.depth('signal')).toBe(0);
  });

  it('N11 makes everything after its stop a dead letter', () => {
    const { host, dropped } = hostMachine(toggle);
    host.start();
    host.deliver('order', { type: 'flip' });
    host.stop();
    expect(host.deliver('signal', { type: 'flip' })).toBe(false);
    expect(host.drain()).toBe(0);
    expect(dropped).toEqual([
      { type: 'flip', reason: 'stopped' },
      { type: 'flip', reason: 'stopped' },
    ]);
  });

  it('stops invoked children with it, and runs no exit action of its own', () => {
    const log: string[] = [];
    const machine = createMachine({
      invoke: { src: fromCallback(() => () => log.push('child stopped')) },
      exit: emit({ type: 'bye' }),
    });
    const { host, emitted } = hostMachine(machine);
    host.start();
    host.stop();
    expect(log).toEqual(['child stopped']);
    expect(emitted).toEqual([]);
    expect(host.status()).toBe('stopped');
  });

  it('ends with its output when the machine is done, and takes nothing any more', () => {
    const machine = createMachine({
      initial: 'a',
      states: { a: { on: { end: 'b' }, after: { 1000: 'b' } }, b: { type: 'final' } },
      output: { result: 7 },
    });
    const { host, send, outputs, dropped, armed } = hostMachine(machine);
    host.start();
    send({ type: 'end' });
    send({ type: 'late' });
    expect(outputs).toEqual([{ result: 7 }]);
    expect(host.status()).toBe('done');
    expect(dropped).toEqual([{ type: 'late', reason: 'stopped' }]);
    expect(armed.size).toBe(0);
  });
});

describe('timers', () => {
  const chain = createMachine({
    initial: 'a',
    states: {
      a: { after: { 10: 'b' }, on: { skip: 'c' } },
      b: { after: { 10: 'c' } },
      c: { after: { [30 * DAY_MS]: 'd' } },
      d: {},
    },
  });

  it('go from deadline to deadline through the port, with the same keys in every run', () => {
    const { host, armed, advance } = hostMachine(chain, { incarnation: 3 });
    host.start();
    expect([...armed]).toEqual([['bot/3/1', 10]]);
    advance(25);
    expect(host.snapshotValue()).toBe('c');
    expect([...armed]).toEqual([['bot/3/3', 20 + 30 * DAY_MS]]);
    advance(30 * DAY_MS);
    expect(host.snapshotValue()).toBe('d');
  });

  it('are cancelled when their state is left, and a late due one changes nothing', () => {
    const { host, armed, send } = hostMachine(chain);
    host.start();
    expect(host.timerDue('bot/1')).toBe(true);
    // The signal waits behind the timer, but an order overtakes it: the timer is cancelled while it is queued.
    host.deliver('order', { type: 'skip' });
    host.drain();
    expect(host.snapshotValue()).toBe('c');
    expect(host.timerDue('bot/1')).toBe(false);
    send({ type: 'nothing' });
    expect([...armed.keys()]).toEqual(['bot/2']);
  });

  it('N09 none is left after stop or crash', () => {
    for (const end of ['stop', 'crash'] as const) {
      const { host, armed } = hostMachine(chain);
      host.start();
      expect(armed.size).toBe(1);
      if (end === 'stop') host.stop();
      else host.crash('drill');
      expect(armed.size).toBe(0);
      expect(host.timerDue('bot/1')).toBe(false);
    }
  });

  it('due ones of a crashed machine are dead letters, not events of the next incarnation', () => {
    const { host, dropped, mailbox } = hostMachine(chain);
    host.start();
    host.timerDue('bot/1');
    host.crash('drill');
    expect(dropped).toEqual([{ type: 'host.timer', reason: 'stopped' }]);
    expect(mailbox.depth('timer')).toBe(0);
  });

  it('a timer that finds no room ends the actor instead of getting lost', () => {
    const { host, crashes } = hostMachine(chain, { queues: { timer: { capacity: 0, whenFull: 'dropNewest' } } });
    host.start();
    host.timerDue('bot/1');
    expect(crashes).toMatchObject([{ error: { code: 'mailbox.full' } }]);
  });
});

describe('the verbs on the control queue', () => {
  it('suspend holds everything back but control; resume lets it through', () => {
    const { host, send } = hostMachine(toggle);
    host.start();
    host.deliver('control', { type: 'host.suspend' });
    send({ type: 'flip' });
    expect(host.snapshotValue()).toBe('off');
    const answers: unknown[] = [];
    host.deliver('control', { type: 'host.getState', reply: (answer: unknown) => answers.push(answer) });
    host.drain();
    expect(answers).toMatchObject([{ state: 'off', isSuspended: true, queues: { signal: { depth: 1 } } }]);
    host.deliver('control', { type: 'host.resume' });
    host.drain();
    expect(host.snapshotValue()).toBe('on');
  });

  it('trace answers the newest of the last 64 events, oldest first', () => {
    const { host, send } = hostMachine(toggle);
    host.start();
    for (let i = 0; i < 100; i += 1) send({ type: i === 98 ? 'flip' : 'noop' });
    const answers: unknown[] = [];
    host.deliver('control', { type: 'host.trace', count: 2, reply: (answer: unknown) => answers.push(answer) });
    host.drain();
    expect(answers).toEqual([
      [
        { atMs: 0, queue: 'signal', event: 'flip', from: 'off', to: 'on' },
        { atMs: 0, queue: 'signal', event: 'noop', from: 'on', to: 'on' },
      ],
    ]);
    expect(host.trace(1000)).toHaveLength(64);
  });

  it('stop and crash end it, before anything else that waits', () => {
    const stopped = hostMachine(toggle);
    stopped.host.start();
    stopped.host.deliver('order', { type: 'flip' });
    stopped.host.deliver('control', { type: 'host.stop' });
    stopped.host.drain();
    expect(stopped.host.status()).toBe('stopped');
    expect(stopped.transitions).toHaveLength(1);

    const crashed = hostMachine(toggle);
    crashed.host.start();
    crashed.host.deliver('order', { type: 'flip' });
    crashed.host.deliver('control', { type: 'host.crash', reason: 'drill' });
    crashed.host.drain();
    expect(crashed.crashes).toMatchObject([{ error: { code: 'actor.drill' } }]);
    expect(crashed.mailbox.depth('order')).toBe(1);
  });

  it('a machine can put its event aside until its state changes', () => {
    const machine = setup({ types: {} as { context: { got: string[] } } }).createMachine({
      context: { got: [] },
      initial: 'busy',
      states: {
        busy: { on: { work: { actions: emit({ type: STASH_EVENT_TYPE }) }, ready: 'free' } },
        free: {
          on: { '*': { actions: assign({ got: ({ context, event }) => [...context.got, String(event.n)] }) } },
        },
      },
    });
    const { host, send, emitted } = hostMachine(machine);
    host.start();
    send({ type: 'work', n: 1 });
    send({ type: 'work', n: 2 });
    host.deliver('signal', { type: 'ready' });
    host.deliver('signal', { type: 'work', n: 3 });
    host.drain();
    expect(host.snapshotContext()).toEqual({ got: ['1', '2', '3'] });
    expect(emitted).toEqual([]);
  });

  it('a stopped machine hears nothing, also from whoever kept a reference to it', () => {
    const heard: string[] = [];
    const kept: { send(event: { type: string }): void }[] = [];
    const machine = createMachine({
      entry: ({ self }) => kept.push(self),
      on: { say: { actions: () => heard.push('said') } },
    });
    const { host, crashes } = hostMachine(machine);
    host.start();
    kept[0]!.send({ type: 'say' });
    host.stop();
    kept[0]!.send({ type: 'say' });
    expect(heard).toEqual(['said']);
    expect(crashes).toEqual([]);
  });
});
