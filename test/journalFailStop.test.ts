import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { newDataDir, nightjar, readJson, startNightjar } from './nightjarProcess.ts';

/** Of util-linux. */
const LIMITER = 'prlimit';

/** As a full disk does it, to a process that runs: from now on no file of it may grow past `bytes`. */
const limitFiles = (pid: number, bytes: number | 'unlimited') =>
  execFileSync(LIMITER, ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);

interface Status {
  readonly bots: Readonly<
    Record<string, { readonly closure: { readonly reason: string } | null; readonly looks: number }>
  >;
}

it.runIf(process.platform === 'linux')(
  'F4: stops opening when the journal cannot be written, goes on answering, and trades again after a restart of the journal',
  async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', '--seed', '7', '--port', '0', '--data', dataDir);
    onTestFinished(() => void running.process.kill('SIGKILL'));
    const ctl = (...args: readonly string[]) => nightjar('ctl', ...args, '--reason', 'test', '--data', dataDir);
    const status = async () => {
      const { code, stdout, stderr } = await nightjar('status', '--json', '--data', dataDir);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout) as Status;
    };
    const venueOrders = async () => {
      const venues = [...running.output().matchAll(/(?:binance|okx|bybit|jupiter) (http:\/\/127\.0\.0\.1:\d+)/g)];
      const logs = venues.map(async ([, rest]) => (await (await fetch(`${rest}/sim/orders`)).json()) as OrderSeen[]);
      return (await Promise.all(logs)).flat().map(({ clientOrderId }) => clientOrderId);
    };
    await running.saw(/TRADE/);
    const { corePid, run } = readJson<{ corePid: number; run: string }>(join(dataDir, 'endpoint.json'));

    limitFiles(corePid, 65_536);
    await running.saw(/JOURNAL FAILED/);
    await running.saw(/disable_live bot:arb:RAY reason=journal_failed/);
    const atFailure = await venueOrders();
    const { bots } = await status();
    for (const bot of ['arb:SOL', 'arb:RAY']) expect(bots[bot]!.closure?.reason).toBe('journal_failed');
    // The lanes go on and the bots look: what they find is refused.
    while ((await status()).bots['arb:SOL']!.looks < bots['arb:SOL']!.looks + 4);
    expect((await ctl('trace', 'arb:SOL')).code).toBe(0);
    expect((await ctl('disable_live', 'arb:RAY')).code).toBe(0);
    expect(await venueOrders()).toEqual(atFailure);

    limitFiles(corePid, 'unlimited');
    const trades = running.output().split('TRADE').length;
    const restarted = await ctl('restart', 'journal');
    expect(restarted.code, restarted.stderr).toBe(0);
    // The core's own closure is lifted, the latch is the operator's.
    while (JSON.stringify(await status()).includes('"state":"down"'));
    expect((await status()).bots['arb:SOL']!.closure?.reason).toBe('journal_failed');
    expect((await ctl('enable_live')).code).toBe(0);
    await running.saw(new RegExp(`(?:TRADE[^]*){${trades}}`));
    running.process.kill('SIGTERM');
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);

    const runDir = join(dataDir, 'runs', run);
    const database = new DatabaseSync(join(runDir, 'journal.sqlite'), { readOnly: true });
    const intents = database
      .prepare("SELECT payload FROM intents WHERE kind='order.place'")
      .all()
      .map(({ payload }) => (JSON.parse(String(payload)) as OrderSeen).clientOrderId);
    expect(database.prepare("SELECT count(*) AS n FROM inputs WHERE kind='journal.failed'").get()).toEqual({ n: 1 });
    // From the news to closed permits in the latch: both are inputs, and their times those of the door.
    const atMs = (kind: string) =>
      Number(database.prepare(`SELECT min(time_ms) AS ms FROM inputs WHERE ${kind}`).get()?.ms);
    const failedAtMs = atMs("kind='journal.failed'");
    const closedAtMs = atMs(`kind='latch.changed' AND time_ms>=${failedAtMs}`);
    expect(closedAtMs - failedAtMs).toBeLessThan(2000);
    database.close();
    // Output commit held: the venue has seen no order that is not in the journal.
    expect(atFailure.filter((id) => !intents.includes(id))).toEqual([]);
    const verified = await nightjar('journal', 'verify', '--data', dataDir);
    expect(verified.code, verified.stdout).toBe(0);
    expect(verified.stdout).toMatch(/audit: \d+ entries/);
    const replayed = await nightjar('replay', runDir, '--verify');
    expect(replayed.code, replayed.stdout).toBe(0);
  },
  180_000,
);

interface OrderSeen {
  readonly clientOrderId: string;
}
