import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AnyStateMachine, assign, createMachine, emit, fromCallback, fromPromise, setup } from 'xstate';
import { NightjarError } from '../domain/errors.ts';
import { hostMachine } from './hostTestWorld.ts';

const boom = () => {
  throw new NightjarError('venue.bad-response', 'boom', { venue: 'okx' }, new Error('the cause'));
};

/** Dies on `die` in the way that `how` adds; emits before it does. */
const dying = (how: object): AnyStateMachine =>
  createMachine({
    context: { n: 0 },
    initial: 'calm',
    states: { calm: { on: { die: how, fine: { actions: emit({ type: 'well' }) } } }, next: {} },
  } as never);

const dyingState = (next: object): AnyStateMachine =>
  createMachine({ initial: 'calm', states: { calm: { on: { die: 'next' } }, next } } as never);

const circling: AnyStateMachine = createMachine({
  initial: 'calm',
  states: { calm: { on: { die: 'there' } }, there: { always: 'back' }, back: { always: 'there' } },
});

const delaying: AnyStateMachine = setup({ delays: { late: boom } }).createMachine({
  initial: 'calm',
  states: { calm: { on: { die: 'next' } }, next: { after: { late: 'calm' } } },
});

const leaving: AnyStateMachine = createMachine({
  initial: 'calm',
  states: { calm: { exit: boom, on: { die: 'next' } }, next: {} },
});

const WAYS: readonly (readonly [string, AnyStateMachine])[] = [
  ['an action', dying({ actions: [emit({ type: 'half' }), boom] })],
  ['an assign', dying({ actions: [emit({ type: 'half' }), assign({ n: boom })] })],
  ['a guard', dying({ guard: boom, target: 'next' })],
  ['an entry action', dyingState({ entry: [emit({ type: 'half' }), boom] })],
  ['an exit action', leaving],
  ['the input of a child', dyingState({ invoke: { src: fromCallback(() => {}), input: boom } })],
  ['an invoked callback', dyingState({ invoke: { src: fromCallback(boom) } })],
  ['a child machine', dyingState({ invoke: { src: createMachine({ entry: boom }) } })],
  ['an always guard', dyingState({ always: { guard: boom, target: 'calm' } })],
  ['a circle of always transitions', circling],
  ['a delay', delaying],
];

