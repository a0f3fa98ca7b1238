import { NightjarError } from '../domain/errors.ts';
import type { MarketRules } from '../domain/instruments.ts';
import type { Balance, OrderReport, TradePort } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';

/** For all questions to one venue together. */
const RECONCILE_DEADLINE_MS = 8_000;

export interface VenueTruth {
  readonly balances: readonly Balance[];
  readonly openOrders: readonly OrderReport[];
  /** One line per question that no venue answered; empty = the truth is whole. */
  readonly failures: readonly string[];
}

/** What we own and what of ours is open, over all accounts. A venue that fails is named and leaves the rest standing. */
export async function reconcilePorts(ports: readonly TradePort[], clock: Clock): Promise<VenueTruth> {
  const balances: Balance[] = [];
  const openOrders: OrderReport[] = [];
  const failures: string[] = [];
  await Promise.all(
    ports.flatMap((port) => [
      gather(clock, port, 'balances', port.balances(), balances, failures),
      gather(clock, port, 'open orders', port.openOrders(), openOrders, failures),
    ]),
  );
  // Answers arrive in any order; the report does not, so that two reconciles of one truth are equal.
  balances.sort((a, b) => order(a.venue, b.venue) || order(a.asset, b.asset));
  openOrders.sort((a, b) => order(a.clientOrderId, b.clientOrderId));
  return { balances, openOrders, failures: failures.sort() };
}

/** The rules of every market that a venue states, in a fixed order. */
export async function marketsOfPorts(
  ports: readonly TradePort[],
  clock: Clock,
): Promise<{ readonly markets: readonly MarketRules[]; readonly failures: readonly string[] }> {
  const markets: MarketRules[] = [];
  const failures: string[] = [];
  await Promise.all(ports.map((port) => gather(clock, port, 'markets', port.markets?.() ?? [], markets, failures)));
  markets.sort((a, b) => order(a.venue, b.venue) || order(a.pair, b.pair));
  return { markets, failures: failures.sort() };
}

/** Adds what a venue answers, or one line about why it did not. */
async function gather<T>(
  clock: Clock,
  port: TradePort,
  what: string,
  asked: Promise<readonly T[]> | readonly T[],
  into: T[],
  failures: string[],
): Promise<void> {
  try {
    into.push(...(await within(clock, RECONCILE_DEADLINE_MS, what, Promise.resolve(asked))));
  } catch (error) {
    failures.push(`${port.venue}/${port.account} ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws NightjarError net.timeout when `promise` does not settle in time on this clock */
export function within<T>(clock: Clock, timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () =>
      reject(new NightjarError('net.timeout', `${what} took longer than ${timeoutMs} ms`, { timeoutMs })),
    );
    promise.then(resolve, reject).finally(cancel);
  });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
