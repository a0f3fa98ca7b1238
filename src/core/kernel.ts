import { NightjarError } from '../domain/errors.ts';
import type { Kernel, KernelConfig, KernelOutputs } from './kernelTypes.ts';
import { createRunningCore, type RunningCore } from './runningCore.ts';

export type { Kernel, KernelConfig, KernelOutputs, KernelView } from './kernelTypes.ts';
export { STOP_WAIT_MS } from './runningCore.ts';

/**
 * The core: a function of its inputs. No clock, no promise, no shared memory; `now` is the time of the input in hand.
 * The same inputs give the same rows and commands, which is what `replay --verify` compares.
 */
export function createKernel(config: KernelConfig, outputs: KernelOutputs): Kernel {
  let nowMs = 0;
  let core: RunningCore | null = null;

  return {
    handle(input) {
      nowMs = input.timeMs;
      if (input.payload.type === 'core.started') {
        core = createRunningCore(config, outputs, () => nowMs, input.payload);
        core.begin(input.seq, nowMs);
        core.start();
        return;
      }
      if (core === null) throw new NightjarError('replay.mismatch', `input ${input.seq} came before core.started`);
      core.begin(input.seq, nowMs);
      core.handle(input.payload);
    },
    view() {
      if (core === null)
        return { incarnation: 0, tree: [], bots: [], restarts: 0, stock: [], openOrders: 0, stopping: false };
      return core.view();
    },
  };
}
