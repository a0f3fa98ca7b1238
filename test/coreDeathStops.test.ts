import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadConfigFor } from '../src/cli/configOptions.ts';
import { planRun } from '../src/cli/startPlan.ts';
import { makeClientOrderId } from '../src/domain/clientOrderId.ts';
import type { VenueEndpoints } from '../src/domain/ports.ts';
import { startGuardian } from '../src/guardian/guardian.ts';
import { createDataDir } from '../src/journal/dataDir.ts';
import { openJournalReader } from '../src/journal/journalReader.ts';
import { writeManifest } from '../src/journal/runManifest.ts';
import type { LoggedOrder } from '../src/sim/orderLog.ts';
import { Family } from './chaos/real/processes.ts';
import { venuesOf } from './killPointBooks.ts';
import { newDataDir, type RunningNightjar, readJson, startNightjar } from './nightjarProcess.ts';

const VENUES = ['binance', 'okx', 'bybit'] as const;
/** Orders of an earlier run of ours, as quotes that rest, and a person's own. */
const own = (venue: number) =>
  makeClientOrderId({ ...{ runTag: 'deadcore', botSlot: 0, coreIncarnation: 1, botIncarnation: 1, sequence: venue } });
const foreign = (venue: number) => `operator000${venue}`;

async function place(rest: string, venue: string, clientOrderId: string): Promise<void> {
  const symbol = venue === 'okx' ? 'SOL-USDT' : 'SOLUSDT';
  const body = JSON.stringify({ clientOrderId, symbol, side: 'buy', type: 'postOnly', qty: '0.3', price: '50' });
  const placed = await fetch(`${rest}/sim/order`, { method: 'POST', body });
  if (placed.status !== 200) throw new Error(`${venue} ${clientOrderId}: ${await placed.text()}`);
}

/** Stops the simulator's process, as a venue that is gone. @returns its pid */
async function silencedVenues(running: RunningNightjar): Promise<number> {
  await running.saw(/READY /);
  const simulator = new Family(running.process.pid!).find(' sim --port ');
  if (simulator === undefined) throw new Error('the simulator is not among the processes of the run');
  process.kill(simulator.pid, 'SIGSTOP');
  return simulator.pid;
}

/** A guarded run on venues that may lose cancels, with own and foreign quotes out when it is stopped. */
async function stoppedRun(lose: 'nothing' | 'acks' | 'cancels') {
  const dataDir = createDataDir(newDataDir());
  const { config } = loadConfigFor({ port: '0', data: dataDir.root, set: [] });
  const { manifest, runDir, plan } = planRun({
    ...{ config, dataDir, startedAtMs: Date.now(), forMs: 600_000, drills: [], coreRestarts: null },
  });
  writeManifest(runDir, manifest);
  const final = join(dataDir.root, 'final.json');
  const entry = fileURLToPath(new URL('./coreDeathVenues.ts', import.meta.url));
  const args = ['--final', final, ...(lose === 'nothing' ? [] : ['--lose', lose])];
  const notices: string[] = [];
  const { promise: isReady, resolve: ready } = Promise.withResolvers<void>();
  let endpoints: VenueEndpoints | null = null;
  const guardian = startGuardian(
    { ...plan, sim: { entry, args } },
    {
      simReady: (found) => {
        endpoints = found;
      },
      ready: () => ready(),
      notice: (line) => notices.push(line),
      halted: (reason) => reason,
      ...{ incarnationStarted() {}, listening() {}, status() {}, progress() {}, forced() {} },
    },
  );
  onTestFinished(() => guardian.stop('the test is over'));
  await Promise.race([isReady, guardian.result]);
  for (const [index, venue] of VENUES.entries()) {
    await place(endpoints![venue].rest, venue, own(index));
    await place(endpoints![venue].rest, venue, foreign(index));
  }
  guardian.stop('SIGTERM');
  const result = await guardian.result;
  const statusOf = new Map(readJson<LoggedOrder[]>(final).map((order) => [order.clientOrderId, order.status]));
  return {
    result,
    proof: notices.find((line) => line.startsWith('PROOF')) ?? '',
    own: VENUES.map((_, index) => statusOf.get(own(index))),
    foreign: VENUES.map((_, index) => statusOf.get(foreign(index))),
  };
}

describe('a stop with quotes out', () => {
  it('F9 SIGTERM has own orders gone, proven by listings within 5 s, and F10 touches no foreign order', async () => {
    const stopped = await stoppedRun('nothing');
    expect(stopped.result, stopped.result.message).toMatchObject({ ended: 'clean' });
    expect(stopped.own).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(stopped.foreign).toEqual(['open', 'open', 'open']);
    expect(stopped.proof).toMatch(/proven by listings: (?=.*okx)(?=.*binance)(?=.*bybit)/);
    expect(Number(/\(([\d.]+) s\)/.exec(stopped.proof)![1])).toBeLessThan(5);
  });

  it('F11 is not ended by a lost cancel ack: the listing proves what the ack did not', async () => {
    const stopped = await stoppedRun('acks');
    expect(stopped.result, stopped.result.message).toMatchObject({ ended: 'clean' });
    expect(stopped.own).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });

  it('F11 says which order is not proven gone when the cancels are lost, and does not end as clean', async () => {
    const stopped = await stoppedRun('cancels');
    expect(stopped.result.ended).toBe('unknown');
    expect(stopped.result.message).toMatch(new RegExp(`not proven free of our orders: okx \\(still open: ${own(1)};`));
    expect(stopped.proof).toContain('NOT PROVEN for okx');
    expect(stopped.own).toEqual(['cancelled', 'open', 'cancelled']);
    expect(stopped.foreign).toEqual(['open', 'open', 'open']);
  });

  it('F11 exits with 3 and names the venues when none of them answers any more', async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
    const simulator = await silencedVenues(running);
    running.process.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect(code, stderr).toBe(3);
    expect(stderr).toMatch(/UNKNOWN .*not proven free of our orders: (?=.*okx)(?=.*binance)(?=.*bybit)/);
    expect(() => process.kill(simulator, 0)).toThrow();
  });

  it('F9 SIGKILL leaves its quotes to the next core, which starts when they are cancelled', async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
    const { okx } = await venuesOf(running);
    await running.saw(/READY /);
    const { corePid, run } = readJson<{ corePid: number; run: string }>(join(dataDir, 'endpoint.json'));
    await place(okx!, 'okx', own(1));
    await place(okx!, 'okx', foreign(1));
    process.kill(corePid, 'SIGKILL');
    await running.saw(/READY again, core incarnation 2/);
    const stateOf = async (id: string) =>
      (await (await fetch(`${okx}/sim/order?clientOrderId=${id}`)).json()) as { status: string; venueTimeMs: number };
    const [mine, theirs] = await Promise.all([stateOf(own(1)), stateOf(foreign(1))]);
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);

    const reader = openJournalReader(join(dataDir, 'runs', run));
    const second = reader.coreStarts()[1]!;
    const { timeMs } = [...reader.inputs(second)][0]!;
    reader.close();
    expect(mine.status).toBe('cancelled');
    expect(mine.venueTimeMs).toBeLessThan(timeMs);
    expect(theirs.status).toBe('open');
  });
});
