import {
  ComputeBudgetProgram,
  type PublicKey,
  SystemProgram,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { JUPITER_PROGRAM, TOKEN_PROGRAM, tokenAccountOf } from '../../venues/solana/tokenAccounts.ts';
import type { DexToken } from '../simInstruments.ts';
import { mintOf, POOL_AUTHORITY, rateAccount } from './chainKeys.ts';

const COMPUTE_UNITS = 60_000;

export interface SwapPlan {
  readonly user: PublicKey;
  readonly token: DexToken;
  readonly direction: 'buy' | 'sell';
  readonly inAmountRaw: number;
  readonly outAmountRaw: number;
  /** The pool's rate below which the chain refuses the swap. */
  readonly leastRate: number;
  readonly blockhash: string;
  /** For the whole transaction, lamports. */
  readonly priorityFeeLamports: number;
}

/**
 * A swap as one atomic transaction of two signers: ours pays in, the pool's authority pays out, and the guard in front
 * fails both when the price has moved too far. The pool's half is signed here, ours is left open.
 */
export function buildSwap(plan: SwapPlan): VersionedTransaction {
  const { user, token, direction, inAmountRaw, outAmountRaw } = plan;
  const pool = POOL_AUTHORITY.publicKey;
  const [from, to] = direction === 'buy' ? (['USDC', token] as const) : ([token, 'USDC'] as const);
  const microLamports = Math.floor((plan.priorityFeeLamports * 1e6) / COMPUTE_UNITS);
  const message = new TransactionMessage({
    payerKey: user,
    recentBlockhash: plan.blockhash,
    instructions: [
      ComputeBudgetProgram.setComputeUnitLimit({ units: COMPUTE_UNITS }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports }),
      guard(token, direction, plan.leastRate),
      transfer(from, user, pool, inAmountRaw),
      transfer(to, pool, user, outAmountRaw),
    ],
  }).compileToV0Message();
  const transaction = new VersionedTransaction(message);
  transaction.sign([POOL_AUTHORITY]);
  return transaction;
}

function guard(token: DexToken, direction: 'buy' | 'sell', leastRate: number): TransactionInstruction {
  return new TransactionInstruction({
    programId: JUPITER_PROGRAM,
    keys: [{ pubkey: rateAccount(token, direction), isSigner: false, isWritable: false }],
    data: word(leastRate),
  });
}

/** SOL moves as lamports, everything else between associated token accounts. */
function transfer(symbol: string, from: PublicKey, to: PublicKey, amountRaw: number): TransactionInstruction {
  if (symbol === 'SOL') return SystemProgram.transfer({ fromPubkey: from, toPubkey: to, lamports: amountRaw });
  const mint = mintOf(symbol);
  return new TransactionInstruction({
    programId: TOKEN_PROGRAM,
    keys: [
      { pubkey: tokenAccountOf(from, mint), isSigner: false, isWritable: true },
      { pubkey: tokenAccountOf(to, mint), isSigner: false, isWritable: true },
      { pubkey: from, isSigner: true, isWritable: false },
    ],
    data: Buffer.concat([Buffer.from([3]), word(amountRaw)]),
  });
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
