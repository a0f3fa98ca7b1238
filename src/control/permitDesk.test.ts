import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import type { ControlMessage, LatchState } from '../domain/control.ts';
import { createLatch, latchRefusal } from '../workers/latchWords.ts';
import type { Reply } from './coreLink.ts';
import { OPEN_LATCH } from './latchFile.ts';
import { createPermitDesk, type PermitDeskDeps } from './permitDesk.ts';
import { latchedBots } from './targets.ts';

const bots = latchedBots([
  { id: 'bot:arb:SOL', slot: 0 },
  { id: 'bot:arb:RAY', slot: 1 },
]);
const [sol] = bots as [(typeof bots)[0]];

const message = (more: Partial<ControlMessage> = {}): ControlMessage => ({
  id: 'm1',
  action: 'disable_live',
  reason: 'drill',
  args: {},
  by: 'operate',
  from: '127.0.0.1',
  ...more,
});

function startDesk(broken: Partial<PermitDeskDeps> = {}, initial: LatchState = OPEN_LATCH) {
  const clock = createVirtualClock();
  const latch = createLatch(2);
  const events: string[] = [];
  const files: LatchState[] = [];
  const refused = (slot: number) => latchRefusal(latch, slot, 'opening') !== null;
  const desk = createPermitDesk({
    latch,
    initial,
    bots,
    clock,
    log: { log: (level, channel, text) => events.push(`${channel} ${level}: ${text}`) },
    writeLatchFile: (state) => {
      events.push(`file (SOL refused: ${refused(0)})`);
      files.push(state);
    },
    writeStdout: (line) => events.push(`stdout: ${line.trimEnd()}`),
    countAction: (action, bot) => events.push(`count ${action} ${bot}`),
    countTraceFailure: (trace) => events.push(`failed trace ${trace}`),
    notifyCore: async (): Promise<Reply> => {
      events.push('core told');
      return { status: 200, body: {} };
    },
    ...broken,
  });
  return { desk, clock, latch, events, files, refused };
}

const fails = () => {
  throw new Error('no');
};

it('G2 gives the guardian a closure before the file, says where it holds, and takes it back once the file has it', async () => {
  const told: (LatchState | null)[] = [];
  let full = true;
  const { desk, clock } = startDesk({
    writeLatchFile() {
      expect(told.at(-1)?.all?.level).toBe('kill');
      if (full) throw new Error('ENOSPC');
    },
    guardian: { hold: (state) => told.push(state) > 0, release: () => void told.push(null) },
  });
  const reply = await desk.close('kill', bots, message({ action: 'kill' }));
  expect(reply.status).toBe(500);
  expect(JSON.stringify(reply.body)).toContain('closed in memory and with the guardian, NOT on disk');
  expect(told).toHaveLength(1);
  full = false;
  await clock.run(clock.nowMs() + 1_500);
  expect(told.at(-1)).toBeNull();
});

it('G2 says that the death of the core would open it when neither file nor guardian has the closure', async () => {
  const { desk } = startDesk({ writeLatchFile: fails });
  const reply = await desk.close('kill', bots, message({ action: 'kill' }));
  expect(JSON.stringify(reply.body)).toContain('NOT on disk and not with the guardian');
});

describe('closing a permit', () => {
  it('sets the words, then the file, then leaves its traces, then tells the core', async () => {
    const { desk, events, files, refused } = startDesk();

    const reply = await desk.close('disable_live', [sol], message({ target: 'arb:SOL' }));

    const line = 'disable_live reason=drill bot=arb:SOL by=operate';
    expect(events).toEqual([
      'file (SOL refused: true)',
      `stdout: ${line}`,
      `control error: ${line}`,
      'count disable_live arb:SOL',
      'core told',
    ]);
    expect(reply).toMatchObject({
      status: 200,
      body: { before: { 'arb:SOL': 'open' }, after: { 'arb:SOL': 'permit', 'arb:RAY': 'open' }, failedTraces: [] },
    });
    expect(files[0]?.bots['bot:arb:SOL']).toMatchObject({ reason: 'drill', by: 'operate', level: 'permit' });
    expect(refused(1)).toBe(false);
  });

  it.each([
    ['latch', { writeLatchFile: fails }],
    ['stdout', { writeStdout: fails }],
    ['log', { log: { log: fails } }],
    ['counter', { countAction: fails }],
    ['journal', { notifyCore: fails }],
    ['journal', { notifyCore: () => Promise.reject(new Error('no')) }],
    ['journal', { notifyCore: async () => ({ status: 500, body: {} }) }],
    ['journal', { notifyCore: async () => null }],
  ])('holds when the trace "%s" cannot be written, says so, and leaves the others', async (trace, broken) => {
    const { desk, events, refused } = startDesk(broken);

    const reply = await desk.close('kill', bots, message({ action: 'kill' }));

    expect(reply).toMatchObject({ status: 500, body: { failedTraces: [trace] } });
    expect([refused(0), refused(1)]).toEqual([true, true]);
    if (trace !== 'stdout') expect(events).toContain('stdout: kill reason=drill bot=arb:RAY by=operate');
    if (trace !== 'journal') expect(events).toContain('core told');
    expect(events).toContain(`failed trace ${trace}`);
  });

  it('holds when every trace fails, the alarm included', async () => {
    const { desk, refused } = startDesk({
      writeLatchFile: fails,
      writeStdout: fails,
      log: { log: fails },
      countAction: fails,
      countTraceFailure: fails,
      notifyCore: fails,
    });

    const reply = await desk.close('disable_live', bots, message());

    expect(reply.status).toBe(500);
    expect([refused(0), refused(1)]).toEqual([true, true]);
  });

  it('does not wait for the journal longer than 2 s', async () => {
    const { desk, clock } = startDesk({ notifyCore: () => new Promise(() => {}) });
    const startMs = clock.nowMs();

    const closing = desk.close('disable_live', [sol], message({ target: 'arb:SOL' }));
    let replied = false;
    void closing.then(() => {
      replied = true;
    });
    await clock.run(startMs + 1_999);
    expect(replied).toBe(false);
    await clock.run(startMs + 2_000);

    expect((await closing).body).toMatchObject({ failedTraces: ['journal'] });
    expect(clock.pendingTimers()).toBe(0);
  });

  it('writes the file at a later try once the disk takes it again', async () => {
    let full = true;
    const written: LatchState[] = [];
    const writeLatchFile = (state: LatchState) => {
      if (full) throw new Error('ENOSPC');
      written.push(state);
    };
    const { desk, clock } = startDesk({ writeLatchFile });
    await desk.close('disable_live', [sol], message({ target: 'arb:SOL' }));
    expect(desk.isDurable()).toBe(false);

    await clock.run(clock.nowMs() + 3_500);
    full = false;
    await clock.run(clock.nowMs() + 1_500);

    expect(desk.isDurable()).toBe(true);
    expect(Object.keys(written[0]!.bots)).toEqual(['bot:arb:SOL']);
  });

  it('never lowers a kill to a closed permit', async () => {
    const { desk, latch } = startDesk();
    await desk.close('kill', [sol], message({ action: 'kill', target: 'arb:SOL', reason: 'first' }));

    await desk.close('disable_live', bots, message({ id: 'm2' }));

    expect(latchRefusal(latch, 0, 'closing')).toBe('killed');
    expect(latchRefusal(latch, 1, 'closing')).toBeNull();
    expect(desk.state().bots['bot:arb:SOL']?.reason).toBe('first');
  });
});

