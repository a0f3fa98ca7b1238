import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { brokenSums, newDataDir, nightjar, readJson, type Summary, startNightjar } from './nightjarProcess.ts';
import { operatorOf } from './operatorClient.ts';

interface Crash {
  readonly child: string;
  readonly incarnation: number;
  readonly error: { readonly message: string; readonly details: { readonly kind?: string; readonly cpuMs?: number } };
}

function crashesOf(runDir: string): Crash[] {
  const database = new DatabaseSync(join(runDir, 'journal.sqlite'), { readOnly: true });
  try {
    const rows = database.prepare("SELECT payload FROM crashes WHERE kind = 'crash' ORDER BY seq").all();
    return rows.map(({ payload }) => JSON.parse(String(payload)) as Crash);
  } finally {
    database.close();
  }
}

it('N07 N08 whichever thread spins or runs out of memory is ended and replaced, and only what its place in the tree takes along', async () => {
  const dataDir = newDataDir();
  const summaryPath = join(dataDir, 'summary.json');
  const running = startNightjar(
    'start',
    ...['--seed', '7', '--port', '0', '--data', dataDir, '--summary', summaryPath],
  );
  await running.saw(/READY/);
  const { control, series } = operatorOf(running);
  const seriesBefore = await series();
  const drills = [
    { target: 'lane:0', mode: 'spin', says: 'spins' },
    { target: 'gateway', mode: 'spin', says: 'spins' },
    { target: 'edge', mode: 'spin', says: 'spins' },
    { target: 'lane:0', mode: 'memory', says: 'memory' },
    { target: 'journal', mode: 'spin', says: 'spins' },
  ];
  for (const [at, { target, mode, says }] of drills.entries()) {
    const lives = drills.slice(0, at + 1).filter((one) => one.target === target).length;
    const message = { action: 'error-sim', target, args: { mode } };
    let answer = await control(message);
    // The thread before it took the rest of the tree along, which is on its way back.
    while (answer.status === 409) answer = await control(message);
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
    await running.saw(new RegExp(`CRASH ${target}#\\d+: .*${says}`));
    await running.saw(new RegExp(`(RESTARTED ${target} [^]*){${lives}}`));
  }
  // Trading goes on behind all of it.
  const before = running.output().length;
  await running.saw(new RegExp(`[^]{${before}}[^]*(TRADE|NO FILL|looks)`));
  // N09 a thread's series are its place's, not its incarnation's: a restart adds none.
  expect(await series()).toEqual(seriesBefore);
  running.process.kill('SIGTERM');
  const result = await running.ended;
  expect(result.code, result.stderr).toBe(0);

  const summary = readJson<Summary>(summaryPath);
  expect(brokenSums(summary)).toEqual([]);
  const crashes = crashesOf(join(dataDir, 'runs', summary.run));
  // One crash each, whatever it took along; nobody else died.
  expect(crashes.map(({ child }) => child)).toEqual(drills.map(({ target }) => target));
  expect(crashes.map(({ error }) => error.details.kind ?? 'memory')).toEqual(
    drills.map(({ mode }) => (mode === 'spin' ? 'spins' : 'memory')),
  );
  // What the lane does stays the lane's: no thread above it began a new life for it.
  const livesOf = (child: string) =>
    crashes.filter((crash) => crash.child === child).map(({ incarnation }) => incarnation);
  expect(livesOf('gateway')).toEqual([1]);
  expect(livesOf('edge')).toEqual([1]);
  // The edge took the journal along once, and that was no crash of the journal's.
  expect(livesOf('journal')).toEqual([2]);

  const verified = await nightjar('replay', join(dataDir, 'runs', summary.run), '--verify', '--json');
  expect(verified.code, verified.stdout).toBe(0);
  // The journal alone is given five seconds of CPU time, which a busy machine takes a minute to give.
}, 300_000);
