import { isText } from '../workers/kernels/jsonBytes.ts';

/** Turns the bytes of a symbol into a string, giving the same string again while the symbol stays the same. */
export class SymbolText {
  #last = '';

  of(bytes: Uint8Array, from: number, to: number): string {
    if (!isText(bytes, from, to, this.#last)) this.#last = String.fromCharCode(...bytes.subarray(from, to));
    return this.#last;
  }
}
