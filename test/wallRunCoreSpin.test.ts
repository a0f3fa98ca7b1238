import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CORE_SILENT_MS } from '../src/guardian/coreWatchdog.ts';
import { newDataDir, nightjar, readJson, startNightjar } from './nightjarProcess.ts';
import { operatorOf } from './operatorClient.ts';
import { cancelledByRescue, FOREIGN_ID, OWN_ID, openIdsAt, placeOwnAndForeign } from './ownOrders.ts';
import { slowness } from './slowness.ts';

/** On a quiet machine, ms. */
const KILL_BOUND_MS = 2000;

it('a kill takes effect while the core spins: the latch at once, our orders gone within 2 s, the core replaced', async () => {
  const dataDir = newDataDir();
  const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
  await running.saw(/READY /);
  const { control, venue } = operatorOf(running);
  const okx = venue('okx');
  const factorBefore = slowness();

  const spins = await control({ action: 'error-sim', target: 'core', args: { mode: 'spin' } });
  expect(spins).toMatchObject({ status: 200, body: { drilled: 'core' } });
  // Only now: the core's own sweep would cancel an order of ours that it does not know.
  await placeOwnAndForeign(okx);
  expect(await openIdsAt(okx)).toEqual([OWN_ID, FOREIGN_ID].sort());
  const askedMs = performance.now();
  const { kill } = readJson<{ kill: string }>(join(dataDir, 'tokens'));
  // Done, or cut off: the process may be ended before it can say so.
  const killed = control({ action: 'kill', reason: 'core spins' }, kill).then(
    ({ status }) => status,
    () => 'cut off',
  );
  while ((await openIdsAt(okx)).includes(OWN_ID));
  const goneMs = performance.now() - askedMs;
  const factor = Math.max(factorBefore, slowness());
  expect(goneMs).toBeLessThan(KILL_BOUND_MS * factor);
  expect(await openIdsAt(okx)).toEqual([FOREIGN_ID]);

  const silent = await running.saw(/CORE SILENT for [\d.]+ s: it spins or hangs, and is ended \(SIGKILL\)/);
  console.log(
    `${silent}; own orders gone ${goneMs.toFixed(0)} ms after the kill was asked for; this machine is ${factor.toFixed(1)} times slower than a quiet one`,
  );
  expect(cancelledByRescue([await running.saw(/RESCUE .*/)])).toBe(1);
  // Counted in the guardian's own beats: it did not wait the two seconds of a core that nobody killed.
  expect(Number(/[\d.]+/.exec(silent)![0]) * 1000).toBeLessThan(CORE_SILENT_MS);
  expect([200, 202, 503, 504, 'cut off']).toContain(await killed);
  const latch = readJson<{ all: { level: string; reason: string } | null }>(join(dataDir, 'latch'));
  expect(latch.all).toMatchObject({ level: 'kill', reason: 'core spins' });
  await running.saw(/PERMIT of every bot is closed: core spins/);
  await running.saw(/READY again, core incarnation 2/);

  const { run } = readJson<{ run: string }>(join(dataDir, 'endpoint.json'));
  running.process.kill('SIGTERM');
  const result = await running.ended;
  expect(result.code, result.stderr).toBe(0);
  const verified = await nightjar('replay', join(dataDir, 'runs', run), '--verify', '--json');
  expect(verified.code, verified.stdout).toBe(0);
});
