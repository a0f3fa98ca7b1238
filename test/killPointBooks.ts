import type { Balance, Fill, OrderIntent } from '../src/domain/orders.ts';
import { openJournalReader } from '../src/journal/journalReader.ts';
import type { LoggedOrder } from '../src/sim/orderLog.ts';

/** What the embedded venues themselves say. */
export interface VenueState {
  readonly balances: readonly Balance[];
  readonly orders: readonly LoggedOrder[];
  /** Own and foreign orders that rest. */
  readonly open: readonly { readonly clientOrderId: string }[];
}

/** Chain fees of failed swaps are in no fill; a lost fill is a thousand times more. In base units. */
const TOLERANCE = 1e-4;

export async function readVenues(venues: Readonly<Record<string, string>>): Promise<VenueState> {
  const ask = async <T>(rest: string, path: string) => (await (await fetch(`${rest}${path}`)).json()) as T[];
  const entries = Object.entries(venues);
  const of = async <T>(path: string, asked = entries) =>
    (await Promise.all(asked.map(([, rest]) => ask<T>(rest, path)))).flat();
  return {
    balances: await of<Balance>('/sim/balances'),
    orders: await of<LoggedOrder>('/sim/orders'),
    open: await of<{ clientOrderId: string }>(
      '/sim/openOrders',
      // A swap lands or fails, it never rests.
      entries.filter(([venue]) => venue !== 'jupiter'),
    ),
  };
}

/** Compares the journal of a run with the venues' own books. */
export function brokenBooks(runDir: string, before: VenueState, after: VenueState): string[] {
  const reader = openJournalReader(runDir);
  try {
    const fills = [...reader.rows('fills')].map(({ payload }) => payload as Fill);
    const intents = [...reader.rows('intents')]
      .filter(({ kind }) => kind === 'order.place')
      .map(({ payload }) => payload as OrderIntent);
    const closed = [...reader.rows('decisions')]
      .filter(({ kind }) => kind === 'attempt.closed')
      .map(({ subject, payload }) => ({
        subject,
        ...(payload as { attempt: number; residual: boolean; residualBaseQty: number }),
      }));
    const intentIds = new Set(intents.map(({ clientOrderId }) => clientOrderId));
    return [
      ...twice(fills.map((fill) => `${fill.venue}/${fill.pair}/${fill.tradeId}`)).map(
        (key) => `fill ${key} is booked twice`,
      ),
      ...twice(intents.map(({ clientOrderId }) => clientOrderId)).map((id) => `intent ${id} stands twice`),
      ...twice(after.orders.map(({ clientOrderId }) => clientOrderId)).map(
        (id) => `order ${id} reached the venues twice`,
      ),
      ...twice(closed.map(({ subject, attempt }) => `${subject} #${attempt}`)).map(
        (name) => `attempt ${name} is closed twice`,
      ),
      ...after.orders
        .filter(({ clientOrderId }) => !intentIds.has(clientOrderId))
        .map(({ clientOrderId }) => `order ${clientOrderId} has no intent`),
      ...after.open.map(({ clientOrderId }) => `order ${clientOrderId} is left open`),
      ...closed
        .filter(({ residual }) => residual)
        .map(({ subject, attempt }) => `${subject} #${attempt} was not unwound`),
      ...['SOL', 'RAY'].flatMap((asset) => brokenAsset(asset, fills, closed, before, after)),
    ];
  } finally {
    reader.close();
  }
}

function brokenAsset(
  asset: string,
  fills: readonly Fill[],
  closed: readonly { readonly subject: string; readonly residualBaseQty: number }[],
  before: VenueState,
  after: VenueState,
): string[] {
  const total = ({ balances }: VenueState) =>
    balances.filter((one) => one.asset === asset).reduce((sum, { free, locked }) => sum + free + locked, 0);
  const traded = fills
    .filter(({ pair }) => pair.startsWith(`${asset}/`))
    .reduce((sum, { side, qty }) => sum + (side === 'buy' ? qty : -qty), 0);
  const fees = fills.filter(({ feeCurrency }) => feeCurrency === asset).reduce((sum, { fee }) => sum + fee, 0);
  const dust = closed
    .filter(({ subject }) => subject.endsWith(`:${asset}`))
    .reduce((sum, { residualBaseQty }) => sum + residualBaseQty, 0);
  const moved = total(after) - total(before);
  return [
    Math.abs(moved - (traded - fees)) > TOLERANCE
      ? `${asset}: the venues moved by ${moved}, the journal's fills by ${traded - fees}`
      : '',
    Math.abs(traded - dust) > 1e-9 ? `${asset}: fills leave ${traded}, the closed attempts ${dust}` : '',
  ].filter((problem) => problem !== '');
}

function twice(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}
