import { createHash } from 'node:crypto';
import { PublicKey } from '@solana/web3.js';
import type { Clock } from '../../domain/ports.ts';
import { TOKENS } from '../../domain/tokens.ts';
import { type DexPools, SLOT_MS } from '../dexPool.ts';
import type { OrderLog } from '../orderLog.ts';
import { json, type ParsedRequest, readJsonObject, type SimHttpResponse, textOf } from '../simHttp.ts';
import { DEX_TOKENS, type DexToken } from '../simInstruments.ts';
import { rateName } from './chainGenesis.ts';
import { isPublicKey } from './chainLedger.ts';
import type { ChainRates } from './chainMessages.ts';
import type { ChainProcess } from './chainProcess.ts';
import { buildSwap } from './swapBuilder.ts';

/** Built swaps that may still land; beyond that the oldest no longer moves the pool when it does. */
const MOST_BUILT = 4_096;
const MOST_PRIORITY_LAMPORTS = 100_000_000;

interface Built {
  readonly inputMint: string;
  readonly outputMint: string;
  readonly inAmountRaw: number;
  readonly token: DexToken;
  readonly direction: 'buy' | 'sell';
}

export interface ChainDoorDeps {
  readonly chain: ChainProcess;
  readonly pools: DexPools;
  readonly log: OrderLog;
  readonly clock: Clock;
}

/**
 * What Jupiter answers when the chain is embedded: `/swap` builds the transaction, and the wallet is the chain's. The
 * pools' rates go to the chain with every slot, and what landed there moves the pools.
 *
 * @returns answers a request, or null where the chain changes nothing
 */
export function openChainDoor({
  chain,
  pools,
  log,
  clock,
}: ChainDoorDeps): (request: ParsedRequest) => SimHttpResponse | null {
  const built = new Map<string, Built>();
  clock.every(SLOT_MS, () => chain.setRates(ratesOf(pools)));
  chain.onLanded(({ messageHash, signature, err }) => {
    const swap = built.get(messageHash);
    if (swap === undefined) return;
    built.delete(messageHash);
    if (err === null) pools.push(swap.inputMint, swap.outputMint, swap.inAmountRaw);
    const { token, direction } = swap;
    const qty = direction === 'sell' ? swap.inAmountRaw / 10 ** TOKENS[token]!.decimals : 0;
    log.add(() => ({
      receivedMs: Math.floor(clock.nowMs()),
      venue: 'jupiter',
      clientOrderId: signature,
      symbol: `${token}/USDC`,
      side: direction,
      type: 'swap',
      qty: String(qty),
      price: null,
      status: err === null ? 'landed' : 'failed',
    }));
  });

  return (request) => {
    switch (request.path) {
      case '/swap/v1/swap':
        return swap(request);
      case '/sim/wallet':
      case '/sim/balances':
        return json(200, balances(chain.wallet()));
      case '/sim/swap':
        return json(410, { rejected: { code: 'gone', reason: 'swaps are transactions of the chain here' } });
      default:
        return null;
    }
  };

  function swap({ body }: ParsedRequest): SimHttpResponse {
    const asked = readJsonObject(body);
    const quote = (asked?.quoteResponse ?? {}) as Readonly<Record<string, unknown>>;
    const [inputMint, outputMint] = [textOf(quote.inputMint), textOf(quote.outputMint)];
    const inAmountRaw = Number(quote.inAmount);
    const leastOutRaw = Number(quote.otherAmountThreshold);
    const user = asked?.userPublicKey;
    if (!isPublicKey(user)) return json(400, { error: `userPublicKey ${String(user)}: give a key in base58` });
    if (!Number.isSafeInteger(inAmountRaw) || inAmountRaw <= 0 || !(leastOutRaw >= 0)) {
      return json(400, { error: 'quoteResponse: give the quote as it was answered' });
    }
    const pair = pairOf(inputMint, outputMint);
    const now = pair === null ? null : pools.quote(inputMint, outputMint, inAmountRaw, false);
    if (pair === null || now === null) {
      return json(400, { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' });
    }
    const rate = ratesOf(pools)[rateName(pair.token, pair.direction)]!;
    const block = chain.block();
    const priorityFeeLamports = priorityFeeOf(asked?.prioritizationFeeLamports);
    const transaction = buildSwap({
      ...pair,
      user: new PublicKey(user),
      inAmountRaw,
      outAmountRaw: now.outAmountRaw,
      leastRate: Math.ceil((rate * leastOutRaw) / now.outAmountRaw),
      blockhash: block.blockhash,
      priorityFeeLamports,
    });
    const messageHash = createHash('sha256').update(transaction.message.serialize()).digest('hex');
    if (built.size >= MOST_BUILT) built.delete(built.keys().next().value!);
    built.set(messageHash, { inputMint, outputMint, inAmountRaw, ...pair });
    return json(200, {
      swapTransaction: Buffer.from(transaction.serialize()).toString('base64'),
      lastValidBlockHeight: block.lastValidBlockHeight,
      prioritizationFeeLamports: priorityFeeLamports,
      computeUnitLimit: 60_000,
      simulationError: null,
    });
  }
}

/** Output per input of each direction, on a scale of its own: only its changes matter. */
export function ratesOf(pools: DexPools): ChainRates {
  const rates = DEX_TOKENS.flatMap((token) => {
    const midPx = pools.midOf(token);
    return [
      [rateName(token, 'sell'), Math.floor(midPx * 1e9)] as const,
      [rateName(token, 'buy'), Math.floor(1e12 / midPx)] as const,
    ];
  });
  return Object.fromEntries(rates);
}

function pairOf(inputMint: string, outputMint: string): { token: DexToken; direction: 'buy' | 'sell' } | null {
  const usdc = TOKENS.USDC!.mint;
  for (const token of DEX_TOKENS) {
    const { mint } = TOKENS[token]!;
    if (inputMint === usdc && outputMint === mint) return { token, direction: 'buy' };
    if (inputMint === mint && outputMint === usdc) return { token, direction: 'sell' };
  }
  return null;
}

/** `"auto"`, a number of lamports, or the most that may be taken. */
function priorityFeeOf(asked: unknown): number {
  const most = (asked as { priorityLevelWithMaxLamports?: { maxLamports?: unknown } } | null)
    ?.priorityLevelWithMaxLamports?.maxLamports;
  const lamports = typeof asked === 'number' ? asked : Math.min(Number(most ?? 3_000), 3_000);
  return Math.min(Math.max(0, Math.floor(lamports) || 0), MOST_PRIORITY_LAMPORTS);
}

function balances(raw: Readonly<Record<string, number>>) {
  return Object.values(TOKENS).map(({ symbol, mint, decimals }) => ({
    venue: 'jupiter' as const,
    asset: symbol,
    mint,
    free: (raw[symbol] ?? 0) / 10 ** decimals,
    locked: 0,
    raw: String(raw[symbol] ?? 0),
  }));
}
