import type { SwapTerms } from '../domain/orders.ts';
import type { Clock, Random } from '../domain/ports.ts';
import { TOKENS } from '../domain/tokens.ts';
import type { DexPools } from './dexPool.ts';
import type { OrderLog } from './orderLog.ts';
import { DEX_TOKENS } from './simInstruments.ts';

/** A slot or two until a transaction lands; a dropped one is given up when its blockhash has expired (150 blocks). */
const LANDS_AFTER_MS = { from: 400, to: 1200 };
const EXPIRES_AFTER_MS = 60_000;
/** Base fee of one signature and a priority fee: about 0.002 USDC. */
export const SWAP_FEE_LAMPORTS = 13_000;
const MOST_SWAPS = 20_000;
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A swap's state as `GET /sim/swap` answers it. Amounts are raw units of their token. */
export interface SwapState {
  readonly clientOrderId: string;
  readonly signature: string;
  readonly status: 'processing' | 'landed' | 'failed' | 'expired';
  readonly inputMint: string;
  readonly outputMint: string;
  /** 0 until landed, and when nothing was swapped. */
  readonly inAmountRaw: number;
  readonly outAmountRaw: number;
  readonly feeLamports: number;
  /** The chain's error of a failed swap: 6001 = it would have delivered less than `minOutAmountRaw`. */
  readonly err: unknown;
  readonly slot: number | null;
  readonly receivedAtMs: number;
  /** When it landed, failed or expired. */
  readonly settledAtMs: number | null;
}

interface SwapDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly pools: DexPools;
  readonly log: OrderLog;
  readonly dropShare: number;
  /** Whole units. */
  readonly startBalances: Readonly<Record<'SOL' | 'RAY' | 'USDC', number>>;
}

export type DexSwaps = ReturnType<typeof createDexSwaps>;

/** The wallet and its swaps: until the chain itself is embedded, they settle here under the chain's rules. */
export function createDexSwaps({ clock, random, pools, log, dropShare, startBalances }: SwapDeps) {
  const swaps = new Map<string, SwapState>();
  const wallet = new Map<string, number>();
  for (const [symbol, amount] of Object.entries(startBalances)) {
    const { mint, decimals } = TOKENS[symbol]!;
    wallet.set(mint, Math.round(amount * 10 ** decimals));
  }
  const solMint = TOKENS.SOL!.mint;
  const add = (mint: string, raw: number) => wallet.set(mint, (wallet.get(mint) ?? 0) + raw);

  const settle = (clientOrderId: string, change: Partial<SwapState>) => {
    const state = swaps.get(clientOrderId);
    if (state === undefined) return;
    swaps.set(clientOrderId, { ...state, ...change, settledAtMs: Math.floor(clock.nowMs()) });
  };

  const land = (clientOrderId: string, terms: SwapTerms) => {
    const { inputMint, outputMint, inAmountRaw, minOutAmountRaw } = terms;
    const landed = { slot: pools.slot(), feeLamports: SWAP_FEE_LAMPORTS };
    const fail = (err: unknown) => settle(clientOrderId, { ...landed, status: 'failed', err });
    add(solMint, -SWAP_FEE_LAMPORTS);
    if ((wallet.get(inputMint) ?? 0) < inAmountRaw) return fail({ InstructionError: [2, { Custom: 1 }] });
    const quote = pools.quote(inputMint, outputMint, inAmountRaw, false);
    if (quote === null || quote.outAmountRaw < minOutAmountRaw)
      return fail({ InstructionError: [2, { Custom: 6001 }] });
    add(inputMint, -inAmountRaw);
    add(outputMint, quote.outAmountRaw);
    pools.push(inputMint, outputMint, inAmountRaw);
    settle(clientOrderId, { ...landed, status: 'landed', inAmountRaw, outAmountRaw: quote.outAmountRaw });
  };

  const signature = () => Array.from({ length: 88 }, () => BASE58[random.int(BASE58.length)]).join('');

  return {
    /** The same id again is the same swap: nothing is sent twice. */
    submit(clientOrderId: string, terms: SwapTerms): SwapState {
      const known = swaps.get(clientOrderId);
      if (known !== undefined) return known;
      const { inputMint, outputMint } = terms;
      const state: SwapState = {
        clientOrderId,
        signature: signature(),
        status: 'processing',
        inputMint,
        outputMint,
        inAmountRaw: 0,
        outAmountRaw: 0,
        feeLamports: 0,
        err: null,
        slot: null,
        receivedAtMs: Math.floor(clock.nowMs()),
        settledAtMs: null,
      };
      if (swaps.size >= MOST_SWAPS) forgetOldest(swaps);
      swaps.set(clientOrderId, state);
      logSwap(log, state, terms, () => swaps.get(clientOrderId)?.status ?? 'forgotten');
      const { from, to } = LANDS_AFTER_MS;
      const landsAfterMs = from + (to - from) * random.next();
      if (random.next() < dropShare) clock.after(EXPIRES_AFTER_MS, () => settle(clientOrderId, { status: 'expired' }));
      else clock.after(landsAfterMs, () => land(clientOrderId, terms));
      return state;
    },
    find: (clientOrderId: string): SwapState | undefined => swaps.get(clientOrderId),
    /** Whole units per token, with the raw amount. */
    balances: () =>
      Object.values(TOKENS).map(({ symbol, mint, decimals }) => ({
        venue: 'jupiter' as const,
        asset: symbol,
        mint,
        free: (wallet.get(mint) ?? 0) / 10 ** decimals,
        locked: 0,
        raw: String(wallet.get(mint) ?? 0),
      })),
  };
}

/** Settled swaps go first; one in flight is never forgotten. */
function forgetOldest(swaps: Map<string, SwapState>): void {
  for (const [id, { status }] of swaps) {
    if (status === 'processing') continue;
    swaps.delete(id);
    return;
  }
}

function logSwap(log: OrderLog, state: SwapState, terms: SwapTerms, status: () => string): void {
  const buys = terms.inputMint === TOKENS.USDC!.mint;
  const baseMint = buys ? terms.outputMint : terms.inputMint;
  const base = DEX_TOKENS.find((token) => TOKENS[token]!.mint === baseMint);
  const raw = buys ? terms.minOutAmountRaw : terms.inAmountRaw;
  const qty = base === undefined ? String(raw) : (raw / 10 ** TOKENS[base]!.decimals).toFixed(TOKENS[base]!.decimals);
  log.add(() => ({
    receivedMs: state.receivedAtMs,
    venue: 'jupiter',
    clientOrderId: state.clientOrderId,
    symbol: base === undefined ? baseMint : `${base}/USDC`,
    side: buys ? 'buy' : 'sell',
    type: 'swap',
    qty,
    price: null,
    status: status(),
  }));
}
