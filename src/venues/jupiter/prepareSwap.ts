import { PublicKey, VersionedTransaction } from '@solana/web3.js';
import type { SwapTerms } from '../../domain/orders.ts';
import type { Transport } from '../../domain/ports.ts';
import { TOKENS } from '../../domain/tokens.ts';
import { fieldsOf, listOf, numberIn, textIn } from '../cexDialect.ts';
import { mostFeeLamports, refuseSwap } from '../solana/checkSwap.ts';
import type { RpcClient } from '../solana/rpcClient.ts';
import { tokenAccountOf } from '../solana/tokenAccounts.ts';

const REQUEST_TIMEOUT_MS = 5_000;
/** The most that a swap may pay for its place in a block, lamports: about a third of a US cent. */
export const MAX_PRIORITY_LAMPORTS = 20_000;
const SOL = TOKENS.SOL!.mint;

/** A swap that may be signed. */
export interface PreparedSwap {
  readonly transaction: VersionedTransaction;
  readonly lastValidBlockHeight: number;
}

/** Why nothing was signed: the order is over, and nothing of it can ever reach the chain. */
export class NotSigned extends Error {
  readonly code: string;
  readonly evidence: unknown;

  constructor(code: string, reason: string, evidence: unknown = null) {
    super(reason);
    this.code = code;
    this.evidence = evidence;
  }
}

export interface PrepareDeps {
  readonly transport: Transport;
  /** Base URL of Jupiter, without a trailing slash. */
  readonly rest: string;
  readonly rpc: RpcClient;
  readonly wallet: PublicKey;
}

/**
 * Quote → transaction → checked → simulated. The simulation runs unsigned, so that no node holds a transaction of ours
 * that it could send before we have seen what it does.
 *
 * @throws NotSigned with the reason; anything else that goes wrong here leaves nothing signed either
 */
export async function prepareSwap(deps: PrepareDeps, terms: SwapTerms): Promise<PreparedSwap> {
  const quote = await freshQuote(deps, terms);
  const answer = fieldsOf(
    await post(deps, '/swap/v1/swap', {
      quoteResponse: quote,
      userPublicKey: deps.wallet.toBase58(),
      wrapAndUnwrapSol: true,
      dynamicComputeUnitLimit: true,
      prioritizationFeeLamports: {
        priorityLevelWithMaxLamports: { priorityLevel: 'high', maxLamports: MAX_PRIORITY_LAMPORTS, global: false },
      },
    }),
    'the swap',
  );
  const transaction = VersionedTransaction.deserialize(Buffer.from(textIn(answer, 'swapTransaction'), 'base64'));
  const refusal = refuseSwap(transaction, {
    wallet: deps.wallet,
    inputMint: terms.inputMint,
    inAmountRaw: terms.inAmountRaw,
    solMint: SOL,
    maxPriorityLamports: MAX_PRIORITY_LAMPORTS,
  });
  if (refusal !== null)
    throw new NotSigned('unsafe-transaction', `jupiter's transaction is not signed: ${refusal}`, answer);
  await simulate(deps, terms, transaction);
  return { transaction, lastValidBlockHeight: numberIn(answer, 'lastValidBlockHeight') };
}

