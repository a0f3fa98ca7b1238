import type { OrderIntent, OrderRef } from '../domain/orders.ts';
import type { LaneMessage } from '../workers/laneMessages.ts';
import type { ThreadDrill } from '../workers/threadDrill.ts';

/**
 * What leaves the core. `order.*` rows go to the journal's `intents` and are handed to the gateway by the journal thread
 * after their commit; the rest goes to `commands` and acts at once. Timers are armed beside, not journalled: their
 * firing is an input.
 */
export type OrderCommand =
  | { readonly type: 'order.place'; readonly intent: OrderIntent }
  | { readonly type: 'order.cancel'; readonly ref: OrderRef; readonly bot: string };

export type OtherCommand =
  | { readonly type: 'child.start'; readonly child: string; readonly incarnation: number }
  | { readonly type: 'child.stop'; readonly child: string; readonly incarnation: number; readonly how: 'ask' | 'kill' }
  /** A fault on purpose, which the thread's watchdog has to find; `core` = the core's own main thread. */
  | { readonly type: 'thread.drill'; readonly thread: string; readonly drill: ThreadDrill }
  | { readonly type: 'lane.send'; readonly lane: string; readonly message: LaneMessage }
  /** Asks the gateway to follow an order until its fate is proven or the deadline passes. */
  | { readonly type: 'order.resolve'; readonly ref: OrderRef; readonly deadlineMs: number }
  | { readonly type: 'gateway.reconcile' }
  | { readonly type: 'gateway.markets' }
  | { readonly type: 'latch.close'; readonly bot: string; readonly reason: string; readonly by: string }
  | { readonly type: 'control.reply'; readonly id: string; readonly status: number; readonly body: unknown }
  | { readonly type: 'exec.log'; readonly line: Readonly<Record<string, unknown>> }
  /** Every child of the tree has started. */
  | { readonly type: 'core.ready' }
  | { readonly type: 'core.stopped'; readonly clean: boolean; readonly escalated: boolean };

export type Command = OrderCommand | OtherCommand;
