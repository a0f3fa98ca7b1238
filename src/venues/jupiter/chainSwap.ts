import { Keypair, PublicKey } from '@solana/web3.js';
import { NightjarError } from '../../domain/errors.ts';
import type {
  Fill,
  LookupOutcome,
  OrderIntent,
  OrderRef,
  OrderReport,
  PlaceOutcome,
  TradePort,
} from '../../domain/orders.ts';
import type { Clock, Transport } from '../../domain/ports.ts';
import { TOKENS } from '../../domain/tokens.ts';
import { fieldsOf, numberIn } from '../cexDialect.ts';
import { base58 } from '../solana/base58.ts';
import { movedRaw, readLanded } from '../solana/landedSwap.ts';
import { createRpcClient } from '../solana/rpcClient.ts';
import { createSignatureWatch } from '../solana/signatureWatch.ts';
import { MAX_SIGNED, type SignedSwap, type SignedSwaps } from '../solana/signedSwaps.ts';
import { tokenAccountOf } from '../solana/tokenAccounts.ts';
import { NotSigned, prepareSwap } from './prepareSwap.ts';

const venue = 'jupiter';
const LAMPORTS_PER_SOL = 1e9;

export interface ChainSwapDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Base URL of Jupiter, without a trailing slash. */
  readonly rest: string;
  /** The node: JSON-RPC and PubSub. */
  readonly chain: { readonly rest: string; readonly ws: string };
  /** 64 bytes, base64. */
  readonly walletSecret: string;
  readonly signed: SignedSwaps;
  readonly account: string;
}

/**
 * Swaps as signed Solana transactions. Each order is signed at most once, its signature durable before it is sent, and
 * from then on only the chain ends it: landed, landed with an error, or a block height above its last valid one with no
 * trace of it. Then it is `expired`, and never before.
 */
