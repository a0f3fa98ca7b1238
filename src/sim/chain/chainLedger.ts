import { createHash } from 'node:crypto';
import { PublicKey, VersionedTransaction } from '@solana/web3.js';
import type { Clock, Random } from '../../domain/ports.ts';
import { base58 } from '../../venues/solana/base58.ts';
import { balancesOf, type ChainBalances } from './chainBalances.ts';
import type { ChainBank, Execution } from './chainBank.ts';

/** A blockhash is good for so many blocks. */
export const BLOCKHASH_LIFE = 150;
/** Settled transactions remembered, oldest forgotten first. */
const MOST_REMEMBERED = 20_000;
/** Transactions that wait for their slot; the next one is refused. */
const MOST_PENDING = 1_000;
/** Slots until a transaction lands: 1 or 2. */
const LANDS_WITHIN_SLOTS = 2;

/** A transaction that is on the chain, whether it succeeded or not. */
export interface Landed extends Execution {
  readonly signature: string;
  readonly slot: number;
  readonly timeMs: number;
  readonly transaction: VersionedTransaction;
  readonly feeLamports: number;
  readonly before: ChainBalances;
  readonly after: ChainBalances;
}

export interface LedgerDeps {
  readonly bank: ChainBank;
  readonly clock: Clock;
  readonly random: Random;
  readonly firstSlot: number;
  readonly slotMs: number;
  /** Share of the transactions that are accepted and never land. */
  readonly dropShare: number;
}

export type ChainLedger = ReturnType<typeof createChainLedger>;

/** Slots, blockhashes and what landed in them. */
export function createChainLedger({ bank, clock, random, firstSlot, slotMs, dropShare }: LedgerDeps) {
  const landed = new Map<string, Landed>();
  const pending = new Map<string, { readonly transaction: VersionedTransaction; readonly dueSlot: number }>();
  /** Blockhash → the last block height at which it is good. */
  const alive = new Map<string, number>();
  const onSlot = new Set<(slot: number) => void>();
  const onLanded = new Set<(landed: Landed) => void>();
  let slot = firstSlot;
  let drops = dropShare;
  let hold = false;
  let blockhash = '';

  const newBlockhash = () => {
    const digest = createHash('sha256')
      .update(`block ${slot} ${random.int(2 ** 32)}`)
      .digest();
    blockhash = base58(digest);
    alive.set(blockhash, slot + BLOCKHASH_LIFE);
    for (const [hash, lastHeight] of alive) {
      if (lastHeight >= slot) break;
      alive.delete(hash);
    }
  };

  const land = (signature: string, transaction: VersionedTransaction) => {
    if (!alive.has(transaction.message.recentBlockhash)) return; // Expired while it waited: it never happens.
    const keys = transaction.message.staticAccountKeys;
    const before = balancesOf(bank, keys);
    const ran = bank.execute(transaction);
    const after = balancesOf(bank, keys);
    const sum = (all: ChainBalances) => all.lamports.reduce((total, one) => total + one, 0);
    const feeLamports = sum(before) - sum(after);
    // What cannot even pay its fee leaves no trace on a chain.
    if (ran.err !== null && feeLamports === 0) return;
    const result = { ...ran, signature, slot, timeMs: clock.nowMs(), transaction, feeLamports, before, after };
    landed.set(signature, result);
    if (landed.size > MOST_REMEMBERED) landed.delete(landed.keys().next().value!);
    for (const tell of onLanded) tell(result);
  };

  newBlockhash();
  bank.warpTo(slot);
  clock.every(slotMs, () => {
    slot += 1;
    bank.warpTo(slot);
    newBlockhash();
    for (const [signature, { transaction, dueSlot }] of pending) {
      if (hold || dueSlot > slot) continue;
      pending.delete(signature);
      land(signature, transaction);
    }
    for (const tell of onSlot) tell(slot);
  });

  return {
    slot: () => slot,
    /** Every slot here has its block. */
    blockHeight: () => slot,
    latestBlockhash: () => ({ blockhash, lastValidBlockHeight: slot + BLOCKHASH_LIFE }),
    isAlive: (hash: string) => alive.has(hash),
    find: (signature: string): Landed | undefined => landed.get(signature),
    /** Takes it in for one of the next slots. The same bytes again change nothing. @returns false when it is full */
    submit(signature: string, bytes: Uint8Array): boolean {
      if (landed.has(signature) || pending.has(signature)) return true;
      if (pending.size >= MOST_PENDING) return false;
      if (random.next() < drops) return true;
      const dueSlot = slot + 1 + random.int(LANDS_WITHIN_SLOTS);
      pending.set(signature, { transaction: VersionedTransaction.deserialize(bytes), dueSlot });
      return true;
    },
    setDropShare(share: number) {
      drops = share;
    },
    setHold(held: boolean) {
      hold = held;
    },
    onSlot: (tell: (slot: number) => void) => subscribe(onSlot, tell),
    onLanded: (tell: (landed: Landed) => void) => subscribe(onLanded, tell),
  };
}

function subscribe<T>(listeners: Set<(value: T) => void>, tell: (value: T) => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** The first signature in base58 names the transaction. */
export const signatureOf = (transaction: VersionedTransaction): string => base58(transaction.signatures[0]!);

export const isPublicKey = (text: unknown): text is string => {
  try {
    return typeof text === 'string' && new PublicKey(text).toBase58() === text;
  } catch {
    return false;
  }
};
