import type { VenueEndpoints } from '../domain/ports.ts';
import { ended, firstMessage, forkChild } from './childProcess.ts';
import { type Rescued, type RescueReport, type RescueTask, rescueText } from './rescueOrders.ts';

/** For the venues; the process needs time of its own to load. */
const RESCUE_BUDGET_MS = 5000;
const PROCESS_MARGIN_MS = 3000;

export interface RescuePlan {
  readonly entry: string;
  readonly pairs: readonly string[];
}

/**
 * Cancels what is ours at the venues after the death of a core, in a process of its own.
 *
 * @returns the line to show; a rescue that failed says so and holds nobody up
 */
export async function runRescue(plan: RescuePlan, endpoints: VenueEndpoints): Promise<string> {
  const child = forkChild(plan.entry, []);
  try {
    child.send({
      type: 'rescue',
      endpoints,
      pairs: plan.pairs,
      deadlineMs: RESCUE_BUDGET_MS,
    } satisfies RescueTask);
    const report = await firstMessage<RescueReport>(
      child,
      'the rescue',
      RESCUE_BUDGET_MS + PROCESS_MARGIN_MS,
      (message) => ((message as Rescued).type === 'rescued' ? (message as Rescued).report : null),
    );
    return rescueText(report);
  } catch (error) {
    return `RESCUE    NOT PROVEN: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    if (child.connected) child.disconnect();
    void ended(child, 500);
  }
}
