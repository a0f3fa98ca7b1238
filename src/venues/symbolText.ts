import { isText } from '../workers/kernels/jsonBytes.ts';

/** Longer than any symbol. */
const MAX_LENGTH = 256;

/**
 * Turns the bytes of a symbol into a string, giving the same string again while the symbol stays the same; '' for one
 * that is not ASCII, which is left to the slow reader.
 */
export class SymbolText {
  #last = '';

  of(bytes: Uint8Array, from: number, to: number): string {
    if (isText(bytes, from, to, this.#last)) return this.#last;
    for (let at = from; at < to; at += 1) if (bytes[at]! > 126) return '';
    if (to - from > MAX_LENGTH) return '';
    this.#last = String.fromCharCode(...bytes.subarray(from, to));
    return this.#last;
  }
}

/** Remembers which market the newest symbol belongs to, since finding out takes longer than reading a small frame. */
export class MarketMemo {
  readonly #find: (symbol: string, hint: boolean) => string;
  #symbol = '';
  #hint = false;
  #market = '';

  constructor(find: (symbol: string, hint: boolean) => string) {
    this.#find = find;
  }

  of(symbol: string, hint: boolean): string {
    if (symbol !== this.#symbol || hint !== this.#hint) {
      this.#symbol = symbol;
      this.#hint = hint;
      this.#market = this.#find(symbol, hint);
    }
    return this.#market;
  }
}