describe('opening a permit', () => {
  it('opens nothing while the file cannot say so', async () => {
    const closed = { ...OPEN_LATCH, all: { reason: 'x', by: 'y', atMs: 0 } };
    const { desk, refused } = startDesk({ writeLatchFile: fails }, closed);
    await desk.close('disable_live', bots, message());

    const reply = await desk.open(bots, message({ id: 'm2', action: 'enable_live' }));

    expect(reply.status).toBe(500);
    expect(refused(0)).toBe(true);
    expect(desk.state().all).not.toBeNull();
  });

  it('opens exactly the bot asked for when all were closed', async () => {
    const { desk, refused, files } = startDesk();
    await desk.close('disable_live', bots, message());

    const reply = await desk.open([sol], message({ id: 'm2', action: 'enable_live', target: 'arb:SOL' }));

    expect(reply.status).toBe(200);
    expect([refused(0), refused(1)]).toEqual([false, true]);
    expect(files.at(-1)).toMatchObject({ all: null, bots: { 'bot:arb:RAY': { reason: 'drill' } } });
  });

  it('opens every bot when none is named', async () => {
    const { desk, refused, files } = startDesk();
    await desk.close('kill', bots, message({ action: 'kill' }));

    await desk.open(bots, message({ id: 'm2', action: 'enable_live' }));

    expect([refused(0), refused(1)]).toEqual([false, false]);
    expect(files.at(-1)).toEqual(OPEN_LATCH);
  });
});

describe('the last resort', () => {
  it('closes the words of every bot, or of those named, opens none, and makes it durable', () => {
    const { desk, latch, files, events } = startDesk();
    desk.slam('permit', [sol], 'a fault');
    expect([latchRefusal(latch, 0, 'opening'), latchRefusal(latch, 1, 'opening')]).toEqual(['permit closed', null]);

    desk.slam('kill', null, 'another');
    expect([latchRefusal(latch, 0, 'closing'), latchRefusal(latch, 1, 'closing')]).toEqual(['killed', 'killed']);
    desk.slam('permit', null, 'a weaker one');
    expect(latchRefusal(latch, 0, 'closing')).toBe('killed');
    expect(files.at(-1)?.all).toMatchObject({ level: 'kill', by: 'last resort', reason: 'another' });
    expect(events).toContain('stdout: kill reason=another by=last resort');
  });

  it('holds when nothing else works, and writes the file once it can', async () => {
    let broken = true;
    const breaks = () => {
      if (broken) throw new Error('no');
    };
    const { desk, latch, clock } = startDesk({
      writeLatchFile: breaks,
      writeStdout: breaks,
      log: { log: breaks },
      notifyCore: fails,
    });
    desk.slam('kill', null, 'a fault');
    expect([latchRefusal(latch, 0, 'closing'), desk.isDurable()]).toEqual(['killed', false]);

    broken = false;
    await clock.run(clock.nowMs() + 1_500);
    expect(desk.isDurable()).toBe(true);
  });

  it('does the stop whose own bookkeeping throws, and says so', async () => {
    const { desk, latch } = startDesk();
    // A target list that breaks when it is read for the traces.
    const broken = new Proxy([sol], {
      get(target, name, receiver) {
        if (name === 'map') throw new Error('fault');
        return Reflect.get(target, name, receiver);
      },
    });
    await expect(desk.close('kill', broken, message({ action: 'kill' }))).resolves.toMatchObject({ status: 500 });
    expect(latchRefusal(latch, 0, 'closing')).toBe('killed');
  });
});
