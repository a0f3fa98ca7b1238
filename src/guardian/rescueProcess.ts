import type { ChildProcess } from 'node:child_process';
import type { VenueEndpoints } from '../domain/ports.ts';
import { ended, firstMessage, forkChild } from './childProcess.ts';
import type { Rescued, RescueReport, RescueTask } from './rescueOrders.ts';

/** For the venues; the process needs time of its own to load. */
const RESCUE_BUDGET_MS = 5000;
const PROCESS_MARGIN_MS = 3000;

export interface RescuePlan {
  readonly entry: string;
  readonly pairs: readonly string[];
  readonly banDir?: string;
}

export interface RescueStandby {
  /** Loads a process that could go at once. Costs nothing when there is one. */
  prepare(): void;
  /**
   * Cancels what is ours at the venues. Never rejects: a rescue that failed says so and holds nobody up.
   * @param again  the process stays, loaded, for another time
   */
  go(options?: { readonly again: boolean }): Promise<RescueReport>;
  /** Nobody needs it any more: what waits goes now, what is at work when it is done. */
  dismiss(): void;
}

/** Cancels what is ours at the venues after the death of a core, in a process of its own that may wait for it, loaded. */
export function createRescueStandby(
  { entry, pairs, banDir }: RescuePlan,
  endpoints: VenueEndpoints,
  forkRescue: (entry: string) => ChildProcess = (file) => forkChild(file, []),
): RescueStandby {
  let standby: ChildProcess | null = null;
  let isDismissed = false;
  const fork = () => {
    const child = forkRescue(entry);
    child.send({ type: 'prepare', endpoints, pairs, ...(banDir === undefined ? {} : { banDir }) } satisfies RescueTask);
    return child;
  };
  const take = () => {
    const ready = standby;
    standby = null;
    return ready?.connected ? ready : fork();
  };
  const release = (child: ChildProcess) => {
    if (child.connected) child.disconnect();
    void ended(child, 500);
  };
  return {
    prepare() {
      if (isDismissed || standby?.connected) return;
      try {
        standby = fork();
      } catch {
        // `go` tries again, and says what is wrong.
        standby = null;
      }
    },
    async go({ again } = { again: false }) {
      let child: ChildProcess | null = null;
      let isSpent = true;
      try {
        child = take();
        child.send({ type: 'rescue', budgetMs: RESCUE_BUDGET_MS } satisfies RescueTask);
        const report = await firstMessage<RescueReport>(
          child,
          'the rescue',
          RESCUE_BUDGET_MS + PROCESS_MARGIN_MS,
          (message) => ((message as Rescued).type === 'rescued' ? (message as Rescued).report : null),
        );
        isSpent = !again;
        return report;
      } catch (error) {
        const failure = error instanceof Error ? error.message : String(error);
        return { venues: [{ venue: 'every venue', found: [], left: [], failure }], tookMs: 0 };
      } finally {
        if (child !== null && (isSpent || isDismissed || standby !== null)) release(child);
        else if (child !== null) standby = child;
      }
    },
    dismiss() {
      isDismissed = true;
      if (standby !== null) release(standby);
      standby = null;
    },
  };
}
