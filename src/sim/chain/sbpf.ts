/**
 * sBPF machine code (version 0) and the ELF around it, for programs of a few instructions: no compiler of it is at hand.
 * @source solana-sbpf, `ebpf.rs` and `elf.rs`, read 2026-11-22
 */
const HEADER_BYTES = 64;
const TEXT_AT = HEADER_BYTES + 56;

/** What an instruction works on; what is absent is 0. */
interface Operands {
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly value?: number;
}

export function instruction(opcode: number, { to = 0, from = 0, offset = 0, value = 0 }: Operands): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = opcode;
  bytes[1] = to | (from << 4);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(value, 4);
  return bytes;
}

/** A call of the runtime: its instruction holds −1, and the loader writes the hash of the name there. */
export interface Syscall {
  /** Index of the instruction. */
  readonly at: number;
  readonly name: string;
}

/** Kinds of sections. */
const [PROGRAM, NAMES, DYNAMIC, RELOCATIONS, SYMBOLS] = [1, 3, 6, 9, 11];
/** Tags of the dynamic section: where symbols and relocations are. */
const [TAG_SYMBOLS, TAG_RELOCATIONS, TAG_RELOCATION_BYTES, TAG_RELOCATION_SIZE] = [6, 17, 18, 19];
/** A call whose target is a name. */
const RELOCATION_OF_CALL = 10;

interface Section {
  readonly name: string;
  readonly kind: number;
  readonly bytes: Buffer;
}

/** The smallest ELF that the loader takes: one segment with the code, and what names the calls of the runtime. */
export function asSharedObject(code: Buffer, syscalls: readonly Syscall[] = []): Buffer {
  const symbolsAt = TEXT_AT + code.length;
  const names = Buffer.from(`\0${syscalls.map(({ name }) => `${name}\0`).join('')}`);
  const symbols = Buffer.alloc(24 * (syscalls.length + 1));
  const relocations = Buffer.alloc(16 * syscalls.length);
  let nameAt = 1;
  for (const [index, { at, name }] of syscalls.entries()) {
    symbols.writeUInt32LE(nameAt, 24 * (index + 1));
    nameAt += name.length + 1;
    writeLongs(relocations, 16 * index, [TEXT_AT + 8 * at]);
    relocations.writeUInt32LE(RELOCATION_OF_CALL, 16 * index + 8);
    relocations.writeUInt32LE(index + 1, 16 * index + 12);
  }
  const relocationsAt = symbolsAt + symbols.length + padded(names).length;
  const dynamic = Buffer.alloc(5 * 16);
  const tags = [TAG_SYMBOLS, symbolsAt, TAG_RELOCATIONS, relocationsAt];
  writeLongs(dynamic, 0, [...tags, TAG_RELOCATION_BYTES, relocations.length, TAG_RELOCATION_SIZE, 16]);
  return layOut([
    { name: '.text', kind: PROGRAM!, bytes: code },
    ...(syscalls.length === 0
      ? []
      : [
          { name: '.dynsym', kind: SYMBOLS!, bytes: symbols },
          { name: '.dynstr', kind: NAMES!, bytes: padded(names) },
          { name: '.rel.dyn', kind: RELOCATIONS!, bytes: relocations },
          { name: '.dynamic', kind: DYNAMIC!, bytes: dynamic },
        ]),
  ]);
}

/** Header, one loadable segment over the first section, the sections, their names, their headers. */
function layOut(given: readonly Section[]): Buffer {
  const sectionNames = `\0${[...given.map(({ name }) => name), '.shstrtab'].join('\0')}\0`;
  const sections = [...given, { name: '.shstrtab', kind: NAMES!, bytes: padded(Buffer.from(sectionNames)) }];
  const body = Buffer.concat(sections.map(({ bytes }) => bytes));
  const headersAt = TEXT_AT + body.length;
  const file = Buffer.alloc(headersAt + 64 * (sections.length + 1));
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bit, little endian
  for (const [at, value] of [
    [16, 3],
    [18, 247],
    [52, HEADER_BYTES],
    [54, 56],
    [56, 1],
    [58, 64],
    [60, sections.length + 1],
    [62, sections.length],
  ] as const) {
    file.writeUInt16LE(value, at);
  }
  file.writeUInt32LE(1, 20);
  writeLongs(file, 24, [TEXT_AT, HEADER_BYTES, headersAt]); // entry, segments, sections
  file.writeUInt32LE(1, HEADER_BYTES); // loadable
  file.writeUInt32LE(5, HEADER_BYTES + 4); // read and execute
  const codeBytes = sections[0]!.bytes.length;
  writeLongs(file, HEADER_BYTES + 8, [TEXT_AT, TEXT_AT, TEXT_AT, codeBytes, codeBytes, 4096]);
  file.set(body, TEXT_AT);
  let from = TEXT_AT;
  for (const [index, { name, kind, bytes }] of sections.entries()) {
    const at = headersAt + 64 * (index + 1);
    file.writeUInt32LE(sectionNames.indexOf(`\0${name}\0`) + 1, at);
    file.writeUInt32LE(kind, at + 4);
    // Flags, address, place in the file, length: what only the loader reads has an address too, which is its place.
    writeLongs(file, at + 8, [index === 0 ? 6 : 2, name === '.shstrtab' ? 0 : from, from, bytes.length]);
    writeLongs(file, at + 48, [8]);
    from += bytes.length;
  }
  return file;
}

function writeLongs(to: Buffer, at: number, values: readonly number[]): void {
  for (const [index, value] of values.entries()) to.writeBigUInt64LE(BigInt(value), at + 8 * index);
}

/** To whole words, since the loader reads tables in place. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}