export function createChainSwap(deps: ChainSwapDeps): TradePort {
  const { transport, clock, signed, account } = deps;
  const keypair = Keypair.fromSecretKey(Buffer.from(deps.walletSecret, 'base64'));
  const wallet = keypair.publicKey;
  const rpc = createRpcClient(transport, deps.chain.rest);
  const watch = createSignatureWatch(transport, clock, deps.chain.ws);
  const settled = new Map<string, LookupOutcome>();

  const settle = (swap: SignedSwap, outcome: LookupOutcome): LookupOutcome => {
    watch.forget(swap.signature);
    settled.set(swap.clientOrderId, outcome);
    if (settled.size > MAX_SIGNED) settled.delete(settled.keys().next().value!);
    return outcome;
  };

  const ask = async (swap: SignedSwap, pair: string): Promise<LookupOutcome> => {
    const { signature, lastValidBlockHeight } = swap;
    // The height first: whatever lands after this answer is in a block that the status below knows.
    const blockHeight = Number(await rpc.ask('getBlockHeight', [{ commitment: 'finalized' }]));
    const statuses = await rpc.ask('getSignatureStatuses', [[signature], { searchTransactionHistory: true }]);
    const [status] = fieldsOf(statuses, 'the statuses').value as [unknown];
    if (status === undefined) throw new Error('no status in the answer');
    const raw = { signature, lastValidBlockHeight, blockHeight };
    if (status === null) {
      if (!(blockHeight > lastValidBlockHeight))
        return { found: 'yes', report: reportOf(swap, 'open', clock.nowMs()), raw };
      return settle(swap, { found: 'yes', report: reportOf(swap, 'expired', clock.nowMs()), raw });
    }
    const { confirmationStatus } = fieldsOf(status, 'the status');
    // A block that is only processed may still be dropped with its fork.
    if (confirmationStatus === 'processed') return { found: 'yes', report: reportOf(swap, 'open', clock.nowMs()), raw };
    const options = { encoding: 'base64', commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
    const answer = await rpc.ask('getTransaction', [signature, options]);
    // The node's index lags its statuses now and then.
    if (answer === null) return { found: 'yes', report: reportOf(swap, 'open', clock.nowMs()), raw };
    return settle(swap, landedOutcome(swap, pair, answer, wallet.toBase58()));
  };

  return {
    venue,
    account,

    async open() {
      await this.balances();
    },

    async place(intent, refusedNow): Promise<PlaceOutcome> {
      const { clientOrderId } = intent;
      const earlier = signed.find(clientOrderId);
      if (earlier !== undefined) {
        const reason = `signed before as ${earlier.signature}: an order is signed once`;
        return { outcome: 'unknown', code: 'signed-before', reason, raw: earlier };
      }
      try {
        const { transaction, lastValidBlockHeight } = await prepareSwap(
          { transport, rest: deps.rest, rpc, wallet },
          termsOf(intent),
        );
        transaction.sign([keypair]);
        const swap: SignedSwap = {
          clientOrderId,
          signature: base58(transaction.signatures[0]!),
          lastValidBlockHeight,
          inputMint: intent.swap!.inputMint,
          outputMint: intent.swap!.outputMint,
          signedAtMs: Math.floor(clock.nowMs()),
        };
        signed.add(swap);
        // Again, since quote and simulation took their time; and once more when its bytes leave.
        let refusal = refusedNow?.() ?? null;
        const stillMay = () => {
          refusal ??= refusedNow?.() ?? null;
          return refusal;
        };
        const text = Buffer.from(transaction.serialize()).toString('base64');
        const outcome = refusal === null ? await send(swap, text, intent.pair, stillMay) : null;
        if (refusal !== null) {
          signed.add({ ...swap, withdrawn: true });
          throw new NotSigned('not-sent', refusal);
        }
        return outcome!;
      } catch (error) {
        // Whatever failed up to here left nothing that could reach the chain.
        const { code, evidence } = error instanceof NotSigned ? error : { code: 'not-signed', evidence: null };
        return { outcome: 'rejected', code, reason: messageOf(error), raw: evidence };
      }
    },

    async cancel() {
      return { outcome: 'rejected', code: 'not-cancellable', reason: 'a swap ends by itself or never', raw: null };
    },

    async lookup({ clientOrderId, pair }: OrderRef): Promise<LookupOutcome> {
      const swap = signed.find(clientOrderId);
      if (swap === undefined) return { found: 'no', raw: { signed: 'nothing was ever signed for this order' } };
      if (swap.withdrawn === true) return { found: 'no', raw: { withdrawn: swap.signature } };
      const known = settled.get(clientOrderId);
      if (known !== undefined) return known;
      try {
        return await ask(swap, pair);
      } catch (error) {
        return { found: 'unknown', code: 'chain', reason: messageOf(error) };
      }
    },

    async openOrders() {
      return [];
    },

    async balances() {
      const tokens = Object.values(TOKENS);
      const raw = await Promise.all(tokens.map(({ symbol, mint }) => heldRaw(symbol, mint)));
      return tokens.map(({ symbol, decimals }, index) => ({
        venue,
        asset: symbol,
        free: raw[index]! / 10 ** decimals,
        locked: 0,
      }));
    },

    async close() {
      watch.close();
      signed.close();
    },
  };

  /** Never rejects: from here on a signed transaction may be on its way. */
  async function send(
    swap: SignedSwap,
    text: string,
    pair: string,
    refusedNow: () => string | null,
  ): Promise<PlaceOutcome> {
    const { signature, lastValidBlockHeight } = swap;
    watch.watch(signature, () => void ask(swap, pair).catch(() => {}));
    const raw = { signature, lastValidBlockHeight };
    try {
      const options = { encoding: 'base64', skipPreflight: true, maxRetries: 3 };
      const answer = await rpc.call('sendTransaction', [text, options], { isOrder: true, refusedNow });
      if ('refusal' in answer) {
        const { code, message } = answer.refusal;
        return { outcome: 'unknown', code: String(code), reason: message, raw };
      }
      if (answer.result !== signature) {
        return {
          outcome: 'unknown',
          code: 'other-signature',
          reason: `the node answered ${String(answer.result)}`,
          raw,
        };
      }
      return { outcome: 'confirmed', report: reportOf(swap, 'open', clock.nowMs()), raw };
    } catch (error) {
      return {
        outcome: 'unknown',
        code: error instanceof NightjarError ? error.code : 'net.cut',
        reason: messageOf(error),
        raw,
      };
    }
  }

  async function heldRaw(symbol: string, mint: string): Promise<number> {
    const atNow = [{ commitment: 'confirmed' }];
    if (symbol === 'SOL') {
      return numberIn(fieldsOf(await rpc.ask('getBalance', [wallet.toBase58(), ...atNow]), 'the balance'), 'value');
    }
    const address = tokenAccountOf(wallet, new PublicKey(mint)).toBase58();
    const answer = await rpc.call('getTokenAccountBalance', [address, ...atNow]);
    if ('result' in answer) return Number(fieldsOf(fieldsOf(answer.result, 'the balance').value, 'the balance').amount);
    // A wallet has no account for a token that it never held.
    if (/could not find account/.test(answer.refusal.message)) return 0;
    throw new NightjarError('venue.rejected', `solana getTokenAccountBalance: ${answer.refusal.message}`, { venue });
  }
}

/** @throws NotSigned for an order that is no swap of whole raw amounts */
function termsOf(intent: OrderIntent) {
  const { swap } = intent;
  if (intent.type !== 'swap' || swap === undefined)
    throw new NotSigned('not-sent', `type ${intent.type} without swap terms`);
  for (const [name, value] of Object.entries({
    inAmountRaw: swap.inAmountRaw,
    minOutAmountRaw: swap.minOutAmountRaw,
  })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new NotSigned('not-sent', `${name} ${value} is no whole number above 0`);
  }
  return swap;
}

function reportOf(swap: SignedSwap, status: 'open' | 'expired' | 'rejected', atMs: number): OrderReport {
  const { clientOrderId, signature: venueOrderId } = swap;
  const venueTimeMs = Math.floor(atMs);
  return { clientOrderId, venueOrderId, status, filledQty: 0, avgPrice: null, fills: [], venueTimeMs };
}

/** @throws Error when the amounts that moved make no swap of the pair */
function landedOutcome(swap: SignedSwap, pair: string, answer: unknown, wallet: string): LookupOutcome {
  const symbolOf = (mint: string) => Object.values(TOKENS).find((token) => token.mint === mint)!.symbol;
  const [input, output] = [symbolOf(swap.inputMint), symbolOf(swap.outputMint)];
  const landed = readLanded(answer, wallet, [...new Set([input, output, 'SOL'])]);
  const { signature } = swap;
  const { slot, err, feeLamports, before, after } = landed;
  const raw = { signature, slot, err, feeLamports, before, after };
  const fee = feeLamports / LAMPORTS_PER_SOL;
  if (err !== null) {
    return { found: 'yes', report: { ...reportOf(swap, 'rejected', landed.timeMs), failedChainFee: fee }, raw };
  }
  const whole = (symbol: string) => movedRaw(landed, symbol) / 10 ** TOKENS[symbol]!.decimals;
  const side = pair.startsWith(`${input}/`) ? 'sell' : 'buy';
  const [qty, quoteQty] = side === 'sell' ? [whole(input), whole(output)] : [whole(output), whole(input)];
  if (!(qty > 0 && quoteQty > 0)) throw new Error('a landed swap moved nothing');
  const { clientOrderId } = swap;
  const price = quoteQty / qty;
  const venueTimeMs = landed.timeMs;
  const fill: Fill = {
    tradeId: signature,
    clientOrderId,
    venue,
    pair,
    side,
    price,
    qty,
    fee,
    feeCurrency: 'SOL',
    venueTimeMs,
  };
  const filled = {
    clientOrderId,
    venueOrderId: signature,
    filledQty: qty,
    avgPrice: price,
    fills: [fill],
    venueTimeMs,
  };
  return { found: 'yes', report: { ...filled, status: 'filled' }, raw };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
