import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeClientOrderId } from '../src/domain/clientOrderId.ts';
import { newDataDir, nightjar, readJson, startNightjar } from './nightjarProcess.ts';

const own = makeClientOrderId({
  ...{ runTag: 'deadcore', botSlot: 0, coreIncarnation: 1, botIncarnation: 1, sequence: 1 },
});
const FOREIGN = 'operator0001';

describe('a core that dies or hangs', () => {
  it('is ended when it is silent, its open orders are cancelled and no foreign one, and the next one trades', async () => {
    const dataDir = newDataDir();
    const running = startNightjar('start', ...['--seed', '7', '--port', '0', '--data', dataDir]);
    await running.saw(/READY /);
    const okx = /okx (http:\/\/127\.0\.0\.1:\d+)/.exec(running.output())![1]!;
    for (const clientOrderId of [own, FOREIGN]) {
      const body = JSON.stringify({
        ...{ clientOrderId, symbol: 'SOL/USDT', side: 'buy', type: 'postOnly', qty: '0.1', price: '50' },
      });
      const placed = await fetch(`${okx}/sim/order`, { method: 'POST', body });
      expect(placed.status, await placed.text()).toBe(200);
    }
    const openIds = async () =>
      ((await (await fetch(`${okx}/sim/openOrders`)).json()) as { clientOrderId: string }[]).map(
        ({ clientOrderId }) => clientOrderId,
      );
    expect((await openIds()).sort()).toEqual([own, FOREIGN].sort());

    const { corePid, run } = readJson<{ corePid: number; run: string }>(join(dataDir, 'endpoint.json'));
    // Stopped, it is as silent as one that spins: its main thread never comes back to its messages.
    process.kill(corePid, 'SIGSTOP');
    await running.saw(/CORE SILENT for 2 s/);
    const rescued = await running.saw(/RESCUE .*/);
    expect(rescued).toMatch(/1 own open orders cancelled, proven by listings: .*okx/);
    expect(await openIds()).toEqual([FOREIGN]);
    await running.saw(/READY again, core incarnation 2/);
    await running.saw(/RECONCILED incarnation 2: .*balances as the journal says/);

    running.process.kill('SIGTERM');
    const result = await running.ended;
    expect(result.code, result.stderr).toBe(0);
    const verified = await nightjar('replay', join(dataDir, 'runs', run), '--verify', '--json');
    expect(verified.code, verified.stdout).toBe(0);
  });
});
