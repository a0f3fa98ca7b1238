import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startGuardian } from '../src/guardian/guardian.ts';
import { Family } from './chaos/real/processes.ts';
import { newDataDir } from './nightjarProcess.ts';

const entry = fileURLToPath(new URL('./guardianEndsChild.ts', import.meta.url));

/** @param rescueFails  what the rescue says of its venue; null = it is proven clean */
function startRun(run: 'fails' | 'goes on', rescueFails: string | null = null) {
  const dataDir = newDataDir();
  const notices: string[] = [];
  const ready = Promise.withResolvers<void>();
  const settings = { env: 'sim' };
  const guardian = startGuardian(
    {
      coreEntry: entry,
      sim: { entry, args: ['sim'] },
      rescue: { entry, pairs: rescueFails === null ? [] : [rescueFails] },
      boot: {
        ...{ run, runTag: 'r', runDir: dataDir, dataDir, clock: 'wall', settings, kernel: {}, port: 0 },
        ...{ logLevel: 'silent', version: '0', codeHash: '0', configHash: '0', forMs: null, drills: [] },
      },
      forMs: null,
      writeHeld() {},
      isKilled: () => false,
    },
    {
      ready: () => ready.resolve(),
      notice: (line) => notices.push(line),
      halted: (reason) => reason,
      ...{ simReady() {}, incarnationStarted() {}, listening() {}, status() {}, progress() {}, forced() {} },
    },
  );
  return { guardian, notices, isReady: ready.promise };
}

const childrenLeft = (part = 'guardianEndsChild') => new Family(process.pid).find(part) ?? null;

it('a core that could not go on is followed by a rescue, as after any death, and exits with what it said', async () => {
  const { guardian, notices } = startRun('fails');
  expect(await guardian.result).toMatchObject({ ended: 'failed', message: 'port.busy: taken' });
  expect(notices).toEqual([expect.stringMatching(/^RESCUE .*proven by listings: okx/)]);
});

it('does not end as a mere failure when its orders are not proven gone', async () => {
  const { guardian } = startRun('fails', 'no answer');
  const { ended, message } = await guardian.result;
  expect(ended).toBe('unknown');
  expect(message).toBe('port.busy: taken; not proven free of our orders: okx (no answer)');
});

it('a stop that fails has its proof all the same, and leaves no process that would keep the run', async () => {
  const { guardian, notices, isReady } = startRun('goes on');
  await isReady;
  guardian.stop('SIGTERM');
  expect(await guardian.result).toMatchObject({ ended: 'failed', message: 'journal.failed: not recorded' });
  expect(notices).toEqual([expect.stringMatching(/^PROOF .*proven by listings: okx/)]);
  await expect.poll(() => childrenLeft() ?? childrenLeft('rescuing'), { timeout: 20_000 }).toBeNull();
});

it.each([
  { during: 'the stop', run: 'goes on', stopsBefore: 1, waits: false },
  { during: 'the proof', run: 'goes on', stopsBefore: 1, waits: true },
  { during: 'a rescue', run: 'fails', stopsBefore: 0, waits: true },
] as const)(
  'forced during $during, it says in one line what became of the orders, and leaves no process',
  async ({ run, stopsBefore, waits }) => {
    const { guardian, notices, isReady } = startRun(run, 'read ECONNRESET');
    await isReady;
    if (stopsBefore === 1) guardian.stop('SIGINT');
    if (waits) await expect.poll(() => childrenLeft('--warm'), { timeout: 20_000, interval: 10 }).toBeNull();
    if (run === 'fails')
      await expect.poll(() => childrenLeft('rescuing'), { timeout: 20_000, interval: 10 }).not.toBeNull();
    for (let stops = stopsBefore; stops < 2; stops += 1) guardian.stop('SIGINT');
    expect(await guardian.result).toMatchObject({
      ended: 'unknown',
      message: 'forced to end; the embedded venues ended, and every order on them',
    });
    await expect.poll(() => childrenLeft() ?? childrenLeft('rescuing'), { timeout: 20_000 }).toBeNull();
    expect(notices).toEqual([]);
  },
);
