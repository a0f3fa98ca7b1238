import { parseClientOrderId } from '../domain/clientOrderId.ts';
import { NightjarError } from '../domain/errors.ts';
import type { CexVenue, MarketRules, Pair } from '../domain/instruments.ts';
import type { LookupOutcome, OrderIntent, OrderRef, OrderReport, PlaceOutcome, TradePort } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { CcxtClient } from './ccxtClient.ts';
import { type Answer, type CexAsk, createCexAsk, REQUEST_TIMEOUT_MS } from './cexAsk.ts';
import type { CexDialect, FillReading, OrderReading, VenueOrderName } from './cexDialect.ts';
import { ORDER_GONE_MS } from './orderExpiry.ts';
import { withoutEarlyEnd } from './tradePort.ts';

/** Markets are megabytes at the real venues. */
const openTimeoutMs = 20_000;

export interface CexTradeDeps {
  readonly client: CcxtClient;
  readonly dialect: CexDialect;
  readonly account: string;
  readonly pairs: readonly Pair[];
  readonly clock: Clock;
  readonly metrics: MetricSink;
}

/**
 * The trade port of one account at one CEX, over an unmodified ccxt client. An order is sent by ccxt's `createOrder`,
 * once; its outcome is judged from the HTTP that went over the wire, not from what ccxt made of it.
 */
