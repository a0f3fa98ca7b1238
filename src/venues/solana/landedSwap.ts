import { VersionedTransaction } from '@solana/web3.js';
import { tokenOf } from '../../domain/tokens.ts';
import { type Fields, fieldsOf, listOf, numberIn, textIn } from '../cexDialect.ts';

/** What a transaction on the chain did to our wallet, raw units. */
export interface LandedSwap {
  readonly slot: number;
  readonly timeMs: number;
  /** Null when it succeeded. */
  readonly err: unknown;
  readonly feeLamports: number;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/**
 * Reads `getTransaction` in base64: our balances of SOL and of the given tokens before and after it.
 * @throws Error when the answer lacks something
 */
export function readLanded(answer: unknown, wallet: string, symbols: readonly string[]): LandedSwap {
  const fields = fieldsOf(answer, 'the transaction');
  const meta = fieldsOf(fields.meta, 'its meta');
  const [text] = fields.transaction as [string];
  const { message } = VersionedTransaction.deserialize(Buffer.from(text, 'base64'));
  const ours = message.staticAccountKeys.findIndex((key) => key.toBase58() === wallet);
  if (ours < 0) throw new Error('our wallet is not in the transaction');
  const held = (lamports: unknown, tokens: unknown): Record<string, number> =>
    Object.fromEntries(
      symbols.map((symbol) => {
        if (symbol === 'SOL') return [symbol, Number((lamports as readonly unknown[])[ours])];
        const { mint } = tokenOf(symbol);
        const own = listOf(tokens, 'token balances').filter((one: Fields) => one.owner === wallet && one.mint === mint);
        const raw = own.map((one) => Number(textIn(fieldsOf(one.uiTokenAmount, 'an amount'), 'amount')));
        return [symbol, raw.reduce((sum, amount) => sum + amount, 0)];
      }),
    );
  return {
    slot: numberIn(fields, 'slot'),
    timeMs: numberIn(fields, 'blockTime') * 1000,
    err: meta.err ?? null,
    feeLamports: numberIn(meta, 'fee'),
    before: held(meta.preBalances, meta.preTokenBalances),
    after: held(meta.postBalances, meta.postTokenBalances),
  };
}

/** How much of a token the swap itself took or gave, raw units above 0: the fee, paid in SOL, is not part of it. */
export function movedRaw({ before, after, feeLamports }: LandedSwap, symbol: string): number {
  const delta = after[symbol]! - before[symbol]!;
  return Math.abs(symbol === 'SOL' ? delta + feeLamports : delta);
}
