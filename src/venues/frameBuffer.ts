/** Copies of depth frames that wait for a snapshot. Bounded: when full, the oldest goes and is counted. */
export class FrameBuffer {
  dropped = 0;
  readonly #capacity: number;
  #frames: { readonly bytes: Uint8Array; readonly firstId: number }[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#frames.length;
  }

  /** First update id of the oldest frame kept; NaN when empty. */
  get firstId(): number {
    return this.#frames[0]?.firstId ?? Number.NaN;
  }

  push(bytes: Uint8Array, firstId: number): void {
    if (this.#frames.length >= this.#capacity) {
      this.#frames.shift();
      this.dropped += 1;
    }
    this.#frames.push({ bytes: bytes.slice(), firstId });
  }

  clear(): void {
    this.#frames = [];
  }

  /** Hands out the frames oldest first until `use` answers false; that frame and those behind it stay. */
  drain(use: (bytes: Uint8Array) => boolean): void {
    const frames = this.#frames;
    let used = 0;
    while (used < frames.length && use(frames[used]!.bytes)) used += 1;
    this.#frames = frames.slice(used);
  }
}
