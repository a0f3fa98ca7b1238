import '../../workers/noNativeSockets.ts';
import { createHash } from 'node:crypto';
import type { PublicKey } from '@solana/web3.js';
import { createRandom } from '../../domain/random.ts';
import { createWallClock } from '../../workers/wallClock.ts';
import { openChainBank } from './chainBank.ts';
import { endowChain, setRates, walletRaw } from './chainGenesis.ts';
import { createChainLedger } from './chainLedger.ts';
import { createChainLiquidations } from './chainLiquidations.ts';
import type { ChainBoot, FromChain, ToChain } from './chainMessages.ts';
import { createChainRpc, wireAccount } from './chainRpc.ts';
import { type ChainFaults, startChainServer } from './chainServer.ts';

/**
 * Entry of the chain's process, the only one of ours that loads a native add-on: should that crash, neither bots nor
 * venues go along. It ends with its parent.
 */
const tell = (message: FromChain) => {
  // With a callback, since a parent that has just gone is no error: `disconnect` tells of it.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};
process.on('disconnect', () => process.exit(0));

async function start(boot: ChainBoot) {
  const bank = await openChainBank();
  endowChain(bank, boot);
  const { firstSlot, slotMs, dropShare, seed } = boot;
  const clock = createWallClock();
  const random = createRandom(seed);
  const ledger = createChainLedger({
    bank,
    clock,
    random: random.fork('chain'),
    firstSlot,
    slotMs,
    dropShare,
  });
  const liquidations = createChainLiquidations({ bank, ledger, random: random.fork('liquidations'), clock });
  const block = () => ({ slot: ledger.slot(), ...ledger.latestBlockhash() });
  ledger.onSlot(() => tell({ type: 'block', block: block() }));
  ledger.onLanded(({ signature, slot, err, transaction }) => {
    const messageHash = createHash('sha256').update(transaction.message.serialize()).digest('hex');
    tell({ type: 'landed', signature, slot, messageHash, err });
    tell({ type: 'wallet', raw: walletRaw(bank) });
  });
  const faults: ChainFaults = { muteNotifications: false };
  const readAccount = (key: PublicKey) => {
    const account = bank.account(key);
    return account === null ? null : wireAccount(account);
  };
  const { rest, ws } = await startChainServer(createChainRpc(bank, ledger), ledger, readAccount, faults, 0);
  tell({ type: 'wallet', raw: walletRaw(bank) });
  tell({ type: 'ready', rest, ws, block: block() });
  return { bank, ledger, liquidations, faults };
}

let running: Awaited<ReturnType<typeof start>> | null = null;

process.on('message', async (message: ToChain) => {
  switch (message.type) {
    case 'boot':
      try {
        running = await start(message.boot);
      } catch (error) {
        tell({ type: 'unavailable', reason: error instanceof Error ? error.message : String(error) });
        process.disconnect?.();
      }
      return;
    case 'rates':
      if (running === null) return;
      setRates(running.bank, message.rates);
      return running.liquidations.onRates(message.rates);
    case 'liquidate':
      return running?.liquidations.attempt(message);
    case 'faults':
      if (message.dropShare !== undefined) running?.ledger.setDropShare(message.dropShare);
      if (message.holdLanding !== undefined) running?.ledger.setHold(message.holdLanding);
      if (running !== null && message.muteNotifications !== undefined)
        running.faults.muteNotifications = message.muteNotifications;
      return;
    case 'addons': {
      const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
      return tell({ type: 'addons', files: sharedObjects.filter((file) => file.endsWith('.node')) });
    }
  }
});