/** The quote of this moment, with just as much tolerance as the order's own threshold leaves. */
async function freshQuote(deps: PrepareDeps, terms: SwapTerms): Promise<unknown> {
  const { inputMint, outputMint, inAmountRaw, minOutAmountRaw } = terms;
  const ask = async (slippageBps: number) => {
    const query = new URLSearchParams({
      inputMint,
      outputMint,
      amount: String(inAmountRaw),
      slippageBps: String(slippageBps),
      swapMode: 'ExactIn',
    });
    const request = {
      method: 'GET',
      url: `${deps.rest}/swap/v1/quote?${query}`,
      timeoutMs: REQUEST_TIMEOUT_MS,
    } as const;
    return fieldsOf(bodyOf(await deps.transport.request(request), 'the quote'), 'the quote');
  };
  const quote = await ask(terms.slippageBps);
  const [outRaw, leastRaw] = [Number(quote.outAmount), Number(quote.otherAmountThreshold)];
  const sameQuestion =
    quote.inputMint === inputMint && quote.outputMint === outputMint && Number(quote.inAmount) === inAmountRaw;
  if (!sameQuestion || !(outRaw > 0)) throw new NotSigned('bad-quote', 'the quote answers another question', quote);
  if (outRaw < minOutAmountRaw) {
    throw new NotSigned('price-moved', `the quote is ${outRaw} now, the order demands ${minOutAmountRaw}`, quote);
  }
  // The price has moved within the tolerance: what is left of it.
  if (leastRaw < minOutAmountRaw)
    return {
      ...quote,
      otherAmountThreshold: String(minOutAmountRaw),
      slippageBps: Math.floor((1 - minOutAmountRaw / outRaw) * 1e4),
    };
  return quote;
}

/** @throws NotSigned when it would fail, take more than the order says or give less */
async function simulate(deps: PrepareDeps, terms: SwapTerms, transaction: VersionedTransaction): Promise<void> {
  const { wallet, rpc } = deps;
  const addresses = [terms.inputMint, terms.outputMint].map((mint) =>
    (mint === SOL ? wallet : tokenAccountOf(wallet, new PublicKey(mint))).toBase58(),
  );
  const text = Buffer.from(transaction.serialize()).toString('base64');
  const options = {
    encoding: 'base64',
    commitment: 'processed',
    sigVerify: false,
    accounts: { encoding: 'base64', addresses },
  };
  const [simulated, ...before] = await Promise.all([
    rpc.ask('simulateTransaction', [text, options]),
    ...addresses.map((address) =>
      rpc.ask('getAccountInfo', [address, { encoding: 'base64', commitment: 'processed' }]),
    ),
  ]);
  const value = fieldsOf(fieldsOf(simulated, 'the simulation').value, 'the simulation');
  if (value.err !== null) {
    const code = JSON.stringify(value.err).includes('"Custom":6001') ? 'slippage' : 'simulation-failed';
    throw new NotSigned(code, `the swap would fail on the chain: ${JSON.stringify(value.err)}`, {
      err: value.err,
      logs: value.logs,
    });
  }
  const after = listOf(value.accounts, 'accounts of the simulation');
  const change = (at: 0 | 1) => {
    const held = amountIn(fieldsOf(before[at], 'an account').value);
    return amountIn(after[at]) - held;
  };
  const fee = mostFeeLamports(MAX_PRIORITY_LAMPORTS);
  const takes = -change(0) - (terms.inputMint === SOL ? fee : 0);
  const gives = change(1) + (terms.outputMint === SOL ? fee : 0);
  if (takes > terms.inAmountRaw) {
    throw new NotSigned(
      'unsafe-transaction',
      `it would take ${-change(0)}, the order allows ${terms.inAmountRaw}`,
      value,
    );
  }
  if (gives < terms.minOutAmountRaw) {
    throw new NotSigned(
      'unsafe-transaction',
      `it would give ${change(1)}, the order demands ${terms.minOutAmountRaw}`,
      value,
    );
  }
}

/** Lamports of a plain account, raw units of a token account; 0 for one that is not there. */
function amountIn(account: unknown): number {
  if (account === null || account === undefined) return 0;
  const fields = fieldsOf(account, 'an account');
  const [text] = fields.data as [string];
  const data = Buffer.from(text, 'base64');
  return data.length === 165 ? Number(data.readBigUInt64LE(64)) : numberIn(fields, 'lamports');
}

async function post(deps: PrepareDeps, path: string, body: unknown): Promise<unknown> {
  const response = await deps.transport.request({
    method: 'POST',
    url: `${deps.rest}${path}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  return bodyOf(response, path);
}

function bodyOf({ status, body }: { readonly status: number; readonly body: Uint8Array }, what: string): unknown {
  const text = new TextDecoder().decode(body);
  if (status !== 200) throw new NotSigned(`http-${status}`, `${what}: HTTP ${status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