describe('every way to die', () => {
  const escaped: unknown[] = [];
  const note = (error: unknown) => escaped.push(error);

  beforeEach(() => {
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
  });

  afterEach(async () => {
    // XState reports what it cannot hand to anyone from a timer of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    expect(escaped).toEqual([]);
  });

  it.each(WAYS)(
    'a throw in %s is one crash, with the message that killed it, and nothing of the step leaves',
    (_, machine) => {
      const { host, crashes, emitted, send, transitions } = hostMachine(machine);
      host.start();
      send({ type: 'die', id: 7 });
      expect(crashes).toHaveLength(1);
      expect(crashes[0]!.details).toMatchObject({ lastEvent: { type: 'die', id: 7 }, stateValue: 'calm' });
      expect(host.status()).toBe('crashed');
      expect(emitted).toEqual([]);
      expect(transitions).toHaveLength(1);
      host.drain();
      expect(crashes).toHaveLength(1);
    },
  );

  it.each([
    ['an entry action', createMachine({ entry: [emit({ type: 'half' }), boom] })],
    ['the context', createMachine({ context: boom } as never)],
    [
      'an initial guard',
      createMachine({ initial: 'a', states: { a: { always: { guard: boom, target: 'b' } }, b: {} } }),
    ],
  ] as [string, AnyStateMachine][])('N04 a throw in %s of the start reaches the supervisor', (_, machine) => {
    const { host, crashes, emitted } = hostMachine(machine);
    host.start();
    expect(crashes).toHaveLength(1);
    expect(crashes[0]!.details.lastEvent).toEqual({ type: 'host.start' });
    expect(emitted).toEqual([]);
    expect(host.hasTag('x')).toBe(false);
  });

  it('a throw on a timer is a crash', () => {
    const machine = createMachine({ initial: 'a', states: { a: { after: { 50: { actions: boom } } } } });
    const { host, crashes, advance } = hostMachine(machine);
    host.start();
    advance(50);
    expect(crashes).toMatchObject([{ details: { lastEvent: { type: 'host.timer', timer: 'bot/1' } } }]);
  });

  it('a throwing listener of emitted events is a crash', () => {
    const { host, crashes, send } = hostMachine(dying({}), { onEmit: boom });
    host.start();
    send({ type: 'fine' });
    expect(crashes).toMatchObject([{ error: { code: 'venue.bad-response' } }]);
    expect(host.status()).toBe('crashed');
  });

  it('an actor that feeds itself without end is a crash, not a hang', () => {
    const world = hostMachine(dying({}), {
      onEmit: () => {
        world.host.deliver('order', { type: 'fine' });
      },
    });
    world.host.start();
    world.send({ type: 'fine' });
    expect(world.crashes[0]!.error.message).toContain('feeds itself');
  });

  it('tells the whole chain of causes, as plain JSON-safe errors', () => {
    const { host, crashes, send } = hostMachine(dying({ actions: boom }));
    host.start();
    send({ type: 'die', price: Number.NaN, size: 12n });
    const { details } = crashes[0]!;
    expect(details.errorChain.map(({ code, message }) => [code, message])).toEqual([
      ['venue.bad-response', 'boom'],
      ['actor.crashed', 'the cause'],
    ]);
    expect(details.lastEvent).toEqual({ type: 'die', price: null, size: '12' });
  });

  it('stops the children that a crashed machine leaves running, and theirs', () => {
    const log: string[] = [];
    const leaf = fromCallback(() => () => log.push('leaf stopped'));
    const middle = createMachine({ invoke: { src: leaf } });
    const machine = createMachine({
      invoke: { src: middle },
      initial: 'a',
      states: { a: { on: { die: { actions: boom } } } },
    });
    const { host, crashes, send } = hostMachine(machine);
    host.start();
    send({ type: 'die' });
    expect(crashes).toHaveLength(1);
    expect(log).toEqual(['leaf stopped']);
  });

  it('a promise of a crashed machine that rejects later disturbs nobody', async () => {
    let reject = (_: Error) => {};
    const slow = fromPromise(
      () =>
        new Promise((_, no) => {
          reject = no;
        }),
    );
    const machine = createMachine({
      invoke: { src: slow },
      initial: 'a',
      states: { a: { on: { die: { actions: boom } } } },
    });
    const { host, crashes, send } = hostMachine(machine);
    host.start();
    send({ type: 'die' });
    reject(new Error('too late'));
    await Promise.resolve();
    expect(crashes).toHaveLength(1);
  });

  it('N05 a promise that rejects after its event was handled is a crash of its actor, not of the process', async () => {
    const late = fromPromise(async () => {
      await Promise.resolve();
      throw new Error('after return');
    });
    const { host, crashes } = hostMachine(createMachine({ invoke: { src: late } }));
    host.start();
    expect(crashes).toHaveLength(0);
    await vi.waitUntil(() => crashes.length > 0);
    expect(crashes).toHaveLength(1);
    expect(JSON.stringify(crashes)).toContain('after return');
  });

  it('N01 the next incarnation reads the mailbox in order, without the message that killed', () => {
    const machine = setup({ types: {} as { context: { got: number[] } } }).createMachine({
      context: { got: [] },
      initial: 'a',
      states: {
        a: {
          on: {
            work: { actions: assign({ got: ({ context, event }) => [...context.got, Number(event.n)] }) },
            die: { actions: boom },
          },
        },
      },
    });
    const first = hostMachine(machine);
    first.host.start();
    first.host.deliver('order', { type: 'work', n: 1 });
    first.host.deliver('order', { type: 'die' });
    first.host.deliver('signal', { type: 'work', n: 3 });
    first.host.deliver('order', { type: 'work', n: 2 });
    first.host.drain();
    expect(first.crashes).toHaveLength(1);
    // While nobody runs, messages go on waiting.
    expect(first.host.deliver('signal', { type: 'work', n: 4 })).toBe(true);

    const second = hostMachine(machine, { mailbox: first.mailbox, incarnation: 2 });
    second.host.start();
    second.host.drain();
    // N06: a new machine from its input, never the half-changed one.
    expect(second.host.snapshotContext()).toEqual({ got: [2, 3, 4] });
    expect(second.crashes).toEqual([]);
    expect(first.dropped).toEqual([]);
  });
});
