import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createTokenCheck, makeTokens, readTokens, writeTokens } from '../src/control/tokens.ts';
import { latchLevel } from '../src/workers/latchWords.ts';
import { type EdgeUnderTest, startEdge } from './edgeHarness.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startOn(dataDir?: string): Promise<EdgeUnderTest> {
  const edge = await startEdge(dataDir === undefined ? {} : { dataDir });
  stops.push(() => edge.stop());
  return edge;
}
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nightjar-tokens-'));
  stops.push(() => rmSync(path, { recursive: true }));
  return path;
}
const statusOf = async (edge: EdgeUnderTest, token: string) =>
  (await edge.call('GET', '/api/metrics/sanity', { token })).status;

describe('section 4: tokens', () => {
  it('are compared by digests of one length: a token of any length and form is only wrong', () => {
    const tokens = makeTokens();
    const roleOf = createTokenCheck(tokens);
    expect(roleOf(tokens.kill)).toBe('kill');
    for (const wrong of ['', 'x', tokens.kill.slice(1), `${tokens.kill} `, tokens.kill.repeat(1_000), '\0', 'é']) {
      expect(roleOf(wrong)).toBeNull();
    }
  });

  it('are taken over from the file without a restart: the old ones end, their open sessions too', async () => {
    const edge = await startOn();
    const path = edge.boot.tokensPath;
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/live`);
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(JSON.stringify({ type: 'login', token: edge.tokens.read }));
    await new Promise((resolve) => socket.once('message', resolve));

    const fresh = makeTokens();
    writeTokens(path, fresh);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await edge.until(() => edge.log().includes('the tokens were changed'));
    expect(await statusOf(edge, fresh.read)).toBe(200);
    expect(await statusOf(edge, edge.tokens.read)).toBe(401);
    expect(await closed).toBe(4401);
    // The new ones are secrets like the old ones.
    const body = { action: 'disable_live', target: 'arb:SOL', reason: `pasted ${fresh.kill}` };
    expect((await edge.call('POST', '/control', { token: fresh.operate, body })).status).toBe(200);
    expect(edge.log()).not.toContain(fresh.kill);
    expect(JSON.stringify([edge.heard, edge.latchFile()])).not.toContain(fresh.kill);
  });

  it('stay those of before when the changed file cannot be read, and the log says so', async () => {
    const edge = await startOn();
    writeFileSync(edge.boot.tokensPath, '{"read": "short"}');
    await edge.until(() => edge.log().includes('the tokens of before stay'));
    expect(await statusOf(edge, edge.tokens.read)).toBe(200);
    expect(() => readTokens(edge.boot.tokensPath)).toThrow(/does not hold four tokens/);
  });
});

describe('section 4: Alertmanager', () => {
  const payload = (startsAt: string) => ({
    version: '4',
    alerts: [
      {
        status: 'firing',
        labels: { severity: 'critical', alertname: 'A', bot: 'arb:SOL' },
        startsAt,
        fingerprint: 'f',
      },
    ],
  });

  it('stops once per firing, over a restart of the edge too: a permit that was opened since stays open', async () => {
    const dataDir = folder();
    const send = (edge: EdgeUnderTest, startsAt: string) =>
      edge.call('POST', '/am-webhook', { token: edge.tokens.alertmanager, body: payload(startsAt) });
    const first = await startEdge({ dataDir });
    expect(JSON.parse((await send(first, '2026-01-01T00:00:00Z')).text)).toEqual({ results: ['closed'] });
    const open = { action: 'enable_live', target: 'arb:SOL', reason: 'looked at it' };
    expect((await first.call('POST', '/control', { token: first.tokens.operate, body: open })).status).toBe(200);
    await first.stop();

    const second = await startOn(dataDir);
    for (let again = 0; again < 100; again += 1) {
      expect(JSON.parse((await send(second, '2026-01-01T00:00:00Z')).text)).toEqual({ results: ['repeated'] });
    }
    expect(latchLevel(second.boot.latch, 0)).toBe('open');
    expect(JSON.parse((await send(second, '2026-01-01T01:00:00Z')).text)).toEqual({ results: ['closed'] });
    expect(latchLevel(second.boot.latch, 0)).toBe('permit');
    expect(statSync(join(dataDir, 'alerts')).mode & 0o777).toBe(0o600);
  });

  it('closes again what it can no longer know to have closed: a memory that is garbage stops nothing from stopping', async () => {
    const dataDir = folder();
    writeFileSync(join(dataDir, 'alerts'), 'garbage');
    const edge = await startOn(dataDir);
    const body = payload('2026-01-01T00:00:00Z');
    const answer = await edge.call('POST', '/am-webhook', { token: edge.tokens.alertmanager, body });
    expect([answer.status, latchLevel(edge.boot.latch, 0)]).toEqual([200, 'permit']);
    expect(edge.log()).toContain('each closes again');
  });
});

describe('POST /emit', () => {
  it('takes warm-up observations for the journal, each marked as warm, and refuses anything else by name', async () => {
    const edge = await startOn();
    const emit = (body: unknown, token = edge.tokens.operate) => edge.call('POST', '/emit', { token, body });
    const one = { name: 'gross.bps', value: 41.5, at: '2026-01-05T14:30:00Z' };
    const answer = await emit({ bot: 'arb:SOL', observations: [one, { name: 'adverse', value: -1 }] });
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([202, { accepted: 2, source: 'warm' }]);
    const noted = () => edge.heard.flatMap((said) => (said.type === 'control' ? [said.message] : []));
    await edge.until(() => noted().length > 0);
    expect(noted()[0]).toMatchObject({
      ...{ action: 'emit', target: 'arb:SOL', by: 'operate' },
      args: {
        source: 'warm',
        observations: [
          { ...one, source: 'warm' },
          { value: -1, source: 'warm' },
        ],
      },
    });

    const tooMany = { observations: Array.from({ length: 101 }, () => one) };
    for (const bad of [
      {},
      { observations: [] },
      tooMany,
      { observations: [{ ...one, value: 'x' }] },
      { observations: [{ ...one, source: 'live' }] },
    ]) {
      expect((await emit(bad)).status).toBe(400);
    }
    expect((await emit({ observations: [one] }, edge.tokens.read)).status).toBe(403);
    expect(noted()).toHaveLength(1);
  });
});

it('section 4: the control plane refuses to listen on anything but loopback', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
    await expect(startEdge({ host })).rejects.toThrow(/listens on loopback only/);
  }
});
