import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTokens, readTokens, type Tokens } from '../src/control/tokens.ts';
import { simKeys } from '../src/sim/simKeys.ts';
import { newDataDir, nightjar, type RunningNightjar, startNightjar } from './nightjarProcess.ts';

/** In the environment of whoever starts the system, as keys often are. */
const ENV_SECRET = 'canary-env-5f1d9c2b7a';
const dataDir = newDataDir();
let running: RunningNightjar;
let address: string;
let old: Tokens;

beforeAll(async () => {
  process.env.BINANCE_API_SECRET = ENV_SECRET;
  running = startNightjar('start', '--data', dataDir, '--port', '0', '--seed', '7', '--log-level', 'debug');
  await running.saw(/READY/);
  address = /page\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(running.output())![1]!;
  old = readTokens(join(dataDir, 'tokens'));
});
afterAll(async () => {
  delete process.env.BINANCE_API_SECRET;
  if (running.process.exitCode === null) running.process.kill('SIGKILL');
  await running.ended;
});

const call = async (path: string, token: string, body?: unknown, headers: Record<string, string> = {}) => {
  const init = { headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers } };
  const answer = await fetch(
    address + path,
    body === undefined ? init : { ...init, method: 'POST', body: JSON.stringify(body) },
  );
  return { status: answer.status, text: await answer.text() };
};

/** The process and all it has started. */
function processTree(pid: number): number[] {
  const children = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const below = (parent: number): number[] =>
    children.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...below(child)]);
  return [pid, ...below(pid)];
}

/** Bytes of every file under the data directory, but for the tokens' own. */
function storedFiles(): readonly (readonly [string, Buffer])[] {
  return readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'tokens' && statSync(join(dataDir, name)).isFile())
    .map((name) => [name, readFileSync(join(dataDir, name))] as const);
}

describe('H5: a whole system that was fed secrets', () => {
  it('section 4: metrics sanity finds every thread counting, and the janitor nothing left to fold', async () => {
    const [sanity, janitor] = await Promise.all([
      nightjar('metrics', 'sanity', '--data', dataDir, '--json'),
      nightjar('metrics', 'janitor', '--data', dataDir, '--json'),
    ]);
    expect(sanity.code, sanity.stdout + sanity.stderr).toBe(0);
    const { threads } = JSON.parse(sanity.stdout) as { threads: { thread: string; rose: number }[] };
    expect(threads.map(({ thread }) => thread).sort()).toEqual(['core', 'edge', 'gateway', 'journal', 'lane:0']);
    expect(JSON.parse(janitor.stdout)).toMatchObject({ folded: 0, lost: [] });
  });

  it('section 4: says which verbs this version lacks, and exits as for a wrong usage', async () => {
    const { code, stderr } = await nightjar('ctl', 'set_mode', '--data', dataDir);
    expect([code, stderr]).toMatchObject([2, expect.stringContaining('not in this version')]);
  });

  it('section 4: ps shows no secret, and no child inherits one of the environment', () => {
    const pids = processTree(running.process.pid!);
    expect(pids.length).toBeGreaterThanOrEqual(3);
    const secrets = [...Object.values(old), ...Object.values(simKeys), ENV_SECRET];
    for (const pid of pids) {
      const shown = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
      if (pid === running.process.pid) continue;
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(ENV_SECRET);
    }
  });

  it('section 4: what names permits or secrets is nobody else’s to read', () => {
    for (const name of ['tokens', 'latch', 'alerts']) {
      const mode = statSync(join(dataDir, name), { throwIfNoEntry: false })?.mode;
      if (mode !== undefined) expect([name, mode & 0o077]).toEqual([name, 0]);
    }
  });

  it('H5: shows none of 12 planted secrets in files, database, metrics, answers, stdout, stderr or summary', async () => {
    const { read, operate, kill, alertmanager } = old;
    const post = (body: object, headers = {}) => call('/control', operate, body, headers);
    const { apiKey, secret, passphrase } = simKeys;
    const basic = Buffer.from(kill).toString('base64');
    // 1 address · 2 path · 3 odd header · 4 wrong token · 5 reason · 6 target · 7 id · 8 deep object and its key ·
    // 9 base64 · 10 webhook labels · 11 observations · 12 venue keys in a reason; and the environment from the start.
    await call(`/api/status?token=${kill}`, read);
    await call(`/${operate}/x`, read);
    await call('/healthz', read, undefined, { 'X-ApI-kEy': kill, cookie: `t=${operate}` });
    await call('/api/status', `${kill}x`);
    await post({ action: 'disable_live', target: 'arb:SOL', reason: `pasted ${kill}` });
    await post({ action: 'crash', target: `bot:${kill}`, reason: 'x' });
    await post({ id: alertmanager, action: 'trace', target: 'arb:SOL', reason: 'x' });
    await post({ action: 'trace', target: 'arb:SOL', args: { deep: { list: [{ apiKey: kill }], [read]: 1 } } });
    await post({ action: 'trace', target: 'arb:SOL', args: { basic } });
    await call('/am-webhook', alertmanager, {
      version: '4',
      alerts: [{ status: 'firing', labels: { severity: 'critical', alertname: kill, bot: read }, startsAt: 'now' }],
    });
    await call('/emit', operate, { observations: [{ name: 'x', value: 1 }], bot: kill.slice(0, 60) });
    await post({
      action: 'crash',
      target: 'bot:arb:RAY',
      reason: `drill with ${secret} and ${passphrase} of ${apiKey}`,
    });
    await running.saw(/arb:RAY/);

    const metrics = (await call('/metrics', read)).text;
    expect(metrics).toMatch(/^nightjar_auth_failures_total\{reason="wrong"\} [1-9]/m);
    const status = (await call('/api/status', read)).text;
    const shown = await nightjar('status', '--data', dataDir, '--json');
    running.process.kill('SIGINT');
    const { code } = await running.ended;
    expect(code).toBe(0);

    // `start` prints the page's address with the operate token in its fragment, for the person who started it.
    const output = running.output().replace(/#token=\S+/g, '');
    const outputs = [
      ...storedFiles(),
      ['metrics', metrics],
      ['status', status],
      ['ctl', shown.stdout],
      ['output', output],
    ] as const;
    expect(outputs.length).toBeGreaterThan(8);
    const planted = { ...old, ...simKeys, env: ENV_SECRET };
    const hits = outputs.flatMap(([name, bytes]) =>
      Object.entries(planted).flatMap(([which, value]) =>
        [value, encodeURIComponent(value), Buffer.from(value).toString('base64')]
          .filter((form) => bytes.includes(form))
          .map(() => `${which} in ${name}`),
      ),
    );
    expect([...new Set(hits)]).toEqual([]);
  });
});

it('section 4: new tokens for a system that stands still count from its next start', async () => {
  const { code, stdout } = await nightjar('tokens', 'rotate', '--data', dataDir);
  expect([code, stdout]).toMatchObject([0, expect.stringContaining('they count from the next start')]);
  const now = readTokens(join(dataDir, 'tokens'));
  expect(Object.values(now).filter((token) => Object.values(old).includes(token))).toEqual([]);
  expect(Object.keys(now)).toEqual(Object.keys(makeTokens()));
});
