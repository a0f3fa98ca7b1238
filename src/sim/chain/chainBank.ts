import { PublicKey, type VersionedTransaction } from '@solana/web3.js';
import type { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm';
import { TOKEN_PROGRAM } from '../../venues/solana/tokenAccounts.ts';

type Address = Parameters<LiteSVM['getBalance']>[0];
type SvmTransaction = Parameters<LiteSVM['sendTransaction']>[0];
const addressOf = (key: PublicKey) => key.toBase58() as Address;

const MINT_BYTES = 82;
const TOKEN_ACCOUNT_BYTES = 165;
/** What keeps an account of any size here free of rent, lamports. */
const RENT_EXEMPT = 10_000_000;

/** A transaction as it ran, or would have run. */
export interface Execution {
  /** Null when it succeeded; else as JSON-RPC writes it, such as `{ InstructionError: [0, { Custom: 6001 }] }`. */
  readonly err: unknown;
  readonly logs: readonly string[];
  readonly unitsConsumed: number;
}

export interface AccountView {
  readonly lamports: number;
  readonly data: Uint8Array;
  readonly owner: PublicKey;
  readonly executable: boolean;
}

export type ChainBank = Awaited<ReturnType<typeof openChainBank>>;

/**
 * The accounts and programs of the embedded chain: litesvm, a native add-on, loaded here and nowhere else.
 * @throws Error when litesvm is not installed or does not load on this machine
 */
export async function openChainBank() {
  const { FailedTransactionMetadata: Failed, LiteSVM: Svm } = await import('litesvm');
  // Which blockhashes live is the ledger's business: litesvm knows only its last one.
  const svm = new Svm().withBlockhashCheck(false);

  const set = (key: PublicKey, owner: PublicKey, data: Uint8Array, lamports: number) =>
    svm.setAccount({
      address: addressOf(key),
      programAddress: addressOf(owner),
      data,
      executable: false,
      lamports: BigInt(lamports) as never,
      space: BigInt(data.length),
    });

  const asRan = (result: FailedTransactionMetadata | TransactionMetadata): Execution => {
    const failed = result instanceof Failed;
    const meta = failed ? result.meta() : result;
    const err = failed ? wireError(result.toString()) : null;
    return { err, logs: meta.logs(), unitsConsumed: Number(meta.computeUnitsConsumed()) };
  };

  return {
    addProgram: (address: string, program: Uint8Array) => svm.addProgram(address as Address, program),
    warpTo: (slot: number) => svm.warpToSlot(BigInt(slot)),
    setLamports: (key: PublicKey, lamports: number) =>
      set(key, new PublicKey(new Uint8Array(32)), new Uint8Array(), lamports),
    setMint(key: PublicKey, decimals: number) {
      const data = new Uint8Array(MINT_BYTES);
      data[44] = decimals;
      data[45] = 1; // initialised
      set(key, TOKEN_PROGRAM, data, RENT_EXEMPT);
    },
    setTokens(key: PublicKey, mint: PublicKey, owner: PublicKey, amountRaw: number) {
      const data = new Uint8Array(TOKEN_ACCOUNT_BYTES);
      data.set(mint.toBytes(), 0);
      data.set(owner.toBytes(), 32);
      new DataView(data.buffer).setBigUint64(64, BigInt(amountRaw), true);
      data[108] = 1; // initialised
      set(key, TOKEN_PROGRAM, data, RENT_EXEMPT);
    },
    /** One u64 owned by a program. */
    setWord(key: PublicKey, owner: PublicKey, value: number) {
      const data = new Uint8Array(8);
      new DataView(data.buffer).setBigUint64(0, BigInt(value), true);
      set(key, owner, data, RENT_EXEMPT);
    },
    account(key: PublicKey): AccountView | null {
      const found = svm.getAccount(addressOf(key));
      if (!found.exists) return null;
      const { lamports, data, programAddress, executable } = found;
      return { lamports: Number(lamports), data, owner: new PublicKey(programAddress), executable };
    },
    /** Runs it and keeps what it did; verifies every signature. */
    execute: (transaction: VersionedTransaction): Execution => asRan(svm.sendTransaction(asSvm(transaction))),
    /** Runs it and keeps nothing. */
    simulate(transaction: VersionedTransaction, verifySignatures: boolean) {
      svm.withSigverify(verifySignatures);
      try {
        const result = svm.simulateTransaction(asSvm(transaction));
        if (result instanceof Failed) return { ...asRan(result), after: new Map<string, Uint8Array>() };
        const after = new Map(result.postAccounts().map((account) => [String(account.address), account]));
        return { ...asRan(result.meta()), after };
      } finally {
        svm.withSigverify(true);
      }
    },
  };
}

function asSvm({ message, signatures }: VersionedTransaction): SvmTransaction {
  const named = signatures.map((signature, index) => [message.staticAccountKeys[index]!.toBase58(), signature]);
  return { messageBytes: message.serialize(), signatures: Object.fromEntries(named) } as never;
}

/** litesvm's error objects do not survive JSON; its text holds all: `err: InstructionError(0, Custom(6001)), meta: …`. */
function wireError(text: string): unknown {
  const word = /err: (.*?), meta:/s.exec(text)?.[1] ?? text;
  const inner = /^InstructionError\((\d+), (.*)\)$/.exec(word);
  if (inner === null) return word;
  const custom = /^Custom\((\d+)\)$/.exec(inner[2]!);
  return { InstructionError: [Number(inner[1]), custom === null ? inner[2] : { Custom: Number(custom[1]) }] };
}
