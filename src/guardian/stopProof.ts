import { type RescueReport, rescueText } from './rescueOrders.ts';
import type { RescueStandby } from './rescueProcess.ts';

/**
 * What is ours at the venues when a run stops: cancelled at once when the stop is asked for, and proven to be gone when
 * the core has sent its last. Nobody says "all cancelled" on the word of a cancel's answer.
 */
export interface StopProof {
  /** @returns the line to show, and what is not proven; null when every venue has listed none of our orders twice */
  finish(): Promise<{ readonly line: string; readonly doubt: string | null }>;
}

export function beginStopProof(rescue: Pick<RescueStandby, 'go'>): StopProof {
  const first = rescue.go({ again: true });
  return {
    async finish() {
      await first;
      const report = await rescue.go();
      return { line: rescueText(report, 'PROOF'), doubt: doubtOf(report) };
    },
  };
}

/** What a report leaves unproven; null = nothing. */
export function doubtOf({ venues }: RescueReport): string | null {
  const doubts = venues.flatMap(({ venue, left, failure }) =>
    failure === null && left.length === 0
      ? []
      : [`${venue} (${left.length === 0 ? '' : `still open: ${left.join(' ')}; `}${failure ?? 'not proven'})`],
  );
  return doubts.length === 0 ? null : `not proven free of our orders: ${doubts.join(', ')}`;
}
