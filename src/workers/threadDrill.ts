/** spin: burns CPU and never comes back · hang: waits for ever · memory: keeps what it allocates until its heap is full */
export const THREAD_DRILLS = ['spin', 'hang', 'memory'] as const;
export type ThreadDrill = (typeof THREAD_DRILLS)[number];

const ARRAYS_PER_TURN = 512;
const NUMBERS_PER_ARRAY = 1000;

/**
 * Misbehaves for good, as a fault of this thread would: spinning and hanging do not return.
 *
 * @param beat  said between two turns of `memory`, which is no silence: the heap limit has to end it
 */
export function actOut(drill: ThreadDrill, beat: () => void): void {
  if (drill === 'spin') while (true);
  if (drill === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  else hoard([], beat);
}

/** Many arrays of some kilobytes: one that grows without end can take the whole process along (nodejs/node#47224). */
function hoard(kept: number[][], beat: () => void): void {
  for (let made = 0; made < ARRAYS_PER_TURN; made += 1) kept.push(new Array<number>(NUMBERS_PER_ARRAY).fill(0.5));
  beat();
  setImmediate(() => hoard(kept, beat));
}
