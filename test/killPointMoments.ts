import { recoverState } from '../src/core/recovery/recoverState.ts';
import { openJournalReader } from '../src/journal/journalReader.ts';
import type { JournalTable } from '../src/journal/rows.ts';

/** A market that is quiet for so long is killed into all the same. */
const LONGEST_WAIT_MS = 15_000;
const LONGEST_QUIET_MS = 60_000;

/** Resolves when the journal has so many more rows. Reads beside the writer as often as it can: a kill has to hit the moment. */
export async function rowsCame(runDir: string, table: JournalTable, count: number): Promise<void> {
  const reader = openJournalReader(runDir);
  try {
    const first = reader.lastSeq()[table];
    await holds(() => reader.lastSeq()[table] >= first + count, { everyMs: 2, limitMs: LONGEST_WAIT_MS });
  } finally {
    reader.close();
  }
}

/** @returns false when orders without a fate or attempts without a closing row stay, by the journal alone */
export async function nothingOpen(runDir: string, limitMs = LONGEST_QUIET_MS): Promise<boolean> {
  const reader = openJournalReader(runDir);
  try {
    const isQuiet = () => {
      const { orders, bots } = recoverState(reader);
      return orders.length === 0 && Object.values(bots).every(({ attempts }) => attempts.length === 0);
    };
    return await holds(isQuiet, { everyMs: 50, limitMs });
  } finally {
    reader.close();
  }
}

/** Asks until it holds. @returns false when it did not within the limit */
export async function holds(
  condition: () => boolean | Promise<boolean>,
  { everyMs, limitMs }: { readonly everyMs: number; readonly limitMs: number },
): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
