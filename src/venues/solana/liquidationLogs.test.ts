import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIQUIDATING_INSTRUCTIONS, LIQUIDATING_PROGRAMS, liquidationsIn } from './liquidationLogs.ts';

const { kamino, save, marginfi, drift } = LIQUIDATING_PROGRAMS;
const OTHER = 'JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4';

/** The lines of one call, what is inside it indented as the runtime numbers it. */
function call(program: string, inside: readonly string[], depth = 1, end = 'success'): string[] {
  return [
    `Program ${program} invoke [${depth}]`,
    ...inside,
    `Program ${program} consumed 61566 of 255700 compute units`,
    `Program ${program} ${end}`,
  ];
}
const says = (instruction: string) => `Program log: Instruction: ${instruction}`;

describe('liquidations in program logs', () => {
  it.each(
    (['kamino', 'save', 'marginfi', 'drift'] as const).flatMap((program) =>
      LIQUIDATING_INSTRUCTIONS[program].map((instruction) => [program, instruction] as const),
    ),
  )('%s: %s', (program, instruction) => {
    const lines = call(LIQUIDATING_PROGRAMS[program], [says(instruction)]);
    expect(liquidationsIn(null, lines)).toEqual([{ program, instruction }]);
    expect(liquidationsIn({ InstructionError: [1, { Custom: 6004 }] }, lines)).toEqual([]);
  });

  it.each([
    ['another program writes the words', call(OTHER, [says('LiquidatePerp')])],
    ['a program writes those of another one', call(kamino, [says('LiquidatePerp')])],
    ['the program repays a loan', call(save, [says('Repay Obligation Liquidity')])],
    ['a longer name begins alike', call(drift, [says('LiquidatePerpetually')])],
    ['the words stand in other text', call(marginfi, [`Program log: ${says('LendingAccountLiquidate')}`])],
    ['the inner program has the words', call(kamino, call(OTHER, [says('LiquidateSpot')], 2))],
    ['no program runs', [says('LiquidatePerp')]],
    ['the program has ended', [...call(drift, []), says('LiquidatePerp')]],
    ['the address is only written', [`Program log: Program ${drift} invoke [1]`, says('LiquidatePerp')]],
  ])('counts nothing where %s', (_, lines) => {
    expect(liquidationsIn(null, lines)).toEqual([]);
  });

  it('counts a call from inside another program, and what was told before the logs were cut off', () => {
    const bot = call(OTHER, call(kamino, [says('LiquidateObligationAndRedeemReserveCollateral')], 2));
    expect(liquidationsIn(null, bot)).toHaveLength(1);
    expect(liquidationsIn(null, [...bot.slice(0, 3), 'Log truncated'])).toHaveLength(1);
  });

  it('takes back what an inner call did that failed and was borne', () => {
    const inner = call(drift, [says('LiquidatePerp')], 2, 'failed: custom program error: 0x1774');
    expect(liquidationsIn(null, call(OTHER, [...inner, says('x')]))).toEqual([]);
    const both = call(OTHER, [...call(drift, [says('LiquidateSpot')], 2), ...inner]);
    expect(liquidationsIn(null, both)).toEqual([{ program: 'drift', instruction: 'LiquidateSpot' }]);
  });

  it('finds no more than the lines that name it, whatever the lines are', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(...call(kamino, [says('LiquidatePerp')]), ...call(drift, [says('LiquidatePerp')], 2)),
      fc.constantFrom('Log truncated', `Program ${drift} failed: out of memory`, 'Program data: QUJD'),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const found = liquidationsIn(null, lines);
        expect(found.length).toBeLessThanOrEqual(lines.filter((text) => text === says('LiquidatePerp')).length);
        expect(found.every(({ program }) => program === 'drift')).toBe(true);
      }),
    );
  });
});
