import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { VenueEndpoints } from '../src/domain/ports.ts';

const CLI = fileURLToPath(new URL('../bin/nightjar.js', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startSim(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, 'sim', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

function textOf(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** The first line on stdout. */
async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout!.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  throw new Error(`ended without a line: ${text}`);
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null;

describe('nightjar sim', () => {
  it('prints one line of base URLs once it is ready, serves them, and ends on SIGTERM', async () => {
    const sim = startSim('--port', '0', '--json', '--seed', '3');
    const endpoints = JSON.parse(await firstLine(sim)) as VenueEndpoints;
    expect(Object.keys(endpoints)).toEqual(['binance', 'okx', 'bybit', 'jupiter']);

    const time = (await (await fetch(`${endpoints.binance.rest}/api/v3/time`)).json()) as { serverTime: number };
    expect(Math.abs(time.serverTime - Date.now())).toBeLessThan(5000);
    const missing = await fetch(`${endpoints.jupiter.rest}/nowhere`);
    expect(missing.status).toBe(404);
    const tooLarge = await fetch(`${endpoints.okx.rest}/sim/order`, {
      method: 'POST',
      body: 'x'.repeat(2_000_000),
    }).then(
      ({ status }) => status,
      () => 413,
    );
    expect(tooLarge).toBe(413);

    const frame = await firstFrame(`${endpoints.binance.ws}/stream?streams=solusdt@depth@100ms`);
    expect(frame.stream).toBe('solusdt@depth@100ms');
    await expect(firstFrame(`${endpoints.jupiter.rest.replace('http', 'ws')}/ws`)).rejects.toThrow(/404/);

    // A listener that stays connected does not hold it back.
    const listener = new WebSocket(`${endpoints.okx.ws}/ws/v5/public`);
    await once(listener, 'open');
    listener.on('error', () => {});
    sim.kill('SIGTERM');
    expect(await exitOf(sim)).toBe(0);
  });

  it('says in its text what results on it are worth', async () => {
    const sim = startSim();
    expect(await firstLine(sim)).toContain('prove the plumbing, not a profit');
  });

  it('tells a parent with an IPC channel when it is ready, and ends when the channel closes', async () => {
    const sim = fork(CLI, ['sim', '--json', '--set', 'sim.market.dexLag=false'], { silent: true });
    children.push(sim);
    const [message] = (await once(sim, 'message')) as [{ type: string; endpoints: VenueEndpoints }];
    expect(message.type).toBe('ready');
    expect(message.endpoints.bybit.ws).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);
    const ended = exitOf(sim);
    sim.disconnect();
    expect(await ended).toBe(0);
  });

  it('ends on SIGTERM too when a parent holds an IPC channel', async () => {
    const sim = fork(CLI, ['sim'], { silent: true });
    children.push(sim);
    await once(sim, 'message');
    sim.kill('SIGTERM');
    expect(await exitOf(sim)).toBe(0);
  });

  it('names a busy port and the remedy in one line, and exits with 1', async () => {
    const first = startSim('--json');
    const endpoints = JSON.parse(await firstLine(first)) as VenueEndpoints;
    const port = endpoints.binance.rest.split(':').at(-1)!;
    const second = startSim('--port', port);
    const stderr = textOf(second.stderr);
    expect(await exitOf(second)).toBe(1);
    expect(stderr().trim().split('\n')).toHaveLength(1);
    expect(stderr()).toContain(`port ${port}`);
    expect(stderr()).toContain('--port 0');
  });

  it('refuses an unknown setting and a bad port with what would be right', async () => {
    const wrong = startSim('--set', 'sim.market.dexlag=true');
    const stderr = textOf(wrong.stderr);
    expect(await exitOf(wrong)).toBe(2);
    expect(stderr()).toContain('sim.market.dexLag');
    const badPort = startSim('--port', 'http');
    const portError = textOf(badPort.stderr);
    expect(await exitOf(badPort)).not.toBe(0);
    expect(portError()).toContain('whole number');
  });
});

function firstFrame(url: string): Promise<{ stream: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('error', reject);
    socket.on('message', (data) => {
      resolve(JSON.parse(data.toString()));
      socket.terminate();
    });
  });
}
