import {
  ComputeBudgetProgram,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import type { Clock, Random } from '../../domain/ports.ts';
import {
  LIQUIDATING_INSTRUCTIONS,
  LIQUIDATING_PROGRAMS,
  type LiquidatingProgram,
} from '../../venues/solana/liquidationLogs.ts';
import type { ChainBank } from './chainBank.ts';
import { keypairOf } from './chainKeys.ts';
import { type ChainLedger, signatureOf } from './chainLedger.ts';
import type { ChainRates } from './chainMessages.ts';
import { CODE_BYTES, loggingProgram } from './loggingProgram.ts';

/** Pays for the attempts. */
const LIQUIDATOR = keypairOf('nightjar embedded chain: liquidator');
const LIQUIDATOR_LAMPORTS = 1_000_000_000_000;
/** SufficientCollateral: somebody else was first (recorded on Kamino, 2026-02). */
const TOO_LATE = 6004;
/** Invented: a move of SOL by a fifth of a percent within ten seconds brings positions under water. */
const CASCADE_MOVE = 0.002;
const CASCADE_WINDOW_MS = 10_000;
const MOST_ATTEMPTS = 5;
/** Invented as well; "most attempts fail" is recorded. */
const FAIL_SHARE = 0.7;

export interface LiquidationAttempt {
  readonly program: LiquidatingProgram;
  readonly instruction: string;
  readonly fails: boolean;
}

interface LiquidationDeps {
  readonly bank: ChainBank;
  readonly ledger: ChainLedger;
  readonly random: Random;
  readonly clock: Clock;
}

const PROGRAMS = Object.keys(LIQUIDATING_PROGRAMS) as LiquidatingProgram[];

/** Other people's liquidations: transactions that call the lending programs, in bursts after moves of the price. */
export function createChainLiquidations({ bank, ledger, random, clock }: LiquidationDeps) {
  for (const name of PROGRAMS) bank.addProgram(LIQUIDATING_PROGRAMS[name], loggingProgram());
  bank.setLamports(LIQUIDATOR.publicKey, LIQUIDATOR_LAMPORTS);
  let attempts = 0;
  let anchor: { readonly rate: number; readonly timeMs: number } | null = null;

  const attempt = ({ program, instruction, fails }: LiquidationAttempt) => {
    attempts += 1;
    const data = Buffer.alloc(CODE_BYTES + instruction.length + PREFIX.length);
    data.writeBigUInt64LE(BigInt(fails ? TOO_LATE : 0), 0);
    data.write(PREFIX + instruction, CODE_BYTES, 'ascii');
    const message = new TransactionMessage({
      payerKey: LIQUIDATOR.publicKey,
      recentBlockhash: ledger.latestBlockhash().blockhash,
      instructions: [
        // Another fee each time, so that no two of one block are the same transaction.
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: attempts }),
        new TransactionInstruction({ programId: new PublicKey(LIQUIDATING_PROGRAMS[program]), keys: [], data }),
      ],
    }).compileToV0Message();
    const transaction = new VersionedTransaction(message);
    transaction.sign([LIQUIDATOR]);
    ledger.submit(signatureOf(transaction), transaction.serialize());
  };

  return {
    attempt,
    /** Told with each change of the pools' rates. */
    onRates(rates: ChainRates) {
      const rate = rates['SOL sell'];
      const timeMs = clock.nowMs();
      if (rate === undefined) return;
      if (anchor === null || timeMs - anchor.timeMs > CASCADE_WINDOW_MS) anchor = { rate, timeMs };
      if (Math.abs(rate / anchor.rate - 1) < CASCADE_MOVE) return;
      anchor = { rate, timeMs };
      for (let left = 1 + random.int(MOST_ATTEMPTS); left > 0; left -= 1) {
        const program = PROGRAMS[random.int(PROGRAMS.length)]!;
        const known = LIQUIDATING_INSTRUCTIONS[program];
        const instruction = known[random.int(known.length)]!;
        attempt({ program, instruction, fails: random.next() < FAIL_SHARE });
      }
    },
  };
}

const PREFIX = 'Instruction: ';
