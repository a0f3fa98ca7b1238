import { parseClientOrderId } from '../domain/clientOrderId.ts';
import type { Instrument } from '../domain/instruments.ts';
import type { Balance, OrderReport } from '../domain/orders.ts';
import type { OrderDesk } from './orderDesk.ts';
import { balanceDifferences } from './recovery/recoveryDifference.ts';
import type { RowWriter } from './rowWriter.ts';
import type { Stock } from './stock.ts';

/** The venues are asked so often for what they hold of ours. */
export const SWEEP_MS = 30_000;
/** A cancel of an orphan is repeated at most so often in all, and not sooner than this after the last one. */
const MOST_CANCELS = 3;
const CANCEL_AGAIN_MS = SWEEP_MS - 5_000;
/** Cancels of one sweep; the rest waits for the next, so that the venue's rate limit holds. */
const MOST_CANCELS_PER_SWEEP = 20;
/** Rounding of balances that no instrument's smallest order bounds. */
const OTHER_DUST = 0.01;
/** Ended orders so old are asked after again when a balance does not add up. */
const RECHECK_MS = 4 * SWEEP_MS;

/** Why a symbol is paused whose position the venues tell otherwise. */
export const POSITION_MISMATCH = 'position_mismatch';

export interface VenueBalanceDrift {
  readonly venue: string;
  readonly asset: string;
  /** Venue minus what we expect. */
  readonly difference: number;
}

export interface SweepDeps {
  readonly desk: OrderDesk;
  readonly stock: Stock;
  readonly rows: RowWriter;
  readonly instruments: readonly Instrument[];
  nowMs(): number;
  /** Bots that trade an asset as their base. */
  holders?(asset: string): readonly { readonly bot: string; readonly pair: string }[];
  /** Some bot has an attempt under way: what the venues say now is half of something. */
  isBusy(): boolean;
  requestReconcile(): void;
  armTimer(key: string, delayMs: number): void;
  alarm(message: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * Compares on a timer what the venues hold of ours with what the journal says. Own open orders that no desk knows are
 * cancelled, a balance that does not add up is shown and the orders that may explain it are asked after again. The same
 * truth twice does nothing more. Orders without our prefix are the operator's own and are never touched.
 */
export interface Sweep {
  due(): void;
  /** Venue truth was asked for just now, by whomever. */
  asked(): void;
  /** Since the venues were asked no order was alive and no fill was heard of: their answer holds just what we know. */
  nothingMoved(): boolean;
  /** Before the stock takes this truth over. */
  compare(truth: { readonly balances: readonly Balance[]; readonly openOrders: readonly OrderReport[] }): void;
}

export function createSweep(deps: SweepDeps): Sweep {
  const { desk, stock, rows } = deps;
  const orphans = new Map<string, { cancels: number; lastCancelMs: number }>();
  let activityAtAsk: number | null = null;
  /** The stock came from a truth during which nothing moved: only then is a difference news. */
  let stockIsExact = false;

  const nothingMoved = () => activityAtAsk !== null && activityAtAsk === desk.activity();

  const cancelOrphans = (openOrders: readonly OrderReport[]) => {
    const found = openOrders.filter(
      (report) => parseClientOrderId(report.clientOrderId) !== null && !desk.listed(report),
    );
    const listed = new Set(found.map(({ clientOrderId }) => clientOrderId));
    for (const id of orphans.keys()) if (!listed.has(id)) orphans.delete(id);
    let cancelled = 0;
    for (const { clientOrderId, ref } of found) {
      const known = orphans.get(clientOrderId);
      const entry = known ?? { cancels: 0, lastCancelMs: Number.NEGATIVE_INFINITY };
      orphans.set(clientOrderId, entry);
      if (known === undefined) {
        rows.write('decisions', 'core', 'sweep.orphan', { clientOrderId, cancelled: ref !== undefined });
        const what = ref === undefined ? 'the venue does not say which market: cancel it by hand' : 'cancelling it';
        deps.alarm(`own order ${clientOrderId} is open and no bot here knows it: ${what}`, { clientOrderId });
      }
      const due = entry.cancels < MOST_CANCELS && deps.nowMs() - entry.lastCancelMs >= CANCEL_AGAIN_MS;
      if (ref === undefined || !due || cancelled >= MOST_CANCELS_PER_SWEEP) continue;
      cancelled += 1;
      entry.cancels += 1;
      entry.lastCancelMs = deps.nowMs();
      rows.write('intents', 'core', 'order.cancel', ref);
    }
  };

  const dustOf = (asset: string) => {
    const smallest = deps.instruments.filter(({ base }) => base === asset).map(({ minQty }) => minQty);
    return smallest.length === 0 ? OTHER_DUST : Math.min(...smallest);
  };

  /** A position that is not what the fills say is a contradiction like any other: nothing opens on it until somebody has looked. */
  const pauseHolders = ({ venue, asset, difference }: VenueBalanceDrift) => {
    for (const { bot, pair } of deps.holders?.(asset) ?? []) {
      const detail = `${venue} holds ${difference} ${asset} beside what the fills say`;
      rows.write('reports', bot, 'evidence', { kind: POSITION_MISMATCH, detail, report: null });
      desk.pause(pair, bot, POSITION_MISMATCH);
    }
  };

  const showDrift = (balances: readonly Balance[]) => {
    const drift: VenueBalanceDrift[] = balanceDifferences(stock.entries(), balances).filter(
      ({ asset, difference }) => Math.abs(difference) > dustOf(asset),
    );
    if (drift.length === 0) return;
    rows.write('decisions', 'core', 'sweep.drift', { drift });
    const text = drift.map(({ venue, asset, difference }) => `${venue} ${asset} ${difference}`).join(', ');
    deps.alarm(`balances do not add up, venue minus expected: ${text}`, { drift });
    for (const one of drift) pauseHolders(one);
    for (const venue of new Set(drift.map((one) => one.venue))) desk.recheck(venue, deps.nowMs() - RECHECK_MS);
  };

  return {
    due() {
      deps.armTimer('sweep', SWEEP_MS);
      if (!deps.isBusy()) deps.requestReconcile();
    },
    asked() {
      activityAtAsk = desk.openOrderCount() === 0 ? desk.activity() : null;
    },
    nothingMoved,
    compare({ balances, openOrders }) {
      cancelOrphans(openOrders);
      const isExact = nothingMoved();
      if (isExact && stockIsExact) showDrift(balances);
      stockIsExact = isExact;
      activityAtAsk = null;
    },
  };
}
