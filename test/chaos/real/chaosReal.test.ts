import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holds } from '../../killPointMoments.ts';
import { readArguments, reportText } from './command.ts';
import { type ChaosReport, runChaosReal } from './harness.ts';
import { type Fault, faultText, planFaults } from './plan.ts';
import { Family } from './processes.ts';

/** One of each that counts, each into what the one before has left. */
const FAULTS: readonly Fault[] = [
  { kind: 'core.kill' },
  { kind: 'latch.kill', forMs: 700 },
  { kind: 'venues.pause', forMs: 800, killCore: true },
  { kind: 'core.hang' },
  { kind: 'crash', target: 'gateway' },
  { kind: 'control.flood', requests: 75 },
  { kind: 'disk.full', forMs: 300, killCore: false },
];

/** So much slower is a machine that has other things to do as well. */
const PATIENCE = 4;

const chaos = (faults: readonly Fault[]) =>
  runChaosReal({
    ...{ seed: 11, mode: 'liveness', patience: PATIENCE, durationMs: 600_000, say: () => {} },
    signal: new AbortController().signal,
    faults: faults.map((fault) => ({ pauseMs: 0, fault })),
  });

const onLinux = describe.runIf(process.platform === 'linux');

onLinux('real faults', () => {
  it('leave books that the venues and a replay agree with, and a system that trades again', {
    timeout: 400_000,
  }, async () => {
    const report: ChaosReport = await chaos(FAULTS);
    expect(report.problems, reportText(report)).toEqual([]);
    expect(Object.values(report.faults).reduce((sum, times) => sum + times, 0)).toBe(FAULTS.length);
    // Killed once by itself, once with the venues silent, once by the watchdog.
    expect(report.coreDeaths).toBeGreaterThanOrEqual(3);
    expect(report.trades).toBeGreaterThan(0);
    expect(report.checks).toContain('replay equal');
  });

  it('leave no process behind when Ctrl-C ends them', { timeout: 200_000 }, async () => {
    const command = join(import.meta.dirname, '../../../scripts/chaos.ts');
    const child = spawn(process.execPath, [command, '--real', '--seed', '3', '--minutes', '5']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const family = new Family(child.pid!);
    const ended = once(child, 'exit');
    const processes = () => {
      family.look();
      return family.alive().length;
    };
    // Guardian, simulator and core below the command itself.
    expect(await holds(() => processes() >= 4, { everyMs: 20, limitMs: 60_000 })).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toEqual([1, null]);
    expect(family.alive()).toEqual([]);
  });
});

describe('the plan of real faults', () => {
  it('is the seed’s alone, and brings every kind', () => {
    const first = (seed: number) => {
      const plan = planFaults(seed);
      return Array.from({ length: 40 }, () => plan.next().value);
    };
    expect(first(3)).toEqual(first(3));
    expect(first(3)).not.toEqual(first(4));
    expect(new Set(first(3).map(({ fault }) => fault.kind)).size).toBe(10);
    expect(faultText({ kind: 'crash', target: 'lane:0' })).toBe('crash target=lane:0');
  });
});

describe('the command', () => {
  it.runIf(process.platform === 'linux').each([
    [['--seed', 'x'], /--seed "x": give a whole number/],
    [['--minutes', '0'], /--minutes "0": give a number above 0/],
    [['--mode', 'calm'], /--mode "calm": give safety or liveness/],
    [['--patience', '0.5'], /--patience "0.5": give 1 or more/],
    [['--what'], /--what/],
  ])('refuses %j', (args, message) => {
    expect(readArguments(args)).toMatch(message);
  });
});