export function createCexTrade(deps: CexTradeDeps): TradePort {
  const { client, dialect, account } = deps;
  const { venue, exchange } = client;
  const asking = createCexAsk(client, deps.clock, deps.metrics);
  const symbolByPair = new Map<Pair, string>();
  const pairBySymbol = new Map<string, Pair>();

  const nameOf = (ref: OrderRef): VenueOrderName => ({
    clientOrderId: ref.clientOrderId,
    venueSymbol: symbolByPair.get(ref.pair) ?? '',
  });

  const reportOf = async (order: OrderReading, clientOrderId: string, pair: Pair): Promise<OrderReport> => {
    if (order.status === null) throw new Error(`order ${clientOrderId} is in a state that is not known here`);
    const listed = order.filledQty > 0 ? await fillsOf(asking, dialect, order) : [];
    const fills = listed.map((fill) => ({ ...fill, clientOrderId, venue, pair, side: order.side }));
    const { venueOrderId, status, filledQty, avgPrice, venueTimeMs } = order;
    return withoutEarlyEnd({ clientOrderId, venueOrderId, status, filledQty, avgPrice, fills, venueTimeMs });
  };

  return {
    venue,
    account,
    orderGoneMs: ORDER_GONE_MS,

    async open() {
      const loaded = await client.traced(openTimeoutMs, () => exchange.loadMarkets());
      if (loaded.error !== null) throw openFailure(venue, 'loading its markets', loaded.error);
      for (const pair of deps.pairs) {
        const market = exchange.markets?.[pair];
        if (market === undefined || market.spot !== true) {
          throw new NightjarError('venue.rejected', `${venue} has no spot market ${pair}: remove the pair`, {
            venue,
            pair,
          });
        }
        symbolByPair.set(pair, String(market.id));
        pairBySymbol.set(String(market.id), pair);
      }
      // Best effort: where it fails, the venue's own time check refuses what our clock gets wrong. Not at OKX, which lets
      // a timestamp be off by 30 s: the end of life of its orders is only as true as this difference.
      const timed = await client.traced(REQUEST_TIMEOUT_MS, () => exchange.loadTimeDifference());
      if (timed.error !== null && venue === 'okx') throw openFailure(venue, 'reading its time', timed.error);
      if (venue === 'bybit') {
        // ccxt asks for the account type before its first order; asked here, it can neither delay nor fail an order.
        const probe = exchange as unknown as { isUnifiedEnabled(): Promise<unknown> };
        const asked = await client.traced(openTimeoutMs, () => probe.isUnifiedEnabled());
        if (asked.error !== null) throw openFailure(venue, 'reading the account type', asked.error);
      }
      const account = await asking.ask(dialect.balances());
      if (account.verdict !== 'accepted') throw answerFailure(venue, 'reading the account', account);
    },

    async place(intent, refusedNow) {
      const refusal = refuseUnsent(deps, symbolByPair, intent) ?? asking.quiet('normal');
      if (refusal !== null) return { outcome: 'rejected', code: 'not-sent', reason: refusal, raw: null };
      const answer = await asking.run(
        () =>
          exchange.createOrder(
            intent.pair,
            intent.type === 'market' ? 'market' : 'limit',
            intent.side,
            // Text, so that no digit passes through a float; ccxt takes both.
            intent.qty as unknown as number,
            intent.price as unknown as number | undefined,
            { ...dialect.createParams(intent) },
          ),
        (request) => request.method === 'POST' && dialect.createPath.test(request.path),
        { isOrder: true, isOpening: intent.effect === 'opening', ...(refusedNow === undefined ? {} : { refusedNow }) },
      );
      return placeOutcome(dialect, intent, answer);
    },

    async cancel(ref) {
      const answer = await asking.ask(dialect.cancel(nameOf(ref)), 'cancel');
      const { verdict, code, reason, raw } = answer;
      if (verdict === 'accepted') return { outcome: 'confirmed', raw };
      if (verdict === 'unknown' || verdict === 'arrived') return { outcome: 'unknown', code, reason, raw };
      return { outcome: 'rejected', code, reason, raw };
    },

    async lookup(ref) {
      return find(asking, dialect, nameOf(ref), (order) => reportOf(order, ref.clientOrderId, ref.pair));
    },

    async openOrders() {
      const answer = await asking.ask(dialect.allOpen());
      if (answer.verdict !== 'accepted') throw answerFailure(venue, 'listing open orders', answer);
      const reports: OrderReport[] = [];
      for (const order of dialect.readMany(answer.body)) {
        const pair = pairBySymbol.get(order.venueSymbol);
        // What does not carry our id is the operator's own and is not even reported.
        if (pair === undefined || parseClientOrderId(order.clientOrderId) === null) continue;
        const { clientOrderId } = order;
        const report = await reportOf(order, clientOrderId, pair);
        reports.push({ ...report, ref: { clientOrderId, venue, account, pair, type: 'postOnly' } });
      }
      return reports;
    },

    async balances() {
      const answer = await asking.ask(dialect.balances());
      if (answer.verdict !== 'accepted') throw answerFailure(venue, 'reading balances', answer);
      return dialect.readBalances(answer.body).map((entry) => ({ venue, ...entry }));
    },

    async markets() {
      let listed: readonly unknown[] = [];
      const asked = await client.traced(openTimeoutMs, async () => {
        listed = await exchange.fetchMarkets();
      });
      if (asked.error !== null) throw openFailure(venue, 'listing its markets', asked.error);
      return marketRules(venue, deps.pairs, listed as readonly ListedMarket[]);
    },

    async close() {
      await exchange.close();
    },
  };
}

/** What we read of ccxt's market: increments as they are (its precision mode is TICK_SIZE at all three venues). */
interface ListedMarket {
  readonly symbol: string;
  readonly spot?: boolean;
  readonly precision: { readonly price?: number; readonly amount?: number };
  readonly limits: {
    readonly amount?: { readonly min?: number | undefined };
    readonly cost?: { readonly min?: number | undefined };
  };
}

/** A venue that lists no such market any more answers nothing about it: its orders will be refused by name. */
function marketRules(venue: CexVenue, pairs: readonly Pair[], listed: readonly ListedMarket[]): MarketRules[] {
  return listed
    .filter(({ symbol, spot }) => spot === true && pairs.includes(symbol))
    .map(({ symbol, precision, limits }) => ({
      ...{ venue, pair: symbol, tickSize: precision.price ?? 0, stepSize: precision.amount ?? 0 },
      ...{ minQty: limits.amount?.min ?? 0, minNotional: limits.cost?.min ?? 0 },
    }));
}

