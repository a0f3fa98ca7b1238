import { PublicKey, VersionedTransaction } from '@solana/web3.js';
import { base58 } from '../../venues/solana/base58.ts';
import { tokensIn } from './chainBalances.ts';
import type { AccountView, ChainBank } from './chainBank.ts';
import { type ChainLedger, isPublicKey, type Landed, signatureOf } from './chainLedger.ts';

/** A JSON-RPC error as the node words it. */
export class RpcError extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

type Params = readonly unknown[];
type Options = Readonly<Record<string, unknown>>;

/** What an embedded node answers, by method; each takes the parameters of the JSON-RPC call. */
export function createChainRpc(bank: ChainBank, ledger: ChainLedger): (method: string, params: Params) => unknown {
  const inContext = (value: unknown) => ({ context: { slot: ledger.slot(), apiVersion: '2.3.0' }, value });

  const methods: Readonly<Record<string, (params: Params) => unknown>> = {
    getHealth: () => 'ok',
    getVersion: () => ({ 'solana-core': '2.3.0', 'feature-set': 0 }),
    getSlot: () => ledger.slot(),
    getBlockHeight: () => ledger.blockHeight(),
    getLatestBlockhash: () => inContext(ledger.latestBlockhash()),
    isBlockhashValid: ([hash]) => inContext(ledger.isAlive(String(hash))),
    getMinimumBalanceForRentExemption: ([bytes]) => (128 + Number(bytes)) * 6960,
    getRecentPrioritizationFees: () =>
      Array.from({ length: 5 }, (_, back) => ({ slot: ledger.slot() - back, prioritizationFee: 0 })),
    getBalance: ([address]) => inContext(bank.account(accountKey(address))?.lamports ?? 0),
    getAccountInfo: ([address]) => {
      const account = bank.account(accountKey(address));
      return inContext(account === null ? null : wireAccount(account));
    },
    getTokenAccountBalance: ([address]) => {
      const account = bank.account(accountKey(address));
      const held = account === null ? null : tokensIn(account);
      if (held === null) throw new RpcError(-32602, 'Invalid param: could not find account');
      const decimals = bank.account(new PublicKey(held.mint))!.data[44]!;
      const uiAmount = Number(held.amount) / 10 ** decimals;
      return inContext({ amount: held.amount, decimals, uiAmount, uiAmountString: String(uiAmount) });
    },
    getSignatureStatuses: ([signatures]) => {
      if (!Array.isArray(signatures)) throw new RpcError(-32602, 'Invalid params: give a list of signatures');
      return inContext(signatures.map((signature) => statusOf(ledger.find(String(signature)))));
    },
    getTransaction: ([signature, options]) => {
      const found = ledger.find(String(signature));
      const asked = typeof options === 'string' ? options : (options as Options | undefined)?.encoding;
      return found === undefined ? null : wireTransaction(bank, found, asked === undefined || asked === 'json');
    },
    simulateTransaction: ([text, options]) => simulate(bank, ledger, inContext, text, (options ?? {}) as Options),
    sendTransaction: ([text, options]) => send(bank, ledger, text, (options ?? {}) as Options),
  };

  return (method, params) => {
    const answer = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (answer === undefined) throw new RpcError(-32601, 'Method not found');
    return answer(params);
  };
}

/** @throws RpcError −32602 for what is no address */
export function accountKey(address: unknown): PublicKey {
  if (!isPublicKey(address)) throw new RpcError(-32602, 'Invalid param: WrongSize');
  return new PublicKey(address);
}

/** An account as the node writes it, data in base64. */
export function wireAccount({ lamports, data, owner, executable }: AccountView) {
  const bytes = [Buffer.from(data).toString('base64'), 'base64'];
  return { lamports, data: bytes, owner: owner.toBase58(), executable, rentEpoch: 0, space: data.length };
}

function statusOf(found: Landed | undefined) {
  if (found === undefined) return null;
  const { slot, err } = found;
  const status = err === null ? { Ok: null } : { Err: err };
  return { slot, confirmations: null, err, status, confirmationStatus: 'finalized' };
}

