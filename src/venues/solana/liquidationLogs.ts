/** Lending and perpetual programs whose liquidations are told in their logs (wire reference, section 5). */
export const LIQUIDATING_PROGRAMS = {
  kamino: 'KLend2g3cP87fffoy8q1mQqGKjrxjC8boSyAYavgmjD',
  save: 'So1endDq2YkqhipRh3WViPa8hdiSpxWy6z3Z6tMCpAo',
  marginfi: 'MFv2hWf31Z9kbCa1snEPYctwafyhdvnV7FZnsebVacA',
  drift: 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH',
} as const;
export type LiquidatingProgram = keyof typeof LIQUIDATING_PROGRAMS;

/** What each program calls its liquidating instructions in `Program log: Instruction: …`. */
export const LIQUIDATING_INSTRUCTIONS: Readonly<Record<LiquidatingProgram, readonly string[]>> = {
  kamino: ['LiquidateObligationAndRedeemReserveCollateral', 'LiquidateObligationAndRedeemReserveCollateralV2'],
  save: ['Liquidate Obligation', 'Liquidate Obligation and Redeem Reserve Collateral'],
  // Of the newer pair the second: the first only opens the liquidation.
  marginfi: ['LendingAccountLiquidate', 'EndLiquidation'],
  drift: [
    'LiquidatePerp',
    'LiquidatePerpWithFill',
    'LiquidateSpot',
    'LiquidateBorrowForPerpPnl',
    'LiquidatePerpPnlForDeposit',
  ],
};

/** A liquidation that happened. The log names neither the asset nor the side: those stand in accounts that nobody reads here. */
export interface ChainLiquidation {
  readonly program: LiquidatingProgram;
  readonly instruction: string;
}

const BY_ADDRESS = new Map<string, LiquidatingProgram>(
  Object.entries(LIQUIDATING_PROGRAMS).map(([name, address]) => [address, name as LiquidatingProgram]),
);
const INVOKE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]$/;
const END = /^Program [1-9A-HJ-NP-Za-km-z]{32,44} (success$|failed: )/;
const INSTRUCTION = 'Program log: Instruction: ';

/**
 * Liquidations that a transaction's logs tell of. Any program can write any text, so a line counts only while its own
 * program is the one that runs; most attempts fail and write the same lines, so a transaction with an error has none.
 *
 * @param err   `value.err` of the notification: null = it succeeded
 * @param logs  its lines, in order; what is cut off by `Log truncated` is not there
 */
export function liquidationsIn(err: unknown, logs: readonly string[]): ChainLiquidation[] {
  const found: ChainLiquidation[] = [];
  if (err !== null) return found;
  /** Programs that run, the innermost last, and how many were found before each. */
  const running: { readonly program: LiquidatingProgram | null; readonly before: number }[] = [];
  for (const line of logs) {
    const invoked = INVOKE.exec(line);
    if (invoked !== null) {
      running.push({ program: BY_ADDRESS.get(invoked[1]!) ?? null, before: found.length });
      continue;
    }
    const ended = END.exec(line);
    if (ended !== null) {
      const last = running.pop();
      // Undone with everything inside it, also where its caller went on.
      if (ended[1] !== 'success' && last !== undefined) found.length = last.before;
      continue;
    }
    const program = running.at(-1)?.program ?? null;
    if (program === null || !line.startsWith(INSTRUCTION)) continue;
    const instruction = line.slice(INSTRUCTION.length);
    if (LIQUIDATING_INSTRUCTIONS[program].includes(instruction)) found.push({ program, instruction });
  }
  return found;
}
