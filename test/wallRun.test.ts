import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { OrderIntent } from '../src/domain/orders.ts';
import {
  brokenSums,
  newDataDir,
  nightjar,
  readJson,
  runStart,
  type Summary,
  startNightjar,
} from './nightjarProcess.ts';
import { slowness } from './slowness.ts';

interface CrashPayload {
  readonly child: string;
  readonly crashedAt: number;
  readonly restartedAt?: number;
}

function rows<T>(
  runDir: string,
  table: string,
  where = '1=1',
): { readonly timeMs: number; readonly subject: string; readonly payload: T }[] {
  const database = new DatabaseSync(join(runDir, 'journal.sqlite'), { readOnly: true });
  try {
    return database
      .prepare(`SELECT time_ms, subject, payload FROM ${table} WHERE ${where} ORDER BY seq`)
      .all()
      .map((row) => ({
        timeMs: Number(row.time_ms),
        subject: String(row.subject),
        payload: JSON.parse(String(row.payload)) as T,
      }));
  } finally {
    database.close();
  }
}

describe('a run on real threads and sockets', () => {
  it('goes on after every thread has been killed in turn, and replays to the same rows', async () => {
    const { summary, runDir } = await runStart([
      ...['--for', '36s', '--seed', '7', '--drill', '6s:edge', '--drill', '12s:journal', '--drill', '18s:gateway'],
      ...['--drill', '24s:lane:0', '--drill', '28s:bot:arb:SOL'],
    ]);
    expect(summary.ended).toBe('clean');
    expect(summary.restartsByChild).toMatchObject({ edge: 1, journal: 1, gateway: 1, 'lane:0': 1, 'bot:arb:SOL': 1 });
    expect(brokenSums(summary)).toEqual([]);

    const factor = slowness();
    const restarted = rows<CrashPayload>(runDir, 'crashes', "kind = 'restarted'").map(({ payload }) => payload);
    for (const { child, crashedAt, restartedAt } of restarted) {
      // Bots and lanes are back within a second; a thread that the whole tree stands on takes the rest of it along.
      const limitMs = (child.includes(':') ? 1000 : 5000) * factor;
      expect(restartedAt! - crashedAt, `${child} restart, ms`).toBeLessThan(limitMs);
    }
    // Looks are judged after the last crash: the whole chain from socket to journal stands again.
    const lastRestart = Math.max(...restarted.map(({ restartedAt }) => restartedAt!));
    const later = rows<unknown>(runDir, 'decisions', `kind = 'look.ended' AND time_ms > ${lastRestart + 2000}`);
    expect(later.map(({ subject }) => subject)).toContain('bot:arb:SOL');
    expect(later.map(({ subject }) => subject)).toContain('bot:arb:RAY');

    const verified = await nightjar('replay', runDir, '--verify', '--json');
    expect(verified.code, verified.stdout).toBe(0);
  });

  it('obeys the operator: crash on request, disable_live with its three traces, and no opening order after it', async () => {
    const dataDir = newDataDir();
    const summaryPath = join(dataDir, 'summary.json');
    const running = startNightjar(
      'start',
      // With the logger silenced the line of disable_live still has its second way, straight to stdout.
      ...['--log-level', 'silent', '--seed', '7', '--port', '0', '--data', dataDir, '--summary', summaryPath],
    );
    await running.saw(/READY/);
    const address = /page\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(running.output())![1]!;
    const venues = [...running.output().matchAll(/(binance|okx|bybit|jupiter) (http:\/\/127\.0\.0\.1:\d+)/g)].map(
      ([, , rest]) => rest!,
    );

    const ctl = (...args: readonly string[]) => nightjar('ctl', ...args, '--data', dataDir);
    expect((await ctl('crash', 'bot:arb:SOL')).code).toBe(0);
    await running.saw(/RESTARTED bot:arb:SOL/);
    expect((await ctl('crash', 'lane:0')).code).toBe(0);
    await running.saw(/RESTARTED lane:0/);
    expect((await ctl('dance')).code).not.toBe(0);

    await running.saw(/TRADE SOL/);
    const disabled = await ctl('disable_live', 'arb:SOL', '--reason', 'drill');
    expect(disabled.code, disabled.stderr).toBe(0);
    const disabledAtMs = Date.now();
    await running.saw(/disable_live reason=drill bot=(bot:)?arb:SOL by=/);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toMatch(
      /arb_control_actions_total\{[^}]*symbol="SOL"[^}]*action="disable_live"[^}]*\} 1|arb_control_actions_total\{[^}]*action="disable_live"[^}]*symbol="SOL"[^}]*\} 1/,
    );
    const status = await nightjar('status', '--data', dataDir, '--json');
    expect(status.code, status.stderr).toBe(0);
    expect(
      (
        await fetch(`${address}/control`, {
          method: 'POST',
          headers: { authorization: 'Bearer wrong', 'content-type': 'application/json' },
          body: '{"action":"status"}',
        })
      ).status,
    ).toBe(401);

    // The bot goes on observing and counting; its orders stop.
    const looks = async () =>
      (
        JSON.parse((await nightjar('status', '--data', dataDir, '--json')).stdout) as {
          bots: Record<string, { looks: number }>;
        }
      ).bots['arb:SOL']!.looks;
    const before = await looks();
    while ((await looks()) < before + 4);
    const orderLogs = await Promise.all(
      venues.map(
        async (rest) =>
          (await (await fetch(`${rest}/sim/orders`)).json()) as { clientOrderId: string; receivedMs: number }[],
      ),
    );
    const seen = orderLogs.flat();
    expect(seen.length).toBeGreaterThan(0);
    running.process.kill('SIGTERM');
    const result = await running.ended;
    expect(result.code, result.stderr).toBe(0);

    const summary = readJson<Summary>(summaryPath);
    expect(brokenSums(summary)).toEqual([]);
    expect(summary.restartsByChild).toMatchObject({ 'bot:arb:SOL': 1, 'lane:0': 1 });
    const runDir = join(dataDir, 'runs', summary.run);
    const opening = rows<OrderIntent>(runDir, 'intents', "kind = 'order.place' AND subject = 'bot:arb:SOL'").filter(
      ({ payload }) => payload.effect === 'opening',
    );
    expect(opening.length).toBeGreaterThan(0);
    expect(opening.filter(({ timeMs }) => timeMs > disabledAtMs)).toEqual([]);
    const openingIds = new Set(opening.map(({ payload }) => payload.clientOrderId));
    expect(
      seen.filter(({ clientOrderId, receivedMs }) => openingIds.has(clientOrderId) && receivedMs > disabledAtMs),
    ).toEqual([]);
    expect(
      rows<{ cause: { reason: string } }>(runDir, 'decisions', "kind = 'permit'").map(
        ({ payload }) => payload.cause.reason,
      ),
    ).toContain('drill');

    // A closed permit survives a restart, and only an explicit enable_live opens it again.
    const again = startNightjar(
      'start',
      ...['--seed', '7', '--port', '0', '--data', dataDir, '--summary', summaryPath],
    );
    await again.saw(/READY/);
    const view = JSON.parse((await nightjar('status', '--data', dataDir, '--json')).stdout) as {
      bots: Record<string, { permit?: unknown }>;
    };
    expect(JSON.stringify(view.bots['arb:SOL'])).toMatch(/drill/);
    expect((await ctl('enable_live', 'arb:SOL', '--reason', 'drill over')).code).toBe(0);
    again.process.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
    const reopened = readJson<Summary>(summaryPath);
    expect(brokenSums(reopened)).toEqual([]);
  }, 180_000);

  it('stops on SIGTERM with exit code 0, and the core is started again when it is killed; a drill is not acted out again', async () => {
    const dataDir = newDataDir();
    const running = startNightjar(
      'start',
      ...['--seed', '7', '--port', '0', '--data', dataDir, '--drill', '1s:lane:0'],
    );
    await running.saw(/RESTARTED lane:0/);
    const { corePid, pid } = readJson<{ corePid: number; pid: number }>(join(dataDir, 'endpoint.json'));
    expect(pid).toBe(running.process.pid);
    process.kill(corePid, 'SIGKILL');
    await running.saw(/READY again, core incarnation 2/);
    process.kill(pid, 'SIGTERM');
    const result = await running.ended;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/ended\s+arb:SOL/);
    // It was due at once in the second incarnation, whose tree had stood before the stop.
    expect(result.stderr.match(/CRASH lane:0/g)).toHaveLength(1);
  });

  it('refuses a second start on the same data directory, naming the pid, and a busy port, saying what to do', async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
    await running.saw(/READY/);
    const second = await nightjar('start', '--port', '0', '--data', dataDir);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(running.process.pid));
    const port = /page\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(running.output())![1]!;
    const busy = await nightjar('start', '--port', port, '--data', newDataDir(), '--for', '5s');
    expect(busy.code).toBe(1);
    expect(busy.stderr).toMatch(new RegExp(`port ${port}|:${port}`));
    expect(busy.stderr).toMatch(/--port/);
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });

  it('ends as failed, and says why, when the simulator dies', async () => {
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', newDataDir()]);
    await running.saw(/READY/);
    const children = execFileSync('pgrep', ['-P', String(running.process.pid), '-f', 'nightjar.js sim'], {
      encoding: 'utf8',
    });
    process.kill(Number(children.trim()), 'SIGKILL');
    const result = await running.ended;
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/SIMULATOR DIED \(SIGKILL\): stopping/);
    expect(result.stderr).toMatch(/run.failed: the simulator died/);
  });

  it('takes a stop while it starts', async () => {
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', newDataDir()]);
    await running.saw(/venues/);
    running.process.kill('SIGTERM');
    const result = await running.ended;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).not.toMatch(/data.unreadable|unexpected/);
  });

  it('refuses at the start what would only show at its end', async () => {
    const refused = await nightjar('start', '--summary', '/nowhere/S.json', '--data', newDataDir());
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/--summary .*folder does not exist/);
    const drill = await nightjar('start', '--drill', '5s:bot:arb:DOGE', '--data', newDataDir());
    expect(drill.code).toBe(2);
    expect(drill.stderr).toMatch(/DOGE.*use one of .*bot:arb:SOL/);
  });
});
