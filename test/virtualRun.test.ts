import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { brokenSums, nightjar, runStart } from './nightjarProcess.ts';

const VIRTUAL = ['--clock', 'virtual', '--for', '60s'];

describe('a run on the virtual clock', () => {
  it('gives the same decisions and commands twice, trades, and takes a fraction of its time', async () => {
    const first = await runStart([...VIRTUAL, '--seed', '7']);
    const second = await runStart([...VIRTUAL, '--seed', '7'], first.dataDir);
    expect(second.summary.decisionsHash).toBe(first.summary.decisionsHash);
    expect(second.summary.commandsHash).toBe(first.summary.commandsHash);
    expect(second.runDir).not.toBe(first.runDir);
    expect(brokenSums(first.summary)).toEqual([]);
    expect(first.summary.bots['arb:SOL']!.trades).toBeGreaterThanOrEqual(1);
    expect(first.summary.bots['arb:SOL']!.looks).toBeGreaterThan(10);
    for (const feed of Object.values(first.summary.feeds)) expect(feed).toMatchObject({ gaps: 0, crossed: 0 });
    expect(first.result.elapsedMs).toBeLessThan(45_000);
  });

  it('gives other decisions with another seed', async () => {
    const [seven, eight] = [await runStart([...VIRTUAL, '--seed', '7']), await runStart([...VIRTUAL, '--seed', '8'])];
    expect(eight.summary.decisionsHash).not.toBe(seven.summary.decisionsHash);
    expect(eight.summary.commandsHash).not.toBe(seven.summary.commandsHash);
  });

  it('trades nothing where no chance exists', async () => {
    const { summary } = await runStart([
      ...VIRTUAL,
      '--seed',
      '7',
      '--set',
      'sim.market.dexLag=false',
      '--set',
      'sim.market.feeScale=2',
    ]);
    expect(summary.bots['arb:SOL']!.trades + summary.bots['arb:RAY']!.trades).toBe(0);
    expect(brokenSums(summary)).toEqual([]);
  });

  it("asks the operator's own limits of every order", async () => {
    const { summary } = await runStart([...VIRTUAL, '--seed', '7', '--set', 'risk.maxOrderQty=0.001']);
    expect(summary.bots['arb:SOL']!.trades + summary.bots['arb:RAY']!.trades).toBe(0);
    expect(brokenSums(summary)).toEqual([]);
  });

  it('replays a run with crashes in it to the same rows, and notices a changed one', async () => {
    const { summary, runDir } = await runStart([
      ...['--clock', 'virtual', '--for', '60s', '--seed', '11'],
      ...['--drill', '15s:bot:arb:SOL', '--drill', '25s:lane:0', '--drill', '35s:gateway', '--drill', '45s:journal'],
    ]);
    expect(summary.restartsByChild).toMatchObject({ 'bot:arb:SOL': 1, 'lane:0': 1, gateway: 1, journal: 1 });
    expect(brokenSums(summary)).toEqual([]);
    const verified = await nightjar('replay', runDir, '--verify', '--json');
    expect(verified.code, verified.stderr).toBe(0);
    const report = JSON.parse(verified.stdout) as { mismatches: number; compared: Record<string, number> };
    expect(report.mismatches).toBe(0);
    expect(report.compared.decisions).toBeGreaterThan(50);
    expect(report.compared.crashes).toBe(8);

    const database = new DatabaseSync(join(runDir, 'journal.sqlite'));
    database.exec(
      `UPDATE decisions SET payload = replace(payload, '"end":"gross0"', '"end":"gross10"') WHERE seq = (SELECT min(seq) FROM decisions WHERE payload LIKE '%"end":"gross0"%')`,
    );
    database.close();
    const tampered = await nightjar('replay', runDir, '--verify', '--json');
    expect(tampered.code).toBe(1);
    expect((JSON.parse(tampered.stdout) as { mismatches: number }).mismatches).toBe(1);
  });
});
