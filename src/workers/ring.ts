/**
 * One producer, one consumer, fixed-size records of float64 words in shared memory: the only way from a lane to the core.
 * Bounded; a full ring refuses the new record and counts it, so the consumer never sees half of one.
 *
 *     Int32 words, a cache line each so that the two sides do not share one:
 *     0 head: records produced, modulo 2^32      16 tail: records consumed, modulo 2^32
 *     32 armed: 1 = the consumer sleeps          48 dropped · 49 capacity (a power of two) · 50 words per record
 *     from byte 256: capacity × words float64
 */
const HEAD = 0;
const TAIL = 16;
const ARMED = 32;
const DROPPED = 48;
const CAPACITY = 49;
const WORDS = 50;
const HEADER_INT32S = 64;
const HEADER_BYTES = HEADER_INT32S * 4;

/**
 * @param records  wanted capacity; rounded up to a power of two, so that the counters may wrap at 2^32
 * @param words    float64 words per record
 */
export function createRingBuffer(records: number, words: number): SharedArrayBuffer {
  if (!Number.isInteger(records) || records < 1 || records > 2 ** 20) {
    throw new RangeError(`ring of ${records} records: must be a whole number from 1 to ${2 ** 20}`);
  }
  if (!Number.isInteger(words) || words < 1 || words > 4096) {
    throw new RangeError(`ring records of ${words} words: must be a whole number from 1 to 4096`);
  }
  const capacity = 2 ** Math.ceil(Math.log2(records));
  const buffer = new SharedArrayBuffer(HEADER_BYTES + capacity * words * 8);
  const header = new Int32Array(buffer, 0, HEADER_INT32S);
  header[CAPACITY] = capacity;
  header[WORDS] = words;
  return buffer;
}

export interface RingProducer {
  /** Copies the record's words in. @returns false when the ring is full: the record is dropped and counted */
  push(record: Float64Array): boolean;
  /** The same without a copy: `encode` writes its words at `offset`. A throw publishes nothing. */
  pushWith(encode: (words: Float64Array, offset: number) => void): boolean;
}

export function createRingProducer(buffer: SharedArrayBuffer): RingProducer {
  const { header, words, capacity, stride } = viewOf(buffer);
  let head = Atomics.load(header, HEAD);

  const pushWith = (encode: (words: Float64Array, offset: number) => void): boolean => {
    if ((head - Atomics.load(header, TAIL)) >>> 0 >= capacity) {
      Atomics.add(header, DROPPED, 1);
      return false;
    }
    encode(words, (head & (capacity - 1)) * stride);
    head = (head + 1) | 0;
    Atomics.store(header, HEAD, head);
    // Only the one who takes the flag down wakes: a consumer that arms again after this sees the new head itself.
    if (Atomics.load(header, ARMED) === 1 && Atomics.compareExchange(header, ARMED, 1, 0) === 1) {
      Atomics.notify(header, ARMED);
    }
    return true;
  };

  let pending: Float64Array | null = null;
  const copyPending = (target: Float64Array, offset: number) => target.set(pending!, offset);
  return {
    pushWith,
    push(record) {
      if (record.length !== stride) throw new RangeError(`record of ${record.length} words in a ring of ${stride}`);
      pending = record;
      return pushWith(copyPending);
    },
  };
}

export interface RingConsumer {
  /**
   * Hands over up to `max` records, oldest first. The words are only valid during the call. A record whose handler
   * throws counts as consumed; the throw passes on.
   * @returns how many were handed over
   */
  drain(handler: (words: Float64Array, offset: number) => void, max: number): number;
  /**
   * Promise of a wake-up, or null when records are waiting already. Resolves at the next record, at `disarm`, or after
   * `timeoutMs`; it does not keep the thread alive. Then drain until it answers less than `max` and arm again.
   */
  arm(timeoutMs?: number): Promise<void> | null;
  /** Wakes a sleeping consumer without a record. */
  disarm(): void;
  /** Records waiting. */
  depth(): number;
  /** Records refused since the ring was made, modulo 2^32. */
  dropped(): number;
  readonly capacity: number;
}

export function createRingConsumer(buffer: SharedArrayBuffer): RingConsumer {
  const { header, words, capacity, stride } = viewOf(buffer);
  let tail = Atomics.load(header, TAIL);

  return {
    capacity,
    drain(handler, max) {
      const waiting = (Atomics.load(header, HEAD) - tail) >>> 0;
      const count = Math.min(waiting, max);
      for (let i = 0; i < count; i += 1) {
        const offset = (tail & (capacity - 1)) * stride;
        tail = (tail + 1) | 0;
        try {
          handler(words, offset);
        } finally {
          // Not before the handler is done: until then the slot must not be written again.
          Atomics.store(header, TAIL, tail);
        }
      }
      return count;
    },
    arm(timeoutMs = 1000) {
      // The order is the protocol: flag up, then look again, then sleep on the FLAG while it is 1. A wait on the head
      // loses a wake-up when the producer takes the flag down late, for a record that was consumed meanwhile.
      Atomics.store(header, ARMED, 1);
      if (Atomics.load(header, HEAD) !== tail) {
        Atomics.store(header, ARMED, 0);
        return null;
      }
      const wait = Atomics.waitAsync(header, ARMED, 1, timeoutMs);
      return wait.async ? wait.value.then(() => {}) : null;
    },
    disarm() {
      Atomics.store(header, ARMED, 0);
      Atomics.notify(header, ARMED);
    },
    depth: () => (Atomics.load(header, HEAD) - tail) >>> 0,
    dropped: () => Atomics.load(header, DROPPED) >>> 0,
  };
}

function viewOf(buffer: SharedArrayBuffer) {
  const header = new Int32Array(buffer, 0, HEADER_INT32S);
  const capacity = header[CAPACITY]!;
  const stride = header[WORDS]!;
  if (capacity < 1 || buffer.byteLength !== HEADER_BYTES + capacity * stride * 8) {
    throw new RangeError(`${buffer.byteLength} bytes are no ring: make it with createRingBuffer`);
  }
  return { header, words: new Float64Array(buffer, HEADER_BYTES, capacity * stride), capacity, stride };
}
