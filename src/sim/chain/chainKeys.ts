import { createHash } from 'node:crypto';
import { Keypair, PublicKey } from '@solana/web3.js';
import { TOKENS } from '../../domain/tokens.ts';
import type { DexToken } from '../simInstruments.ts';
import { SIM_WALLET_SECRET } from '../simKeys.ts';

/** Keys of the embedded chain follow from names, so that simulator and chain process agree without a word. */
export const keypairOf = (name: string): Keypair => Keypair.fromSeed(createHash('sha256').update(name).digest());

/** Ours; its secret is handed to the gateway. */
export const simWallet = (): Keypair => Keypair.fromSecretKey(Buffer.from(SIM_WALLET_SECRET, 'base64'));
/** Owns what the pools hold and signs the pool's half of a swap. */
export const POOL_AUTHORITY = keypairOf('nightjar embedded chain: pool authority');

/** Whole rate of one direction of one pool, u64: what a swap demands at least (`priceGuard.ts`). */
export const rateAccount = (token: DexToken, direction: 'buy' | 'sell'): PublicKey =>
  keypairOf(`nightjar embedded chain: rate ${token} ${direction}`).publicKey;

export const mintOf = (symbol: string): PublicKey => new PublicKey(TOKENS[symbol]!.mint);
