import type { CancelTimer, Clock, Transport } from '../../domain/ports.ts';
import {
  type ChainLiquidation,
  LIQUIDATING_PROGRAMS,
  type LiquidatingProgram,
  liquidationsIn,
} from './liquidationLogs.ts';
import { createPubSubSocket } from './pubSubSocket.ts';

/** A node tells of a slot every 400 ms; one that tells of none for so long is given up, however open its socket. */
const SILENT_MS = 10_000;
/** Signatures remembered: one transaction may call two of the programs, and comes once for each. */
const MOST_REMEMBERED = 4_096;
const SLOTS = 'slots';

export interface LiquidationEvent extends ChainLiquidation {
  readonly signature: string;
  readonly slot: number;
  /** Our clock. */
  readonly receivedMs: number;
}

export interface LiquidationWatchCounters {
  /** Transactions that called one of the programs. */
  transactions: number;
  liquidations: number;
  /** Transactions that failed: most attempts do. */
  failed: number;
  /** Transactions whose logs were cut off by the node. */
  truncated: number;
  /** Messages that could not be read, and subscriptions that the node refused. */
  troubles: number;
  silences: number;
}

export interface LiquidationWatch {
  readonly counters: Readonly<LiquidationWatchCounters>;
  /** Subscribed, and a slot was heard within the last ten seconds. */
  isLive(): boolean;
  close(): void;
}

/**
 * Hears of liquidations in the logs of lending and perpetual programs, each transaction once. A node keeps nothing for
 * whoever was away: what happens during a reconnect is not told, which is why this is one kind of evidence among others.
 *
 * @param onLiquidation  for each liquidation of a transaction that succeeded, in the order of its logs
 */
export function createLiquidationWatch(
  transport: Transport,
  clock: Clock,
  url: string,
  onLiquidation: (event: LiquidationEvent) => void,
): LiquidationWatch {
  const counters: LiquidationWatchCounters = {
    transactions: 0,
    liquidations: 0,
    failed: 0,
    truncated: 0,
    troubles: 0,
    silences: 0,
  };
  const seen = new Set<string>();
  let heardSlotMs = Number.NaN;
  let cancelSilence: CancelTimer = () => {};

  const armSilence = () => {
    cancelSilence();
    cancelSilence = clock.after(SILENT_MS, () => {
      if (socket.isOpen) counters.silences += 1;
      socket.reconnect();
      armSilence();
    });
  };

  const take = (result: unknown) => {
    const told = readLogs(result);
    if (told === null) {
      counters.troubles += 1;
      return;
    }
    const { signature, err, logs, slot } = told;
    if (seen.has(signature)) return;
    seen.add(signature);
    if (seen.size > MOST_REMEMBERED) seen.delete(seen.values().next().value!);
    counters.transactions += 1;
    if (err !== null) counters.failed += 1;
    if (logs.at(-1) === 'Log truncated') counters.truncated += 1;
    const receivedMs = clock.nowMs();
    for (const liquidation of liquidationsIn(err, logs)) {
      counters.liquidations += 1;
      onLiquidation({ ...liquidation, signature, slot, receivedMs });
    }
  };

  const socket = createPubSubSocket(transport, clock, url, {
    onOpen() {
      socket.subscribe(SLOTS, 'slotSubscribe', []);
      for (const name of Object.keys(LIQUIDATING_PROGRAMS) as LiquidatingProgram[]) {
        // The node takes one address a subscription.
        const mentions = [LIQUIDATING_PROGRAMS[name]];
        socket.subscribe(name, 'logsSubscribe', [{ mentions }, { commitment: 'confirmed' }]);
      }
    },
    onNotification(name, { result }) {
      if (name !== SLOTS) return take(result);
      heardSlotMs = clock.nowMs();
      armSilence();
    },
    onTrouble() {
      counters.troubles += 1;
    },
  });
  armSilence();

  return {
    counters,
    isLive: () => socket.isOpen && clock.nowMs() - heardSlotMs < SILENT_MS,
    close() {
      cancelSilence();
      socket.close();
    },
  };
}

interface TransactionLogs {
  readonly signature: string;
  readonly slot: number;
  readonly err: unknown;
  readonly logs: readonly string[];
}

/** `{"context":{"slot"},"value":{"signature","err","logs"}}`; null for anything else. */
function readLogs(result: unknown): TransactionLogs | null {
  const { context, value } = (result ?? {}) as { readonly context?: unknown; readonly value?: unknown };
  const { slot } = (context ?? {}) as { readonly slot?: unknown };
  const { signature, err, logs } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof slot !== 'number' || typeof signature !== 'string' || err === undefined) return null;
  if (!Array.isArray(logs) || !logs.every((line) => typeof line === 'string')) return null;
  return { signature, slot, err, logs };
}
