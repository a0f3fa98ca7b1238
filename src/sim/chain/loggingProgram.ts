import { asSharedObject, instruction } from './sbpf.ts';

/** Called without accounts: the loader lays their count (0), the length of the instruction's data, then the data. */
const DATA_LENGTH_AT = 8;
const DATA_AT = 16;
/** The error code in front of the text, u64. */
export const CODE_BYTES = 8;
/**
 * A program that writes the text of its instruction to the log and ends with the code in front of it (0 = success): what
 * a lending program's transaction looks like to whoever only reads logs.
 */
export function loggingProgram(): Uint8Array {
  return asSharedObject(
    Buffer.concat([
      instruction(0xbf, { to: 6, from: 1 }), // r6 = parameters, kept over the call
      instruction(0x79, { to: 2, from: 1, offset: DATA_LENGTH_AT }), // r2 = length of the data
      instruction(0x07, { to: 2, value: -CODE_BYTES }), // less the code
      instruction(0x07, { to: 1, value: DATA_AT + CODE_BYTES }), // r1 = text
      instruction(0x85, { from: 1, value: -1 }), // call sol_log_
      instruction(0x79, { to: 0, from: 6, offset: DATA_AT }), // r0 = code
      instruction(0x95, {}), // exit
    ]),
    [{ at: 4, name: 'sol_log_' }],
  );
}
