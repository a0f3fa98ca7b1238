import { PublicKey } from '@solana/web3.js';
import { TOKEN_PROGRAM } from '../../venues/solana/tokenAccounts.ts';
import type { AccountView, ChainBank } from './chainBank.ts';

/** What the accounts of one transaction hold, by their index in it. */
export interface ChainBalances {
  readonly lamports: readonly number[];
  readonly tokens: readonly {
    readonly accountIndex: number;
    readonly mint: string;
    readonly owner: string;
    readonly amount: string;
  }[];
}

export function balancesOf(bank: ChainBank, keys: readonly PublicKey[]): ChainBalances {
  const accounts = keys.map((key) => bank.account(key));
  return {
    lamports: accounts.map((account) => account?.lamports ?? 0),
    tokens: accounts.flatMap((account, accountIndex) => {
      const held = account === null ? null : tokensIn(account);
      return held === null ? [] : [{ accountIndex, ...held }];
    }),
  };
}

/** Null when it is no token account. Layout of spl-token: mint 0, owner 32, amount 64 (u64), 165 bytes in all. */
export function tokensIn({ data, owner }: AccountView): { mint: string; owner: string; amount: string } | null {
  if (!owner.equals(TOKEN_PROGRAM) || data.length !== 165) return null;
  const key = (at: number) => new PublicKey(data.subarray(at, at + 32)).toBase58();
  const amount = new DataView(data.buffer, data.byteOffset).getBigUint64(64, true);
  return { mint: key(0), owner: key(32), amount: String(amount) };
}
