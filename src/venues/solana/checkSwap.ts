import {
  ComputeBudgetProgram,
  type MessageCompiledInstruction,
  PublicKey,
  SystemProgram,
  type VersionedTransaction,
} from '@solana/web3.js';
import { ASSOCIATED_PROGRAM, JUPITER_PROGRAM, TOKEN_PROGRAM, tokenAccountOf } from './tokenAccounts.ts';

/** Fee of one signature, lamports. */
const SIGNATURE_FEE = 5_000;
const MOST_SIGNATURES = 2;
const DEFAULT_UNITS = 200_000;
/** Token instructions that may spend or wrap, by their number: Transfer, CloseAccount, TransferChecked, SyncNative. */
const TOKEN = { transfer: 3, closeAccount: 9, transferChecked: 12, syncNative: 17 } as const;

export interface SwapLimits {
  readonly wallet: PublicKey;
  readonly inputMint: string;
  /** The most that may leave us, raw units of the input. */
  readonly inAmountRaw: number;
  readonly solMint: string;
  /** The most that the transaction may pay beyond the base fee, lamports. */
  readonly maxPriorityLamports: number;
}

/**
 * What can be known of a transaction before it is run: that we pay for it, that it calls only programs we know, and that
 * none of its own instructions gives away more than the quote says, or rights over what we hold. What the swap program
 * does inside, the simulation shows.
 *
 * @returns why it must not be signed, null when nothing speaks against it
 */
export function refuseSwap({ message }: VersionedTransaction, limits: SwapLimits): string | null {
  const { wallet, inputMint, inAmountRaw, solMint, maxPriorityLamports } = limits;
  const keys = message.staticAccountKeys;
  const { numRequiredSignatures } = message.header;
  if (keys[0]?.equals(wallet) !== true) return `the fee payer is ${keys[0]?.toBase58()}, not our wallet`;
  if (numRequiredSignatures > MOST_SIGNATURES) return `${numRequiredSignatures} signers; at most ${MOST_SIGNATURES}`;

  const spent = { raw: 0n, units: DEFAULT_UNITS * message.compiledInstructions.length, microLamports: 0n };
  for (const [index, instruction] of message.compiledInstructions.entries()) {
    const program = keys[instruction.programIdIndex];
    if (program === undefined) return `instruction ${index} calls a program from a lookup table`;
    const refusal = judge(instruction, program);
    if (refusal !== null) return `instruction ${index} ${refusal}`;
  }
  if (spent.raw > BigInt(inAmountRaw)) return `it pays out ${spent.raw} of the input, the quote says ${inAmountRaw}`;
  const priority = Number((BigInt(spent.units) * spent.microLamports + 999_999n) / 1_000_000n);
  if (priority > maxPriorityLamports) return `its priority fee is ${priority} lamports, at most ${maxPriorityLamports}`;
  return null;

  function judge(instruction: MessageCompiledInstruction, program: PublicKey): string | null {
    const data = Buffer.from(instruction.data);
    const isOurs = (at: number) => keys[instruction.accountKeyIndexes[at] ?? -1]?.equals(wallet) === true;
    if (program.equals(JUPITER_PROGRAM) || program.equals(ASSOCIATED_PROGRAM)) return null;
    if (program.equals(ComputeBudgetProgram.programId)) {
      if (data[0] === 2 && data.length === 5) spent.units = data.readUInt32LE(1);
      else if (data[0] === 3 && data.length === 9) spent.microLamports = data.readBigUInt64LE(1);
      return null;
    }
    if (program.equals(SystemProgram.programId)) {
      if (!mentionsUs(instruction)) return null;
      if (data.length !== 12 || data.readUInt32LE(0) !== 2) return 'of the system program is no transfer';
      if (!isOurs(0))
        return keys[instruction.accountKeyIndexes[0] ?? -1] === undefined ? 'pays from a lookup table' : null;
      if (inputMint !== solMint) return 'takes SOL from us, which is not the input';
      spent.raw += data.readBigUInt64LE(4);
      return null;
    }
    if (program.equals(TOKEN_PROGRAM)) return judgeToken(instruction, data);
    return `calls the unknown program ${program.toBase58()}`;
  }

  function judgeToken(instruction: MessageCompiledInstruction, data: Buffer): string | null {
    const key = (at: number) => keys[instruction.accountKeyIndexes[at] ?? -1];
    const kind = data[0];
    if (kind === TOKEN.syncNative) return null;
    if (kind === TOKEN.closeAccount) {
      return key(1)?.equals(wallet) === true ? null : 'closes an account in favour of somebody else';
    }
    if ((kind !== TOKEN.transfer && kind !== TOKEN.transferChecked) || data.length < 9) {
      return `of the token program (number ${kind}) is none that a swap needs`;
    }
    const authority = key(kind === TOKEN.transfer ? 2 : 3);
    if (authority === undefined) return 'transfers with an authority from a lookup table';
    if (!authority.equals(wallet)) return null;
    const allowed = tokenAccountOf(wallet, new PublicKey(inputMint));
    if (key(0)?.equals(allowed) !== true) return `takes from ${key(0)?.toBase58()}, which does not hold the input`;
    spent.raw += data.readBigUInt64LE(1);
    return null;
  }

  function mentionsUs(instruction: MessageCompiledInstruction): boolean {
    return instruction.accountKeyIndexes.some((at) => keys[at] === undefined || keys[at]?.equals(wallet));
  }
}

/** The most lamports that the fee of such a transaction can be. */
export const mostFeeLamports = (maxPriorityLamports: number): number =>
  MOST_SIGNATURES * SIGNATURE_FEE + maxPriorityLamports;
