import '../src/workers/noNativeSockets.ts';
import { Connection, PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simWallet } from '../src/sim/chain/chainKeys.ts';
import { type ChainProcess, startChainProcess } from '../src/sim/chain/chainProcess.ts';
import { LIQUIDATING_PROGRAMS } from '../src/venues/solana/liquidationLogs.ts';
import { createLiquidationWatch, type LiquidationEvent } from '../src/venues/solana/liquidationWatch.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const RATES = { 'SOL buy': 1_000_000, 'SOL sell': 1_000_000 };
let chain: ChainProcess;
let connection: Connection;
beforeAll(async () => {
  chain = await startChainProcess({
    seed: 5,
    firstSlot: 440_657_000,
    slotMs: 60,
    dropShare: 0,
    balances: { SOL: 10, RAY: 1000, USDC: 500 },
    rates: RATES,
  });
  connection = new Connection(chain.rest, { commitment: 'confirmed', wsEndpoint: chain.ws });
}, 60_000);
afterAll(async () => {
  // web3.js has no way to end its socket.
  (connection as unknown as { _rpcWebSocket: { close(): void } })._rpcWebSocket.close();
  await chain.close();
});

function startWatch() {
  const heard: LiquidationEvent[] = [];
  const transport = createWallTransport();
  const watch = createLiquidationWatch(transport, createWallClock(), chain.ws, (event) => heard.push(event));
  return {
    heard,
    watch,
    [Symbol.dispose]() {
      watch.close();
      transport.close();
    },
  };
}

it('hears of the liquidations that succeed, once each, as web3.js does of their logs', async () => {
  using started = startWatch();
  const { heard, watch } = started;
  const logged: { signature: string; err: unknown }[] = [];
  const ids = [LIQUIDATING_PROGRAMS.kamino, LIQUIDATING_PROGRAMS.drift].map((address) =>
    connection.onLogs(new PublicKey(address), ({ signature, err }) => logged.push({ signature, err }), 'confirmed'),
  );
  await expect.poll(() => watch.isLive(), WAIT).toBe(true);
  // Both subscribers are there when one attempt has reached them.
  const instruction = 'LiquidateObligationAndRedeemReserveCollateral';
  await expect
    .poll(() => {
      if (logged.length === 0) chain.liquidate({ program: 'kamino', instruction, fails: true });
      return logged.length;
    }, WAIT)
    .toBeGreaterThan(0);

  chain.liquidate({ program: 'drift', instruction: 'LiquidatePerp', fails: false });
  chain.liquidate({ program: 'drift', instruction: 'LiquidateSpot', fails: true });
  chain.liquidate({ program: 'kamino', instruction, fails: false });
  chain.liquidate({ program: 'save', instruction: 'Repay Obligation Liquidity', fails: false });
  await expect.poll(() => heard.length, WAIT).toBe(2);
  await expect.poll(() => logged.filter(({ err }) => err === null).length, WAIT).toBe(2);
  await expect.poll(() => watch.counters.transactions, WAIT).toBeGreaterThanOrEqual(5);

  expect(heard.map(({ program }) => program).sort()).toEqual(['drift', 'kamino']);
  expect(heard.map(({ signature }) => signature).sort()).toEqual(
    logged.flatMap(({ err, signature }) => (err === null ? [signature] : [])).sort(),
  );
  expect(logged.find(({ err }) => err !== null)!.err).toEqual({ InstructionError: [1, { Custom: 6004 }] });
  expect(watch.counters).toMatchObject({ liquidations: 2, troubles: 0, silences: 0 });
  await Promise.all(ids.map((id) => connection.removeOnLogsListener(id)));
});

it('is told of a cascade when the price of SOL jumps', async () => {
  using started = startWatch();
  const { watch } = started;
  await expect.poll(() => watch.isLive(), WAIT).toBe(true);
  chain.setRates(RATES);
  let rate = RATES['SOL sell'];
  await expect
    .poll(() => {
      rate = Math.round(rate * 0.99);
      chain.setRates({ 'SOL sell': rate });
      return watch.counters.liquidations > 0 && watch.counters.failed > 0;
    }, WAIT)
    .toBe(true);
});

it('shows web3.js a transaction and the accounts that it changed', async () => {
  const wallet = simWallet();
  const changes: number[] = [];
  const id = connection.onAccountChange(wallet.publicKey, ({ lamports }) => changes.push(lamports));
  const { SystemProgram, Transaction } = await import('@solana/web3.js');
  const before = await connection.getBalance(wallet.publicKey);
  const transfer = SystemProgram.transfer({
    fromPubkey: wallet.publicKey,
    toPubkey: new PublicKey(LIQUIDATING_PROGRAMS.save),
    lamports: 1_000_000,
  });
  const signature = await connection.sendTransaction(new Transaction().add(transfer), [wallet]);
  await expect.poll(() => changes, WAIT).toContain(before - 1_005_000);
  const shown = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  expect(shown).toMatchObject({ meta: { err: null, fee: 5000 }, transaction: { signatures: [signature] } });
  expect(shown!.transaction.message.staticAccountKeys[0]!.equals(wallet.publicKey)).toBe(true);
  expect(shown!.meta!.preBalances[0]! - shown!.meta!.postBalances[0]!).toBe(1_005_000);
  await connection.removeAccountChangeListener(id);
});
