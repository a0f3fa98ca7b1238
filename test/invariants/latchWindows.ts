import type { OrderEffect } from '../../src/domain/orders.ts';

/** A stretch in which the latch forbade orders of a bot. */
export interface LatchWindow {
  readonly bot: string;
  /** `all`: closing orders too (a kill). `opening`: closing orders may go (a closed permit, a flatten). */
  readonly forbids: 'opening' | 'all';
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly untilMs: number | null;
}

export interface SentOrder {
  readonly clientOrderId: string;
  readonly bot: string;
  readonly effect: OrderEffect;
  /** When it was sent; from the venue's log, when it arrived there. */
  readonly atMs: number;
}

/**
 * No send after a latch.
 *
 * @param graceMs  how much later than its sending an order is noted: 0 at our own end, the way to the venue in its log
 */
export function sendsAfterLatch(
  sent: readonly SentOrder[],
  windows: readonly LatchWindow[],
  graceMs: number,
): string[] {
  return sent.flatMap(({ clientOrderId, bot, effect, atMs }) => {
    const broken = windows.find(
      (window) =>
        window.bot === bot &&
        (window.forbids === 'all' || effect === 'opening') &&
        atMs > window.fromMs + graceMs &&
        (window.untilMs === null || atMs < window.untilMs),
    );
    return broken === undefined
      ? []
      : [`${effect} order ${clientOrderId} of ${bot} left ${atMs - broken.fromMs} ms after its latch was closed`];
  });
}
