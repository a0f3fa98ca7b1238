import { asSharedObject, instruction } from './sbpf.ts';

/** SlippageToleranceExceeded, as Jupiter's program calls it. */
const SLIPPAGE_EXCEEDED = 6001;

/** Where the loader lays the one account's 8 bytes of data and, after its room to grow, the instruction's 8 bytes. */
const ACCOUNT_DATA_AT = 96;
const INSTRUCTION_DATA_AT = 10_360;

/**
 * A whole program in sBPF machine code, since no compiler of it is at hand: it fails with 6001 when the rate in its account
 * (u64) is below the rate that the instruction demands (u64). With it in front, a swap of fixed amounts fails on the
 * chain itself once the pool's price has moved too far.
 * @source solana-sbpf, `elf.rs` (version 0) and the aligned parameter layout of the upgradeable loader, read 2026-11-22
 */
export function priceGuardProgram(): Uint8Array {
  const code = Buffer.concat([
    instruction(0x79, { to: 2, from: 1, offset: ACCOUNT_DATA_AT }), // r2 = rate now
    instruction(0x79, { to: 3, from: 1, offset: INSTRUCTION_DATA_AT }), // r3 = rate demanded
    instruction(0xb7, { to: 0, value: 0 }), // r0 = 0: success
    instruction(0x3d, { to: 2, from: 3, offset: 1 }), // skip one if r2 >= r3
    instruction(0xb7, { to: 0, value: SLIPPAGE_EXCEEDED }),
    instruction(0x95, {}), // exit
  ]);
  return asSharedObject(code);
}