/** Why this intent cannot be sent as it stands; null when it can. */
function refuseUnsent(deps: CexTradeDeps, symbols: ReadonlyMap<Pair, string>, intent: OrderIntent): string | null {
  const { exchange } = deps.client;
  if (!symbols.has(intent.pair)) return `${intent.pair} is not open at ${deps.client.venue}`;
  if (intent.type === 'swap') return `a swap cannot go to ${deps.client.venue}`;
  if ((intent.type === 'market') !== (intent.price === undefined))
    return `price ${intent.price} with type ${intent.type}`;
  try {
    // ccxt cuts to the venue's grid on its own: what it would change was not decided here, so it is not sent.
    const qty = String(exchange.amountToPrecision(intent.pair, intent.qty as unknown as number));
    if (Number(qty) !== Number(intent.qty)) return `qty ${intent.qty} is off the venue's grid: it would become ${qty}`;
    if (intent.price !== undefined) {
      const price = String(exchange.priceToPrecision(intent.pair, intent.price as unknown as number));
      if (Number(price) !== Number(intent.price)) {
        return `price ${intent.price} is off the venue's grid: it would become ${price}`;
      }
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return null;
}

function placeOutcome(dialect: CexDialect, intent: OrderIntent, answer: Answer): PlaceOutcome {
  const { verdict, code, reason, raw } = answer;
  switch (verdict) {
    case 'accepted':
      try {
        return { outcome: 'confirmed', report: withoutEarlyEnd(dialect.readPlaced(answer.body, intent)), raw };
      } catch (error) {
        return { outcome: 'unknown', code: 'bad-answer', reason: messageOf(error), raw };
      }
    case 'rejected':
    case 'limited':
      return { outcome: 'rejected', code, reason, raw };
    case 'arrived':
      return { outcome: 'unknown', code, reason: `an earlier send arrived: ${reason}`, raw };
    default:
      return { outcome: 'unknown', code, reason, raw };
  }
}

/** By client id first; a "not found" counts only when the lists of open and closed orders lack the order as well. */
async function find(
  asking: CexAsk,
  dialect: CexDialect,
  name: VenueOrderName,
  reportOf: (order: OrderReading) => Promise<OrderReport>,
): Promise<LookupOutcome> {
  try {
    const answer = await asking.ask(dialect.byClientId(name));
    let order = answer.verdict === 'accepted' ? dialect.readOne(answer.body) : null;
    if (order === null && answer.verdict !== 'accepted' && answer.verdict !== 'absent') {
      return { found: 'unknown', code: answer.code, reason: answer.reason };
    }
    let raw = answer.raw;
    const lists = order === null ? dialect.elsewhere(name) : [];
    for (const call of lists) {
      const list = await asking.ask(call);
      if (list.verdict !== 'accepted') return { found: 'unknown', code: list.code, reason: list.reason };
      order = dialect.readMany(list.body).find((listed) => listed.clientOrderId === name.clientOrderId) ?? null;
      if (order === null) continue;
      raw = list.raw;
      break;
    }
    return order === null ? { found: 'no', raw } : { found: 'yes', report: await reportOf(order), raw };
  } catch (error) {
    return { found: 'unknown', code: 'bad-answer', reason: messageOf(error) };
  }
}

async function fillsOf(asking: CexAsk, dialect: CexDialect, order: OrderReading): Promise<readonly FillReading[]> {
  const answer = await asking.ask(dialect.fillsOf(order));
  if (answer.verdict !== 'accepted') throw new Error(`its fills cannot be read: ${answer.code} ${answer.reason}`);
  return dialect.readFills(answer.body, order);
}

function openFailure(venue: string, what: string, error: unknown): NightjarError {
  const name = error instanceof Error ? error.constructor.name : '';
  const code = /Authentication|Permission/.test(name) ? 'venue.auth-refused' : 'venue.unavailable';
  return new NightjarError(code, `${venue}: ${what} failed: ${messageOf(error)}`, { venue }, error);
}

function answerFailure(venue: string, what: string, answer: Answer): NightjarError {
  const code = answer.verdict === 'rejected' ? 'venue.auth-refused' : 'venue.unavailable';
  const details = { venue, code: answer.code };
  return new NightjarError(code, `${venue}: ${what} failed: ${answer.code} ${answer.reason}`, details);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
