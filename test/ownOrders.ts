import { expect } from 'vitest';
import { makeClientOrderId } from '../src/domain/clientOrderId.ts';

/** One that carries our prefix, as a core that is gone would have left it. */
export const OWN_ID = makeClientOrderId({
  ...{ runTag: 'deadcore', botSlot: 0, coreIncarnation: 1, botIncarnation: 1, sequence: 1 },
});
/** One that the operator placed. */
export const FOREIGN_ID = 'operator0001';

/** Leaves one order of ours and one that is not at an embedded venue, far below the market. @param rest  its base URL */
export async function placeOwnAndForeign(rest: string): Promise<void> {
  for (const clientOrderId of [OWN_ID, FOREIGN_ID]) {
    const body = JSON.stringify({
      ...{ clientOrderId, symbol: 'SOL/USDT', side: 'buy', type: 'postOnly', qty: '0.1', price: '50' },
    });
    const placed = await fetch(`${rest}/sim/order`, { method: 'POST', body });
    expect(placed.status, await placed.text()).toBe(200);
  }
}

export async function openIdsAt(rest: string): Promise<string[]> {
  const open = (await (await fetch(`${rest}/sim/openOrders`)).json()) as { clientOrderId: string }[];
  return open.map(({ clientOrderId }) => clientOrderId).sort();
}

/** Own orders cancelled over all lines of rescues. */
export const cancelledByRescue = (lines: readonly string[]) =>
  lines.reduce((sum, line) => sum + Number(/(\d+) own open orders cancelled/.exec(line)?.[1] ?? 0), 0);
