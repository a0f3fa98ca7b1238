import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { closePermitsAtHalt } from '../src/cli/startHalt.ts';
import type { LatchState } from '../src/domain/control.ts';
import type { Drill } from '../src/guardian/coreMessages.ts';
import { startGuardian } from '../src/guardian/guardian.ts';
import { newDataDir, readJson, startNightjar } from './nightjarProcess.ts';
import { cancelledByRescue, placeOwnAndForeign } from './ownOrders.ts';

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const DRILLS = [
  { id: 0, atMs: 1000, target: 'edge' },
  { id: 1, atMs: 600_000, target: 'lane:0', mode: 'spin' },
] as const;
const latchOf = (dataDir: string) => JSON.parse(readFileSync(join(dataDir, 'latch'), 'utf8')) as LatchState;

it('F7 a core that dies at each start is given three restarts, then the run halts: orders cancelled, permits closed', async () => {
  const dataDir = newDataDir();
  const notices: string[] = [];
  const incarnations: number[] = [];
  let placed: Promise<unknown> | null = null;
  let venue = '';
  const settings = { env: 'sim' };
  const guardian = startGuardian(
    {
      coreEntry: fileURLToPath(new URL('./dyingCore.ts', import.meta.url)),
      sim: { entry: pathOf('../bin/nightjar.js'), args: ['sim', '--port', '0', '--json', '--seed', '7'] },
      rescue: { entry: pathOf('../src/rescueEntry.ts'), pairs: ['SOL/USDT'] },
      boot: {
        ...{ run: 'r', runTag: 'r', runDir: dataDir, dataDir, clock: 'wall', settings, kernel: {}, port: 0 },
        ...{ logLevel: 'silent', version: '0', codeHash: '0', configHash: '0', forMs: null, drills: DRILLS },
      },
      forMs: null,
      writeHeld() {},
      isKilled: () => false,
    },
    {
      simReady: ({ okx }) => {
        venue = okx.rest;
      },
      incarnationStarted: (incarnation) => incarnations.push(incarnation),
      notice(line) {
        notices.push(line);
        // An order that only the rescues of the last deaths can find.
        if (line.startsWith('CORE DIED')) placed ??= placeOwnAndForeign(venue);
      },
      halted: (reason) => closePermitsAtHalt(join(dataDir, 'latch'), reason, Date.now()),
      ...{ listening() {}, ready() {}, status() {}, progress() {}, forced() {} },
    },
  );
  const { ended, message, coreDeaths } = await guardian.result;
  await placed;
  expect(incarnations).toEqual([1, 2, 3, 4]);
  expect(coreDeaths).toBe(4);
  expect(ended).toBe('failed');
  expect(message).toMatch(/^halted: the core died 4 times within 60 s \(last: code 7\); every permit is closed/);
  expect(latchOf(dataDir).all).toMatchObject({
    by: 'guardian',
    reason: expect.stringMatching(/^halted: the core died/),
  });
  // What one incarnation began, no later one acts out again, and the time that has passed counts.
  const given = notices.filter((line) => line.startsWith('DRILLS')).map((line) => JSON.parse(line.slice(7)) as Drill[]);
  expect(given.map((drills) => drills.map(({ id }) => id))).toEqual([[0, 1], [1], [], []]);
  expect(given[0]).toEqual(DRILLS);
  expect(given[1]![0]!.atMs).toBeLessThan(DRILLS[1].atMs);
  // One rescue per death, each proven, the last one before the end; the operator's own order was not ours to cancel.
  const rescues = notices.filter((line) => line.startsWith('RESCUE'));
  expect(rescues).toHaveLength(4);
  for (const line of rescues) expect(line).toMatch(/proven by listings/);
  expect(cancelledByRescue(rescues)).toBe(1);
});

it('a halted run says so and exits 1, and the next start has its permits closed until somebody opens them', async () => {
  const dataDir = newDataDir();
  const first = startNightjar(
    'start',
    ...['--seed', '7', '--port', '0', '--data', dataDir, '--core-restarts', '1/300s'],
  );
  await first.saw(/READY /);
  const corePid = () => readJson<{ corePid: number }>(join(dataDir, 'endpoint.json')).corePid;
  process.kill(corePid(), 'SIGKILL');
  await first.saw(/READY again, core incarnation 2/);
  process.kill(corePid(), 'SIGKILL');
  const { code, stderr } = await first.ended;
  expect(code, stderr).toBe(1);
  expect(stderr).toMatch(/run\.failed: halted: the core died 2 times within 300 s \(last: SIGKILL\)/);

  const next = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
  await next.saw(/PERMIT of every bot is closed: halted: the core died 2 times.*enable_live opens it/);
  next.process.kill('SIGTERM');
  expect((await next.ended).code).toBe(0);
});
