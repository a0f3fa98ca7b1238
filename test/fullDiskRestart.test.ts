import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createOperator } from './chaos/real/operator.ts';
import { readVenues, venuesOf } from './killPointBooks.ts';
import { BUSY_MARKET } from './killPointMarket.ts';
import { holds } from './killPointMoments.ts';
import { newDataDir, nightjar, readJson, startNightjar } from './nightjarProcess.ts';

/** Of util-linux: as a full disk does it, no file of the process, or of those it starts from now on, may grow past it. */
const limitFiles = (pid: number, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
/** Too little for a journal, enough for what a core has to read it back. */
const FULL_DISK_BYTES = 65_536;
const WAIT_MS = 90_000;

it.runIf(process.platform === 'linux')(
  'F4 G2 a kill that no file could take outlives the core: the next one starts killed on the full disk, answers, sends nothing, and trades when the disk is free and somebody says so',
  async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', '--seed', '7', '--port', '0', '--data', dataDir, ...BUSY_MARKET);
    onTestFinished(() => void running.process.kill('SIGKILL'));
    const guardianPid = running.process.pid!;
    const operator = createOperator(dataDir);
    const until = async (what: string, condition: () => boolean | Promise<boolean>) =>
      expect(await holds(condition, { everyMs: 50, limitMs: WAIT_MS }), `${what}:\n${running.output()}`).toBe(true);
    const times = (pattern: RegExp) => running.output().match(new RegExp(pattern, 'g'))?.length ?? 0;
    const latchText = () => {
      try {
        return readFileSync(join(dataDir, 'latch'), 'utf8');
      } catch {
        return '';
      }
    };
    const venues = await venuesOf(running);
    await running.saw(/TRADE/);
    const first = readJson<{ corePid: number; run: string; url: string }>(join(dataDir, 'endpoint.json'));

    // The disk of the core is full, and the guardian cannot write the latch file either: a folder is in its way.
    mkdirSync(join(dataDir, `latch.${guardianPid}.tmp`));
    limitFiles(guardianPid, FULL_DISK_BYTES);
    limitFiles(first.corePid, 0);
    const killed = await nightjar('ctl', 'kill', '--reason', 'full-disk-drill', '--data', dataDir);
    expect(killed.code).toBe(1);
    expect(killed.stdout + killed.stderr).toMatch(/closed in memory and with the guardian, NOT on disk/);
    expect(latchText()).not.toContain('full-disk-drill');
    process.kill(first.corePid, 'SIGKILL');
    const sentBefore = (await readVenues(venues)).orders.length;

    await until('the guardian tells what it holds', () => times(/HELD .*cannot be written/) === 1);
    await until('the next core answers', async () => (await operator.status())?.incarnation === 2);
    await until(
      'all of it is up',
      async () => (await operator.status())?.notReady.every((one) => !/tree|core/.test(one)) ?? false,
    );
    await until('its journal has failed', () => times(/JOURNAL FAILED/) >= 1);
    const second = readJson<{ corePid: number; url: string }>(join(dataDir, 'endpoint.json'));
    expect(second.corePid).not.toBe(first.corePid);
    expect(second.url).toBe(first.url);
    const status = await operator.status();
    for (const bot of ['arb:SOL', 'arb:RAY']) expect(status!.bots[bot]!.closure?.reason).toBe('full-disk-drill');
    expect(running.output()).toContain('PERMIT of every bot is closed: full-disk-drill');
    // Its edge could write so small a file: durable at last.
    await until('the latch file has the kill', () => latchText().includes('full-disk-drill'));
    const looks = () => operator.status().then((now) => now?.bots['arb:SOL']?.looks ?? 0);
    const looksBefore = await looks();
    await until('it looks on', async () => (await looks()) > looksBefore + 2);
    expect((await readVenues(venues)).orders.length).toBe(sentBefore);

    limitFiles(guardianPid, 'unlimited');
    limitFiles(second.corePid, 'unlimited');
    await operator.say('restart', 'journal');
    const trades = times(/TRADE/);
    await operator.say('enable_live');
    await until('it trades again', () => times(/TRADE/) > trades);
    await operator.say('disable_live');
    running.process.kill('SIGTERM');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);
    const verified = await nightjar('journal', 'verify', '--data', dataDir);
    expect(verified.code, verified.stdout).toBe(0);
    const replayed = await nightjar('replay', join(dataDir, 'runs', first.run), '--verify');
    expect(replayed.code, replayed.stdout).toBe(0);
  },
  300_000,
);
