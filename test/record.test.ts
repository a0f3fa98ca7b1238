import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SocketHandle, Transport } from '../src/domain/ports.ts';
import { createRandom } from '../src/domain/random.ts';
import { defaultSimConfig } from '../src/sim/simConfig.ts';
import { type SimServers, startSimServers } from '../src/sim/simServers.ts';
import { createSimWorld, type SimWorld } from '../src/sim/simWorld.ts';
import { replayRecordingFolder } from '../src/workers/recordingFolder.ts';
import { spotMarkets } from '../src/workers/recordMarkets.ts';
import { startRecordSession } from '../src/workers/recordSession.ts';
import { startRecordThread } from '../src/workers/recordThread.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';
import { newDataDir, nightjar, startNightjar } from './nightjarProcess.ts';

const root = newDataDir();
const clock = createWallClock();
let world: SimWorld;
let servers: SimServers;

beforeAll(async () => {
  world = createSimWorld({ clock, random: createRandom('record'), config: defaultSimConfig });
  servers = await startSimServers(world, { port: 0 });
});
afterAll(async () => {
  await servers.close();
  world.stop();
  rmSync(root, { recursive: true });
});

const MARKETS = spotMarkets(['SOL/USDT', 'BTC/USDT'], ['binance', 'okx', 'bybit']);

/** A recording of the embedded venues over real sockets, which the test can cut. */
async function startRecording(name: string, bufferBytes?: number) {
  const folder = join(root, name);
  mkdirSync(folder);
  const sizes = { rotateBytes: 1e9, minFreeBytes: 0 };
  const plan = { folder, nightjarVersion: 'test', source: 'test', markets: MARKETS, ...sizes };
  const thread = await startRecordThread({ plan }, bufferBytes);
  const sockets: SocketHandle[] = [];
  const wall = createWallTransport();
  const transport: Transport = {
    request: (wanted) => wall.request(wanted),
    openSocket(url, handlers) {
      const socket = wall.openSocket(url, handlers);
      sockets.push(socket);
      return socket;
    },
  };
  const troubles: string[] = [];
  const { endpoints } = servers;
  const session = startRecordSession({
    ...{ clock, transport, random: createRandom(1), spot: endpoints, perp: endpoints, markets: MARKETS, thread },
    isPaced: false,
    onTrouble: (_of, code) => troubles.push(code),
  });
  const framesBeyond = (count: number) => {
    const wanted = thread.buffer.frames + count;
    return expect.poll(() => thread.buffer.frames, { timeout: 60_000 }).toBeGreaterThan(wanted);
  };
  const allLive = () => expect.poll(() => session.liveBooks(), { timeout: 60_000 }).toBe(MARKETS.length);
  const end = async () => {
    const manifest = await thread.end('the test is over', session.stop());
    wall.close();
    return manifest;
  };
  return { folder, thread, sockets, session, troubles, framesBeyond, allLive, end };
}

describe('nightjar record', () => {
  it('records what live feeds see: after cut connections too the replay ends in the very same books', async () => {
    const { folder, sockets, session, framesBeyond, allLive, end } = await startRecording('cut');
    await allLive();
    await framesBeyond(100);
    for (const socket of sockets.splice(0)) socket.close();
    const reconnected = () => session.books().filter(({ reconnects }) => reconnects > 0).length;
    await expect.poll(reconnected, { timeout: 60_000 }).toBe(MARKETS.length);
    await allLive();
    await framesBeyond(100);
    const manifest = await end();

    expect(manifest).toMatchObject({ ended: 'clean', lostFrames: 0, venues: ['binance', 'okx', 'bybit'] });
    expect(manifest.files.map(({ connection }) => connection)).toEqual(MARKETS.flatMap(() => [1, 2]));
    expect(manifest.books.map(({ trust }) => trust)).toEqual(MARKETS.map(() => 'live'));
    const report = await replayRecordingFolder(folder, {});
    expect(report.recording).toMatchObject({ isOk: true, filesChecked: 2 * MARKETS.length, filesDamaged: [] });
    expect(report.recording?.books.map(({ isEqual }) => isEqual)).toEqual(MARKETS.map(() => true));
    expect(report).toMatchObject({ lines: manifest.frames, bytes: manifest.bytes, badLineCount: 0, crossed: 0 });
  });

  it('loses what finds no room instead of waiting for the disk, and says in the manifest on which connection', async () => {
    const { folder, thread, framesBeyond, allLive, end } = await startRecording('lossy', 2 * 64 * 1024);
    await allLive();
    await framesBeyond(50);
    // In one turn of the loop nothing can come back from the writing thread.
    const large = new TextEncoder().encode(`{"result":null,"id":"${'x'.repeat(60_000)}"}`);
    const before = thread.buffer.lostFrames;
    for (let i = 0; i < 100; i += 1) thread.buffer.take(1, clock.nowMs(), large);
    const lost = thread.buffer.lostFrames - before;
    expect(lost).toBeGreaterThanOrEqual(97);
    const manifest = await end();

    expect(manifest.lostFrames).toBe(thread.buffer.lostFrames);
    const [first, ...others] = manifest.files.filter(({ lostFrames }) => lostFrames >= 97);
    expect([first?.connection, first!.lostBytes >= lost * large.length, others]).toEqual([1, true, []]);
    expect((await replayRecordingFolder(folder, {})).recording?.lostFrames).toBe(manifest.lostFrames);
  });

  it('ends by Ctrl-C with a whole recording, and never writes over one', async () => {
    const folder = join(root, 'command');
    const args = ['record', '--from', 'sim', '--pair', 'SOL/USDT', '--out', folder];
    const running = startNightjar(...args);
    await running.saw(/all 3 books are live/);
    running.process.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining('ended clean: SIGINT')]);

    const [again, replayed] = await Promise.all([nightjar(...args), nightjar('replay', folder, '--json')]);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('never written over') });
    const report = JSON.parse(replayed.stdout);
    expect([replayed.code, report.recording.isOk, report.gaps]).toEqual([0, true, 0]);
    expect(report.recording.books.map(({ isEqual }: { isEqual: boolean }) => isEqual)).toEqual([true, true, true]);
    expect(existsSync(join(folder, '.reserve'))).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({ source: 'sim seed 7' });
  });
});
