/** SlippageToleranceExceeded, as Jupiter's program calls it. */
const SLIPPAGE_EXCEEDED = 6001;

/** Where the loader lays the one account's 8 bytes of data and, after its room to grow, the instruction's 8 bytes. */
const ACCOUNT_DATA_AT = 96;
const INSTRUCTION_DATA_AT = 10_360;
const HEADER_BYTES = 64;
const TEXT_AT = HEADER_BYTES + 56;

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

interface Operands {
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly value?: number;
}

function instruction(opcode: number, { to = 0, from = 0, offset = 0, value = 0 }: Operands): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = opcode;
  bytes[1] = to | (from << 4);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(value, 4);
  return bytes;
}

/** The smallest ELF that the loader takes: one segment, the sections .text and .shstrtab. */
function asSharedObject(code: Buffer): Buffer {
  const names = Buffer.from('\0.text\0.shstrtab\0');
  const namesAt = TEXT_AT + code.length;
  const sectionsAt = (namesAt + names.length + 7) & ~7;
  const file = Buffer.alloc(sectionsAt + 3 * 64);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bit, little endian
  for (const [at, value] of [
    [16, 3],
    [18, 247],
    [52, HEADER_BYTES],
    [54, 56],
    [56, 1],
    [58, 64],
    [60, 3],
    [62, 2],
  ] as const) {
    file.writeUInt16LE(value, at);
  }
  file.writeUInt32LE(1, 20);
  const longs = (at: number, values: readonly number[]) => {
    for (const [index, value] of values.entries()) file.writeBigUInt64LE(BigInt(value), at + 8 * index);
  };
  longs(24, [TEXT_AT, HEADER_BYTES, sectionsAt]); // entry, segments, sections
  file.writeUInt32LE(1, HEADER_BYTES); // loadable
  file.writeUInt32LE(5, HEADER_BYTES + 4); // read and execute
  longs(HEADER_BYTES + 8, [TEXT_AT, TEXT_AT, TEXT_AT, code.length, code.length, 4096]);
  file.set(code, TEXT_AT);
  file.set(names, namesAt);
  const section = (index: number, name: number, kind: number, rest: readonly number[]) => {
    const at = sectionsAt + 64 * index;
    file.writeUInt32LE(name, at);
    file.writeUInt32LE(kind, at + 4);
    longs(at + 8, rest);
    longs(at + 48, [8]);
  };
  section(1, 1, 1, [6, TEXT_AT, TEXT_AT, code.length]);
  section(2, 7, 3, [0, 0, namesAt, names.length]);
  return file;
}
