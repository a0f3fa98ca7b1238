import { describe, expect, it } from 'vitest';
import { createStepUp, PHRASE_TTL_MS } from './stepUp.ts';

function startStepUp() {
  let nowMs = 1_000_000;
  const stepUp = createStepUp('c0ffee0123456789', () => nowMs);
  return {
    ask: (phrase?: unknown, scope = 'arb:SOL', role = 'kill') => stepUp.ask('enable_live', scope, role, phrase),
    pass: (ms: number) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
  };
}

describe('the phrase for what opens risk', () => {
  it('names action, scope and configuration, and is the same until it is typed or expires', () => {
    const { ask, nowMs, pass } = startStepUp();
    const wanted = ask();

    expect(wanted).toEqual({
      phrase: expect.stringMatching(/^enable_live arb:SOL config c0ffee01 [a-z2-9]{4}$/),
      expiresAtMs: nowMs() + 60_000,
    });
    pass(PHRASE_TTL_MS - 1);
    expect(ask()).toEqual(wanted);
    expect(ask(wanted?.phrase)).toBeNull();
  });

  it('is void after 60 s', () => {
    const { ask, pass } = startStepUp();
    const wanted = ask();
    pass(PHRASE_TTL_MS);

    const again = ask(wanted?.phrase);
    expect(again).not.toBeNull();
    expect(again?.phrase).not.toBe(wanted?.phrase);
  });

  it.each([
    ['of another scope', 'arb:RAY', 'kill'],
    ['of another role', 'arb:SOL', 'operate'],
  ])('does not serve when it is %s', (_, scope, role) => {
    const { ask } = startStepUp();
    const wanted = ask();

    expect(ask(wanted?.phrase, scope, role)).not.toBeNull();
  });

  it('serves once, and a wrong one voids it', () => {
    const { ask } = startStepUp();
    const first = ask();
    expect([ask(first?.phrase), ask(first?.phrase)]).toEqual([null, expect.anything()]);

    const second = ask();
    expect(ask('a guess')).not.toBeNull();
    expect(ask(second?.phrase)).not.toBeNull();
  });
});
