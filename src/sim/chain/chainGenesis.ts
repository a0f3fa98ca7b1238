import { TOKENS } from '../../domain/tokens.ts';
import { JUPITER_PROGRAM, tokenAccountOf } from '../../venues/solana/tokenAccounts.ts';
import { DEX_TOKENS, type DexToken } from '../simInstruments.ts';
import { tokensIn } from './chainBalances.ts';
import type { ChainBank } from './chainBank.ts';
import { mintOf, POOL_AUTHORITY, rateAccount, simWallet } from './chainKeys.ts';
import type { ChainBoot, ChainRates } from './chainMessages.ts';
import { priceGuardProgram } from './priceGuard.ts';

/** What the pools hold of each token, whole units: deep enough for any run. */
const POOL_HOLDS = 1_000_000;
const WRAPPED = ['USDC', 'RAY'] as const;

/** The first block: mints, our wallet, the pools' reserves, the program that stands for Jupiter's. */
export function endowChain(bank: ChainBank, { balances, rates }: ChainBoot): void {
  bank.addProgram(JUPITER_PROGRAM.toBase58(), priceGuardProgram());
  const wallet = simWallet().publicKey;
  const pool = POOL_AUTHORITY.publicKey;
  bank.setLamports(wallet, raw('SOL', balances.SOL));
  bank.setLamports(pool, raw('SOL', POOL_HOLDS));
  for (const symbol of WRAPPED) {
    const mint = mintOf(symbol);
    bank.setMint(mint, TOKENS[symbol]!.decimals);
    bank.setTokens(tokenAccountOf(wallet, mint), mint, wallet, raw(symbol, balances[symbol]));
    bank.setTokens(tokenAccountOf(pool, mint), mint, pool, raw(symbol, POOL_HOLDS * 100));
  }
  setRates(bank, rates);
}

export function setRates(bank: ChainBank, rates: ChainRates): void {
  for (const token of DEX_TOKENS) {
    for (const direction of ['buy', 'sell'] as const) {
      const rate = rates[rateName(token, direction)];
      if (rate !== undefined) bank.setWord(rateAccount(token, direction), JUPITER_PROGRAM, rate);
    }
  }
}

export const rateName = (token: DexToken, direction: 'buy' | 'sell'): string => `${token} ${direction}`;

/** Raw units of our wallet, by symbol. */
export function walletRaw(bank: ChainBank): Record<string, number> {
  const wallet = simWallet().publicKey;
  const held: Record<string, number> = { SOL: bank.account(wallet)?.lamports ?? 0 };
  for (const symbol of WRAPPED) {
    const account = bank.account(tokenAccountOf(wallet, mintOf(symbol)));
    held[symbol] = Number((account === null ? null : tokensIn(account))?.amount ?? 0);
  }
  return held;
}

const raw = (symbol: string, amount: number): number => Math.round(amount * 10 ** TOKENS[symbol]!.decimals);
