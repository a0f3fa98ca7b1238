import '../src/workers/noNativeSockets.ts';
import { Connection, Keypair, LAMPORTS_PER_SOL, PublicKey, VersionedTransaction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKENS } from '../src/domain/tokens.ts';
import { mintOf, simWallet } from '../src/sim/chain/chainKeys.ts';
import { type ChainProcess, startChainProcess } from '../src/sim/chain/chainProcess.ts';
import { buildSwap } from '../src/sim/chain/swapBuilder.ts';
import { tokenAccountOf } from '../src/venues/solana/tokenAccounts.ts';

const wallet = simWallet();
const usdcAccount = tokenAccountOf(wallet.publicKey, mintOf('USDC'));
const RATES = { 'SOL buy': 1_000_000, 'SOL sell': 1_000_000, 'RAY buy': 1_000_000, 'RAY sell': 1_000_000 };

/** 0.1 SOL for 15 USDC. */
const signedSwap = (blockhash: string, change: Partial<Parameters<typeof buildSwap>[0]> = {}, signer = wallet) => {
  const transaction = buildSwap({
    user: signer.publicKey,
    token: 'SOL',
    direction: 'sell',
    inAmountRaw: 100_000_000,
    outAmountRaw: 15_000_000,
    leastRate: 990_000,
    blockhash,
    priorityFeeLamports: 3_000,
    ...change,
  });
  transaction.sign([signer]);
  return transaction;
};

describe('the embedded chain under an unmodified web3.js', () => {
  let chain: ChainProcess;
  let connection: Connection;

  beforeAll(async () => {
    chain = await startChainProcess({
      seed: 5,
      firstSlot: 440_657_000,
      slotMs: 100,
      dropShare: 0,
      balances: { SOL: 10, RAY: 1000, USDC: 500 },
      rates: RATES,
    });
    connection = new Connection(chain.rest, { commitment: 'confirmed', wsEndpoint: chain.ws });
  });
  afterAll(async () => {
    // web3.js has no way to end its socket.
    (connection as unknown as { _rpcWebSocket: { close(): void } })._rpcWebSocket.close();
    await chain.close();
  });

  const usdcRaw = async () => Number((await connection.getTokenAccountBalance(usdcAccount)).value.amount);

  it('shows wallet, slots and fees', async () => {
    expect(await connection.getBalance(wallet.publicKey)).toBe(10 * LAMPORTS_PER_SOL);
    expect(await usdcRaw()).toBe(500_000_000);
    const slots: number[] = [];
    await new Promise<void>((resolve) => {
      const id = connection.onSlotChange(({ slot }) => {
        if (slots.push(slot) === 3) void connection.removeSlotChangeListener(id).then(resolve);
      });
    });
    expect(slots[2]! - slots[0]!).toBe(2);
    expect(await connection.getSlot()).toBeGreaterThanOrEqual(slots[2]!);
    expect(await connection.getBlockHeight()).toBeGreaterThanOrEqual(slots[2]!);
    expect((await connection.getRecentPrioritizationFees()).length).toBeGreaterThan(0);
    await expect(connection.getTokenAccountBalance(Keypair.generate().publicKey)).rejects.toThrow(
      'could not find account',
    );
  });

  it('swaps in one atomic transaction of two signers, confirmed over PubSub and told in the logs', async () => {
    const [solBefore, usdcBefore] = [await connection.getBalance(wallet.publicKey), await usdcRaw()];
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
    const transaction = signedSwap(blockhash);
    const simulated = await connection.simulateTransaction(transaction);
    expect(simulated.value).toMatchObject({ err: null });
    expect(await usdcRaw()).toBe(usdcBefore);

    const logged = new Promise<{ signature: string; err: unknown }>((resolve) => {
      const id = connection.onLogs(wallet.publicKey, (logs) => {
        void connection.removeOnLogsListener(id);
        resolve(logs);
      });
    });
    const signature = await connection.sendTransaction(transaction);
    const { value } = await connection.confirmTransaction({ signature, blockhash, lastValidBlockHeight });
    expect(value.err).toBeNull();
    expect(await logged).toMatchObject({ signature, err: null });
    // Two signatures and the priority fee.
    expect(await connection.getBalance(wallet.publicKey)).toBe(solBefore - 100_000_000 - 13_000);
    expect(await usdcRaw()).toBe(usdcBefore + 15_000_000);
    expect((await connection.getSignatureStatuses([signature])).value[0]).toMatchObject({ err: null });
  });

  it('refuses by preflight, and on the chain, what the moved price no longer allows: fee paid, nothing swapped', async () => {
    const [solBefore, usdcBefore] = [await connection.getBalance(wallet.publicKey), await usdcRaw()];
    const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
    const transaction = signedSwap(blockhash, { leastRate: 1_000_001 });
    await expect(connection.sendTransaction(transaction)).rejects.toThrow('custom program error: 0x1771');
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true });
    const failure = await connection.confirmTransaction({ signature, blockhash, lastValidBlockHeight }).then(
      ({ value }) => value.err,
      (error: unknown) => error,
    );
    expect(failure).toEqual({ InstructionError: [2, { Custom: 6001 }] });
    expect(await connection.getBalance(wallet.publicKey)).toBe(solBefore - 13_000);
    expect(await usdcRaw()).toBe(usdcBefore);
  });

  it('takes nothing from a wallet when the pool cannot pay: the first transfer is undone with the second', async () => {
    const usdcBefore = await usdcRaw();
    const { blockhash } = await connection.getLatestBlockhash();
    const greedy = signedSwap(blockhash, { outAmountRaw: 1e15 });
    expect((await connection.simulateTransaction(greedy)).value.err).toEqual({ InstructionError: [4, { Custom: 1 }] });
    expect(await usdcRaw()).toBe(usdcBefore);
  });

  it('refuses an unknown blockhash, a missing signature and a foreign signer', async () => {
    const unknown = new PublicKey(TOKENS.RAY!.mint).toBase58();
    await expect(connection.sendTransaction(signedSwap(unknown))).rejects.toThrow('Blockhash not found');
    const { blockhash } = await connection.getLatestBlockhash();
    const unsigned = VersionedTransaction.deserialize(signedSwap(blockhash).serialize());
    unsigned.signatures[0]!.fill(0);
    await expect(connection.sendTransaction(unsigned)).rejects.toThrow('signature verification failure');
    unsigned.signatures[0]!.fill(7);
    await expect(connection.sendTransaction(unsigned)).rejects.toThrow('signature verification failure');
  });

  it('loses a dropped transaction without a trace', async () => {
    chain.setFaults({ dropShare: 1 });
    const { blockhash } = await connection.getLatestBlockhash();
    const signature = await connection.sendTransaction(signedSwap(blockhash, { priorityFeeLamports: 0 }));
    const slot = await connection.getSlot();
    await expect.poll(() => connection.getSlot(), { timeout: 15_000 }).toBeGreaterThan(slot + 3);
    expect((await connection.getSignatureStatuses([signature])).value).toEqual([null]);
    chain.setFaults({ dropShare: 0 });
  });

  it('holds the only native add-on, and none of it is loaded here', async () => {
    expect((await chain.addons()).map((file) => file.split('/').at(-1))).toEqual([
      expect.stringMatching(/^litesvm\..*\.node$/),
    ]);
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    expect(sharedObjects.filter((file) => file.includes('litesvm') || file.includes('bufferutil'))).toEqual([]);
  });
});
