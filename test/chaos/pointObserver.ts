import type { OrderIntent } from '../../src/domain/orders.ts';
import type { JournalRow } from '../../src/journal/rows.ts';
import type { OrderWatch } from './orderWatch.ts';
import type { SometimesPoint } from './sometimes.ts';

/** Tells from the rows which of the declared places a run has reached. */
export function createPointObserver(
  orders: OrderWatch,
  reached: (point: SometimesPoint) => void,
): { hear(row: JournalRow): void; coreStarts(): void } {
  let acked = new Set<string>();
  let ownIntents = new Set<string>();

  const hearReport = (kind: string, payload: unknown) => {
    const { clientOrderId, reason, answer } = payload as {
      clientOrderId: string;
      reason?: string;
      answer?: { report?: { fills: readonly { tradeId: string }[]; failedChainFee?: number } };
    };
    const report = answer?.report;
    if (kind === 'placed.unknown') reached('an answer was unknown');
    if (kind === 'placed.rejected') reached('a venue refused an order');
    if (kind === 'refused') hearRefusal(reason ?? '');
    if (report?.failedChainFee !== undefined) reached('a swap landed and failed');
    if (report !== undefined && new Set(report.fills.map(({ tradeId }) => tradeId)).size < report.fills.length)
      reached('a venue listed a fill twice');
    if (kind.startsWith('placed.')) acked.add(clientOrderId);
    else if (kind === 'resolved.yes' && (report?.fills.length ?? 0) > 0) {
      if (ownIntents.has(clientOrderId) && !acked.has(clientOrderId)) reached('a fill was heard of before the ack');
    }
  };
  const hearRefusal = (reason: string) => {
    if (reason === 'permit closed') reached('a latch was closed between intent and send');
    if (reason === 'killed') reached('a kill was closed between intent and send');
    if (reason.startsWith('no gateway')) reached('no gateway was there when an intent was committed');
    if (reason.startsWith('the journal has failed')) reached('a failed journal gave an order back');
  };
  const hearCrash = (kind: string, child: string) => {
    if (kind === 'restarted') {
      if (orders.living().some(({ intent }) => intent.bot === child)) reached('a bot adopted an order after its crash');
      return;
    }
    if (orders.attempts().includes(child)) reached('a bot crashed with an attempt under way');
    if (orders.attempts().length === 0) return;
    if (child === 'lane:0') reached('a lane died while an attempt was under way');
    if (child === 'journal') reached('a journal died while an attempt was under way');
  };
  const hearInput = ({ kind, payload }: JournalRow) => {
    if (kind === 'reconciled' && (payload as { failures: readonly string[] }).failures.length > 0)
      reached('venue truth was incomplete');
    if (kind === 'journal.failed' && orders.attempts().length > 0)
      reached('the journal failed while an attempt was under way');
    const crashed = kind === 'child.exited' ? (payload as { child: string; reason: { kind: string } }) : null;
    if (crashed?.child === 'gateway' && orders.living().length > 0) reached('a gateway died with an order on its way');
  };
  const hearDecision = ({ kind, payload }: JournalRow) => {
    if (kind === 'look.ended' && (payload as { end: string }).end === 'crashed') reached('a look crashed');
    if (kind !== 'recovered') return;
    const found = payload as { filled: number; withoutFill: number; attempts: readonly unknown[] };
    if (found.filled > 0) reached('recovery found a fill of a dead core');
    if (found.withoutFill > 0) reached('recovery found an order without a fill');
    if (found.attempts.length > 0) reached('recovery found an attempt under way');
  };

  return {
    hear(row) {
      const { table, kind, subject, payload } = row;
      if (table === 'inputs') hearInput(row);
      else if (table === 'reports') hearReport(kind, payload);
      else if (table === 'decisions') hearDecision(row);
      else if (table === 'crashes') hearCrash(kind, subject);
      else if (table === 'commands' && kind === 'latch.close') reached('the core closed a permit');
      else if (table === 'transitions' && kind === 'order') {
        if ((payload as { to: string }).to === 'neverArrived') reached('an order never arrived');
      } else if (table === 'intents' && kind === 'order.place') {
        const { clientOrderId, leg } = payload as OrderIntent;
        ownIntents.add(clientOrderId);
        if (leg === 'unwind') reached('an attempt was unwound');
      }
    },
    coreStarts() {
      acked = new Set();
      ownIntents = new Set();
    },
  };
}
