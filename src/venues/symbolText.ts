import { isText } from '../workers/kernels/jsonBytes.ts';

/** Turns the bytes of a symbol into a string, giving the same string again while the symbol stays the same. */
export class SymbolText {
  #last = '';

  of(bytes: Uint8Array, from: number, to: number): string {
    if (!isText(bytes, from, to, this.#last)) this.#last = String.fromCharCode(...bytes.subarray(from, to));
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
