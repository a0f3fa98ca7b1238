import { tallyLooks } from '../../src/journal/lookTally.ts';
import type { JournalRow, LookEndedPayload } from '../../src/journal/rows.ts';
import { twice } from './orderIdentity.ts';

/**
 * Exactly one reason per look: a look ends once within its core, the funnel's stages come from one another, and looks =
 * trades + reasons.
 *
 * @param decisions   rows of the table `decisions`, in order
 * @param coreStarts  inputs that began a core incarnation
 * @param isOver      the run has ended: nothing pending can end any more
 */
export function brokenLooks(
  decisions: readonly JournalRow[],
  coreStarts: readonly number[],
  isOver: boolean,
): string[] {
  const bots = [...new Set(decisions.map(({ subject }) => subject))].filter((subject) => subject.startsWith('bot:'));
  return bots.flatMap((bot) => {
    const rows = decisions.filter(({ subject }) => subject === bot);
    const ends = rows
      .filter(({ kind }) => kind === 'look.ended')
      .map(({ inputSeq, payload }) => {
        const core = coreStarts.findLastIndex((start) => start <= inputSeq);
        return `${core}/${(payload as LookEndedPayload).lookId}`;
      });
    const { looks, open, mixed } = tallyLooks(rows, coreStarts, isOver);
    const began = new Set([
      ...ends,
      ...rows
        .filter(({ kind }) => kind === 'look.pending')
        .map(({ inputSeq, payload }) => {
          const core = coreStarts.findLastIndex((start) => start <= inputSeq);
          return `${core}/${(payload as { lookId: number }).lookId}`;
        }),
    ]);
    return [
      ...twice(ends).map((key) => `${bot}: look ${key} ended twice`),
      ...mixed.map((why) => `${bot}: ${why}`),
      ...(looks.length + open === began.size
        ? []
        : [`${bot}: ${looks.length} trades and reasons + ${open} open ≠ ${began.size} looks`]),
    ];
  });
}
