import type { Venue } from '../domain/instruments.ts';

/** One order as the simulator received it, refused ones included: the venues' own truth about what reached them. */
export interface LoggedOrder {
  readonly receivedMs: number;
  readonly venue: Venue;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly type: string;
  /** Decimal text in base currency. */
  readonly qty: string;
  readonly price: string | null;
  /** Final or present status of the order. */
  readonly status: string;
}

const MOST_ENTRIES = 20_000;

/** The newest orders of the world; `dropped` counts the oldest that had to go. */
export function createOrderLog() {
  const entries: (() => LoggedOrder)[] = [];
  let dropped = 0;
  return {
    /** `read` is asked each time the log is listed, so that the status is the present one. */
    add(read: () => LoggedOrder): void {
      entries.push(read);
      if (entries.length > MOST_ENTRIES) {
        entries.shift();
        dropped += 1;
      }
    },
    list: (venue: Venue): LoggedOrder[] => entries.map((read) => read()).filter((entry) => entry.venue === venue),
    dropped: () => dropped,
  };
}

export type OrderLog = ReturnType<typeof createOrderLog>;
