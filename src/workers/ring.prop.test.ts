import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRingBuffer, createRingConsumer, createRingProducer } from './ring.ts';

const HEAD = 0;
const TAIL = 16;

/** Both counters put to `at`, as after that many records. */
function startRing(records: number, words = 2, at = 0) {
  const buffer = createRingBuffer(records, words);
  const header = new Int32Array(buffer, 0, 64);
  header[HEAD] = at;
  header[TAIL] = at;
  return { producer: createRingProducer(buffer), consumer: createRingConsumer(buffer) };
}

const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(9) }), fc.record({ drain: fc.nat(9) })), { maxLength: 200 });

describe('ring', () => {
  it('is a bounded first-in-first-out queue that loses only what it counts as dropped, also across 2^32', () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 16 }),
        fc.constantFrom(0, 2 ** 31 - 5, -3),
        (script, records, at) => {
          const { producer, consumer } = startRing(records, 2, at);
          const model: number[] = [];
          let next = 0;
          let dropped = 0;
          for (const step of script) {
            if ('push' in step) {
              for (let i = 0; i < step.push; i += 1) {
                next += 1;
                const taken = producer.push(Float64Array.of(next, -next));
                expect(taken).toBe(model.length < consumer.capacity);
                if (taken) model.push(next);
                else dropped += 1;
              }
            } else {
              const got: number[] = [];
              consumer.drain((words, offset) => {
                expect(words[offset + 1]).toBe(-words[offset]!);
                got.push(words[offset]!);
              }, step.drain);
              expect(got).toEqual(model.splice(0, step.drain));
            }
            expect(consumer.depth()).toBe(model.length);
            expect(consumer.dropped()).toBe(dropped);
          }
        },
      ),
    );
  });

  it('consumes the record whose handler throws, and only that one', () => {
    const { producer, consumer } = startRing(4);
    for (const value of [1, 2, 3]) producer.push(Float64Array.of(value, 0));

    expect(() =>
      consumer.drain(() => {
        throw new Error('handler');
      }, 10),
    ).toThrow('handler');
    const rest: number[] = [];
    consumer.drain((words, offset) => rest.push(words[offset]!), 10);

    expect(rest).toEqual([2, 3]);
  });

  it('publishes nothing when the encoder throws', () => {
    const { producer, consumer } = startRing(4);
    expect(() =>
      producer.pushWith(() => {
        throw new Error('encoder');
      }),
    ).toThrow('encoder');
    expect(consumer.depth()).toBe(0);
  });

  it('does not sleep while a record waits, wakes at the next one, at disarm and at its timeout', async () => {
    const { producer, consumer } = startRing(4);
    producer.push(Float64Array.of(1, 0));
    expect(consumer.arm()).toBeNull();
    consumer.drain(() => {}, 10);

    const woken = consumer.arm(60_000);
    producer.push(Float64Array.of(2, 0));
    await woken;
    consumer.drain(() => {}, 10);

    const disarmed = consumer.arm(60_000);
    consumer.disarm();
    await disarmed;

    expect(consumer.arm(1)).toBeInstanceOf(Promise);
  });

  it('refuses impossible sizes and foreign memory', () => {
    expect(() => createRingBuffer(0, 4)).toThrow(RangeError);
    expect(() => createRingBuffer(4, 0)).toThrow(RangeError);
    expect(() => createRingConsumer(new SharedArrayBuffer(1024))).toThrow('createRingBuffer');
    expect(() => startRing(4, 2).producer.push(new Float64Array(3))).toThrow('3 words');
  });
});
