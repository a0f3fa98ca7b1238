import type { Balance } from '../src/domain/orders.ts';
import type { LoggedOrder } from '../src/sim/orderLog.ts';
import type { RunningNightjar } from './nightjarProcess.ts';

/** What the embedded venues themselves say. */
export interface VenueState {
  readonly balances: readonly Balance[];
  readonly orders: readonly LoggedOrder[];
  /** Own and foreign orders that rest. */
  readonly open: readonly { readonly clientOrderId: string }[];
}

/** Base URLs by venue, from what `start` prints. */
export async function venuesOf(running: RunningNightjar): Promise<Readonly<Record<string, string>>> {
  await running.saw(/jupiter http:\/\/127\.0\.0\.1:\d+/);
  const found = running.output().matchAll(/(binance|okx|bybit|jupiter) (http:\/\/127\.0\.0\.1:\d+)/g);
  return Object.fromEntries([...found].map(([, venue, rest]) => [venue!, rest!]));
}

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