function wireTransaction(bank: ChainBank, found: Landed, asJson: boolean) {
  const { transaction, before, after } = found;
  const tokens = (all: Landed['before']) =>
    all.tokens.map(({ amount, ...rest }) => {
      const decimals = bank.account(new PublicKey(rest.mint))!.data[44]!;
      const uiAmount = Number(amount) / 10 ** decimals;
      return { ...rest, uiTokenAmount: { amount, decimals, uiAmount, uiAmountString: String(uiAmount) } };
    });
  return {
    slot: found.slot,
    blockTime: Math.floor(found.timeMs / 1000),
    version: 0,
    transaction: asJson
      ? jsonTransaction(transaction)
      : [Buffer.from(transaction.serialize()).toString('base64'), 'base64'],
    meta: {
      err: found.err,
      fee: found.feeLamports,
      preBalances: before.lamports,
      postBalances: after.lamports,
      preTokenBalances: tokens(before),
      postTokenBalances: tokens(after),
      logMessages: found.logs,
      innerInstructions: [],
      computeUnitsConsumed: found.unitsConsumed,
    },
  };
}

/** The node's `json` encoding: what web3.js asks for. */
function jsonTransaction({ message, signatures }: VersionedTransaction) {
  return {
    signatures: signatures.map(base58),
    message: {
      accountKeys: message.staticAccountKeys.map((key) => key.toBase58()),
      header: message.header,
      recentBlockhash: message.recentBlockhash,
      instructions: message.compiledInstructions.map(({ programIdIndex, accountKeyIndexes, data }) => ({
        programIdIndex,
        accounts: accountKeyIndexes,
        data: base58(data),
        stackHeight: 1,
      })),
      addressTableLookups: message.addressTableLookups,
    },
  };
}

function decode(text: unknown): { bytes: Uint8Array; transaction: VersionedTransaction } {
  try {
    const bytes = Buffer.from(String(text), 'base64');
    return { bytes, transaction: VersionedTransaction.deserialize(bytes) };
  } catch (error) {
    throw new RpcError(-32602, `failed to deserialize transaction: ${String(error)}`);
  }
}

type InContext = (value: unknown) => unknown;

function simulate(bank: ChainBank, ledger: ChainLedger, inContext: InContext, text: unknown, options: Options) {
  const { transaction } = decode(text);
  const expired = options.replaceRecentBlockhash !== true && !ledger.isAlive(transaction.message.recentBlockhash);
  if (expired) return inContext(notRun('BlockhashNotFound'));
  const { err, logs, unitsConsumed, after } = bank.simulate(transaction, options.sigVerify === true);
  const asked = (options.accounts as { readonly addresses?: readonly string[] } | undefined)?.addresses;
  const accounts = asked?.map((address) => {
    const account = (after.get(address) as unknown as SimulatedAccount | undefined) ?? null;
    if (account === null) return null;
    const { lamports, data, programAddress, executable } = account;
    return wireAccount({ lamports: Number(lamports), data, owner: new PublicKey(programAddress), executable });
  });
  return inContext({ err, logs, accounts: err === null ? (accounts ?? null) : null, unitsConsumed, returnData: null });
}

interface SimulatedAccount {
  readonly lamports: bigint;
  readonly data: Uint8Array;
  readonly programAddress: string;
  readonly executable: boolean;
}

const notRun = (err: string) => ({ err, logs: [], accounts: null, unitsConsumed: 0, returnData: null });

function send(bank: ChainBank, ledger: ChainLedger, text: unknown, options: Options): string {
  const { bytes, transaction } = decode(text);
  const signature = signatureOf(transaction);
  if (transaction.signatures.some((one) => one.every((byte) => byte === 0))) {
    throw new RpcError(-32003, 'Transaction signature verification failure');
  }
  const isKnown = ledger.find(signature) !== undefined;
  if (options.skipPreflight !== true && !isKnown) {
    const refused = ledger.isAlive(transaction.message.recentBlockhash)
      ? bank.simulate(transaction, true)
      : notRun('BlockhashNotFound');
    const { err, logs, unitsConsumed } = refused;
    if (err === 'SignatureFailure') throw new RpcError(-32003, 'Transaction signature verification failure');
    if (err !== null) {
      const data = { err, logs, accounts: null, unitsConsumed, returnData: null };
      throw new RpcError(-32002, `Transaction simulation failed: ${words(err)}`, data);
    }
  }
  if (!ledger.submit(signature, bytes)) throw new RpcError(-32005, 'Node is overloaded');
  return signature;
}

function words(err: unknown): string {
  if (err === 'BlockhashNotFound') return 'Blockhash not found';
  if (typeof err === 'string') return err;
  const [index, cause] = (err as { InstructionError: [number, { Custom?: number } | string] }).InstructionError;
  const custom = typeof cause === 'string' ? undefined : cause.Custom;
  const what = custom === undefined ? String(cause) : `custom program error: 0x${custom.toString(16)}`;
  return `Error processing Instruction ${index}: ${what}`;
}
