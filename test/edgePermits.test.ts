import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { latchLevel, latchRefusal } from '../src/workers/latchWords.ts';
import { type EdgeUnderTest, startEdge } from './edgeHarness.ts';

let edge: EdgeUnderTest;
beforeEach(async () => {
  edge = await startEdge({ configHash: 'c0ffee0123456789' });
});
afterEach(() => edge.stop());

const control = async (body: object, role: 'operate' | 'kill' = 'kill', on = edge) => {
  const { status, text } = await on.call('POST', '/control', { token: on.tokens[role], body });
  return { status, body: JSON.parse(text) as Record<string, never> };
};
const level = (slot: number) => latchLevel(edge.boot.latch, slot);
/** What of a bot the gateway would send now. */
const sends = (slot: number) =>
  (['opening', 'closing'] as const).filter((effect) => latchRefusal(edge.boot.latch, slot, effect) === null);
const latchChanges = () => edge.heard.filter(({ type }) => type === 'latchChanged');

describe('permit verbs', () => {
  it.each([
    ['disable_live', ['closing'], 'permit'],
    ['drain', ['closing'], 'permit'],
    ['flatten', ['closing'], 'permit'],
    ['kill', [], 'kill'],
  ] as const)(
    '%s of one bot leaves it %j, the other bot alone, and answers who, where, before → after',
    async (action, left, after) => {
      const { status, body } = await control({ action, target: 'arb:SOL', reason: 'drill' });

      expect(status).toBe(200);
      expect([sends(0), sends(1)]).toEqual([left, ['opening', 'closing']]);
      expect(body).toMatchObject({
        action,
        by: 'kill',
        from: '127.0.0.1',
        scope: ['arb:SOL'],
        before: { 'arb:SOL': 'open', 'arb:RAY': 'open' },
        after: { 'arb:SOL': after, 'arb:RAY': 'open' },
      });
      expect(body.consequences).not.toEqual([]);
      expect(edge.latchFile()).toMatchObject({ all: null, bots: { 'bot:arb:SOL': { level: after, reason: 'drill' } } });
      expect(latchChanges()).toHaveLength(1);
    },
  );

  it('flatten lets a killed bot close, not open, and survives a restart so; a kill takes it back', async () => {
    await control({ action: 'kill', reason: 'all' });
    expect((await control({ action: 'flatten', target: 'arb:SOL', reason: 'x' }, 'operate')).status).toBe(403);
    expect((await control({ action: 'flatten', target: 'arb:SOL', reason: 'x' })).body.after).toEqual({
      'arb:SOL': 'flatten',
      'arb:RAY': 'kill',
    });
    expect([sends(0), sends(1)]).toEqual([['closing'], []]);

    const successor = await startEdge({ dataDir: edge.dataDir });
    expect([0, 1].map((slot) => latchLevel(successor.boot.latch, slot))).toEqual(['flatten', 'kill']);
    await successor.stop();

    await control({ action: 'disable_live', reason: 'weaker' });
    expect(sends(0)).toEqual(['closing']);
    await control({ action: 'kill', target: 'arb:SOL', reason: 'stop it' });
    expect(sends(0)).toEqual([]);
    await control({ action: 'flatten', reason: 'all' });
    await control({ action: 'kill', target: 'arb:RAY', reason: 'this one not' });
    expect([sends(0), sends(1)]).toEqual([['closing'], []]);
  });

  it('an operator opens what was disabled in one step on embedded venues, with a phrase elsewhere', async () => {
    await control({ action: 'disable_live', reason: 'x' }, 'operate');
    expect((await control({ action: 'enable_live', reason: 'y' }, 'operate')).status).toBe(200);

    const mainnet = await startEdge({ env: 'mainnet' });
    await control({ action: 'disable_live', reason: 'x' }, 'operate', mainnet);
    const asked = await control({ action: 'enable_live', reason: 'y' }, 'operate', mainnet);
    expect(asked.status).toBe(409);
    expect((await control({ action: 'promote', target: 'arb:SOL' }, 'operate', mainnet)).status).toBe(409);
    expect(latchLevel(mainnet.boot.latch, 0)).toBe('permit');
    await mainnet.stop();
  });
});

describe('the phrase that lifts a kill', () => {
  const lift = (more: object = {}) => control({ action: 'enable_live', target: 'arb:SOL', reason: 'ok', ...more });
  beforeEach(() => control({ action: 'kill', target: 'arb:SOL', reason: 'x' }));

  it('is asked for with 409, names action, scope and configuration, and opens once, under the same id too', async () => {
    const askedAtMs = Date.now();
    const { status, body } = await lift({ id: 'lift' });
    expect(status).toBe(409);
    expect(body.phrase).toMatch(/^enable_live arb:SOL config c0ffee01 [a-z2-9]{4}$/);
    expect(Math.abs(Number(body.expiresAtMs) - askedAtMs - 60_000)).toBeLessThan(5_000);

    expect((await lift({ id: 'lift', args: { phrase: body.phrase } })).status).toBe(200);
    expect(level(0)).toBe('open');
    await control({ action: 'kill', target: 'arb:SOL', reason: 'again' });
    expect((await lift({ args: { phrase: body.phrase } })).status).toBe(409);
    expect(level(0)).toBe('kill');
  });

  it('opens nothing when it is wrong or of another bot, and the right one is void after a wrong one', async () => {
    const { phrase } = (await lift()).body;
    await control({ action: 'kill', target: 'arb:RAY', reason: 'x' });
    expect((await control({ action: 'enable_live', target: 'arb:RAY', reason: 'y', args: { phrase } })).status).toBe(
      409,
    );
    expect((await lift({ args: { phrase: 'please' } })).status).toBe(409);
    expect((await lift({ args: { phrase } })).status).toBe(409);
    expect([level(0), level(1)]).toEqual(['kill', 'kill']);
  });
});

describe('a plan', () => {
  const flying = [{ bot: 'bot:arb:SOL', state: 'go.firing', attemptOpen: true, orders: [] }];

  it.each(['disable_live', 'drain', 'flatten', 'kill', 'enable_live'])(
    'of %s says what it would do, and does nothing',
    async (action) => {
      edge.answerWith(() => ({ status: 200, body: flying }));
      const { status, body } = await control({ action, target: 'arb:SOL', args: { plan: true } }, 'operate');

      expect(status).toBe(200);
      expect(body).toMatchObject({ plan: true, action, scope: ['arb:SOL'], inFlight: flying });
      expect(String(body.notCovered)).toContain('other bots go on as they are: arb:RAY');
      expect([sends(0), latchChanges()]).toEqual([['opening', 'closing'], []]);
      expect(edge.log()).not.toContain('control executed');

      await control({ action: 'enable_live', target: 'arb:SOL', reason: 'really' });
      const done = await control({ action, target: 'arb:SOL', reason: 'really' });
      expect(done.body.after).toEqual(body.after);
    },
  );

  it('says that what is in flight is unknown when the core is silent', async () => {
    edge.answerWith(() => null);
    const { body } = await control({ action: 'kill', args: { plan: true } }, 'operate');

    expect(body.inFlight).toBeNull();
    expect(String(body.notCovered)).toContain('the core does not answer');
    expect(body.needs).toEqual({ role: 'kill', phrase: false });
  });
});
