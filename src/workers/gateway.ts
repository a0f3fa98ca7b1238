import type { OrderIntent, OrderRef, PlaceOutcome, TradePort } from '../domain/orders.ts';
import type { Clock } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { isFinal, resolveOutcome } from '../venues/tradePort.ts';
import type { FromGateway, ToGateway } from './gatewayMessages.ts';
import { marketsOfPorts, reconcilePorts, within } from './gatewayReconcile.ts';
import { latchRefusal } from './latchWords.ts';

/** How long an order is followed after its placing before the core hears `unknown` and decides whether to go on. */
const FOLLOW_MS = 10_000;
/** First pause between two lookups; a swap needs slots of 400 ms to land. */
const POLL_MS = { order: 10, swap: 200 } as const;
/** Orders waiting or in flight over all venues; the next one is refused. */
const MAX_IN_FLIGHT = 256;
/** Client order ids remembered, oldest forgotten first: a second send of any of these is dropped. */
const MAX_REMEMBERED = 16_384;
/** Why an order is not sent that was cancelled first. */
const WITHDRAWN = 'cancelled before it was sent';
const OPEN_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 6_000;

export interface GatewayDeps {
  readonly ports: readonly TradePort[];
  readonly clock: Clock;
  /** Shared words, `latchWords.ts`. */
  readonly latch: SharedArrayBuffer;
  readonly metrics: MetricSink;
  send(message: FromGateway): void;
}

export interface Gateway {
  /** Opens every port. @throws NightjarError of the first venue that refuses or does not answer in time */
  open(): Promise<void>;
  handle(message: ToGateway): void;
}

/** What is known about one client order id since this gateway started. */
interface Known {
  /** `awaited`: its cancel came first, straight from the core, while the order itself may still wait for its commit. */
  state: 'awaited' | 'queued' | 'sending' | 'sent' | 'dropped';
  /** The venue has confirmed it once. */
  acknowledged: boolean;
  sentAtMs: number;
  /** Cancelled before its bytes left: they never do. */
  isWithdrawn: boolean;
  /** Ends when the send has been answered, whatever the answer. */
  answered: Promise<void>;
}

/**
 * The only place from which orders leave. Sends each client order id at most once, in the order given per account and
 * pair, asks the permit latch as the last thing before the first byte leaves, and follows whatever is not final until the
 * venue proves its fate.
 */
export function createGateway(deps: GatewayDeps): Gateway {
  const { clock, latch, send } = deps;
  const ports = new Map(deps.ports.map((port) => [`${port.venue}/${port.account}`, port]));
  const known = new Map<string, Known>();
  const lanes = new Map<string, Promise<void>>();
  const follows = new Map<string, { untilMs: number }>();
  const abort = new AbortController();
  /** What an earlier gateway sent was sent before this. */
  const startedAtMs = clock.nowMs();
  let inFlight = 0;
  let reconciling: 'no' | 'running' | 'again' = 'no';
  let stopping = false;

  const portOf = (order: OrderRef | OrderIntent) => ports.get(`${order.venue}/${order.account}`);
  const count = (venue: string, outcome: string) =>
    deps.metrics.counter('nightjar_orders_sent_total', { venue, outcome }).inc();
  const refuse = ({ clientOrderId, venue }: OrderIntent, reason: string) => {
    count(venue, 'refused');
    send({ type: 'refused', clientOrderId, reason });
  };

  const remember = (clientOrderId: string, entry: Known) => {
    known.set(clientOrderId, entry);
    if (known.size <= MAX_REMEMBERED) return;
    for (const [id, old] of known) {
      if (old.state === 'queued' || old.state === 'sending') continue;
      known.delete(id);
      return;
    }
  };

  const rememberedOr = (clientOrderId: string, state: Known['state']): Known => {
    const entry = known.get(clientOrderId) ?? newlyKnown(state);
    if (!known.has(clientOrderId)) remember(clientOrderId, entry);
    return entry;
  };

  /** From when on no venue takes this order any more, unless it has it. */
  const absentFromMs = (clientOrderId: string, port: TradePort): number => {
    const entry = known.get(clientOrderId);
    if (entry?.state === 'queued' || entry?.state === 'sending') return Number.POSITIVE_INFINITY;
    return (entry?.state === 'sent' ? entry.sentAtMs : startedAtMs) + (port.orderGoneMs ?? 0);
  };

  const follow = async (ref: OrderRef, untilMs: number, restingIsEnough: boolean) => {
    const running = follows.get(ref.clientOrderId);
    if (running !== undefined) {
      running.untilMs = Math.max(running.untilMs, untilMs);
      return;
    }
    const port = portOf(ref);
    const entry = { untilMs };
    follows.set(ref.clientOrderId, entry);
    for (;;) {
      const answer =
        port === undefined
          ? noPort(ref)
          : await resolveOutcome(port, ref, {
              clock,
              deadlineMs: entry.untilMs,
              pollMs: ref.type === 'swap' ? POLL_MS.swap : POLL_MS.order,
              acknowledged: known.get(ref.clientOrderId)?.acknowledged === true,
              restingIsEnough,
              absentFromMs: () => absentFromMs(ref.clientOrderId, port),
              abort: abort.signal,
            });
      // Somebody asked for more time meanwhile.
      if (answer.found === 'unknown' && entry.untilMs > clock.nowMs() && !stopping && port !== undefined) continue;
      follows.delete(ref.clientOrderId);
      // Said to be nowhere, so it must not leave from here either: its intent may still wait for a commit.
      if (answer.found === 'no') {
        const denied = rememberedOr(ref.clientOrderId, 'dropped');
        if (denied.state === 'awaited') denied.state = 'dropped';
      }
      send({ type: 'resolved', clientOrderId: ref.clientOrderId, answer });
      return;
    }
  };

  const sendOrder = async (intent: OrderIntent, port: TradePort, entry: Known) => {
    if (entry.state === 'dropped') return refuse(intent, WITHDRAWN);
    if (stopping) return refuse(intent, 'the gateway is stopping');
    entry.state = 'sending';
    entry.sentAtMs = clock.nowMs();
    // Before any work is done for it.
    const refusal = latchRefusal(latch, intent.botSlot, intent.effect);
    if (refusal !== null) {
      entry.state = 'dropped';
      return refuse(intent, refusal);
    }
    // Last, with nothing between this and its first byte. A no stands: what was kept back once is not tried again.
    let keptBack: string | null = null;
    const refusedNow = () => {
      keptBack ??= entry.isWithdrawn ? WITHDRAWN : latchRefusal(latch, intent.botSlot, intent.effect);
      // Signed by now, perhaps long after its turn came (a slow connect): its end of life is reckoned from here.
      entry.sentAtMs = clock.nowMs();
      return keptBack;
    };
    const answer = await port.place(intent, refusedNow).catch(brokenPlace);
    if (keptBack !== null && answer.outcome === 'rejected') {
      entry.state = 'dropped';
      return refuse(intent, keptBack);
    }
    entry.state = 'sent';
    entry.acknowledged = answer.outcome === 'confirmed';
    count(intent.venue, answer.outcome);
    send({ type: 'placed', clientOrderId: intent.clientOrderId, answer });
    if (answer.outcome === 'rejected' || (answer.outcome === 'confirmed' && isFinal(answer.report))) return;
    void follow(refOf(intent), clock.nowMs() + FOLLOW_MS, intent.type === 'postOnly');
  };

  const place = (intent: OrderIntent) => {
    const { clientOrderId } = intent;
    const earlier = known.get(clientOrderId);
    if (earlier?.state === 'awaited') {
      earlier.state = 'dropped';
      return refuse(intent, WITHDRAWN);
    }
    if (earlier !== undefined)
      return deps.metrics.counter('nightjar_orders_duplicate_total', { venue: intent.venue }).inc();
    const port = portOf(intent);
    if (port === undefined) return refuse(intent, `no account ${intent.venue}/${intent.account} is open here`);
    if (inFlight >= MAX_IN_FLIGHT) return refuse(intent, `${MAX_IN_FLIGHT} orders are waiting already`);
    inFlight += 1;
    const laneKey = `${intent.venue}/${intent.account}/${intent.pair}`;
    const entry = newlyKnown('queued');
    const ahead = lanes.get(laneKey);
    // A free lane sends in this very turn.
    entry.answered = (
      ahead === undefined ? sendOrder(intent, port, entry) : ahead.then(() => sendOrder(intent, port, entry))
    ).finally(() => {
      inFlight -= 1;
      if (lanes.get(laneKey) === entry.answered) lanes.delete(laneKey);
    });
    lanes.set(laneKey, entry.answered);
    remember(clientOrderId, entry);
  };

  const cancel = async (ref: OrderRef) => {
    const entry = rememberedOr(ref.clientOrderId, 'awaited');
    entry.isWithdrawn = true;
    if (entry.state === 'queued') {
      entry.state = 'dropped';
      return;
    }
    // A cancel that overtook its own order would find nothing, and the order would live.
    if (entry.state === 'sending') {
      await entry.answered;
      if ((entry.state as Known['state']) === 'dropped') return;
    }
    const port = portOf(ref);
    if (port !== undefined) await port.cancel(ref).catch(() => {});
    // Whatever the answer was: cancelled, gone, filled in between or not heard, only a lookup proves it.
    await follow(ref, clock.nowMs() + FOLLOW_MS, false);
  };

  const reconcile = async () => {
    if (reconciling !== 'no') {
      reconciling = 'again';
      return;
    }
    do {
      reconciling = 'running';
      const truth = await reconcilePorts(deps.ports, clock);
      if (!stopping) send({ type: 'reconciled', ...truth });
    } while ((reconciling as string) === 'again' && !stopping);
    reconciling = 'no';
  };

  const markets = async () => {
    const stated = await marketsOfPorts(deps.ports, clock);
    if (!stopping) send({ type: 'markets', ...stated });
  };

  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await within(clock, STOP_DEADLINE_MS, 'orders in flight', Promise.all(lanes.values())).catch(() => {});
    abort.abort();
    await within(clock, STOP_DEADLINE_MS, 'closing', Promise.all(deps.ports.map((port) => port.close()))).catch(
      () => {},
    );
    send({ type: 'stopped' });
  };

  return {
    async open() {
      await within(clock, OPEN_DEADLINE_MS, 'opening', Promise.all(deps.ports.map((port) => port.open())));
    },
    handle(message) {
      switch (message.type) {
        case 'place':
          return place(message.intent);
        case 'cancel':
          return void cancel(message.ref);
        case 'resolve':
          return void follow(message.ref, message.deadlineMs, false);
        case 'reconcile':
          return void reconcile();
        case 'markets':
          return void markets();
        case 'stop':
          return void stop();
      }
    },
  };
}

function refOf({ clientOrderId, venue, account, pair, type }: OrderIntent): OrderRef {
  return { clientOrderId, venue, account, pair, type };
}

function newlyKnown(state: Known['state']): Known {
  return { state, acknowledged: false, sentAtMs: 0, isWithdrawn: false, answered: Promise.resolve() };
}

/** A port that throws broke its promise; what it had sent by then nobody knows. */
function brokenPlace(error: unknown): PlaceOutcome {
  return { outcome: 'unknown', code: 'port', reason: String(error), raw: null };
}

function noPort(ref: OrderRef) {
  return { found: 'unknown', code: 'no-port', reason: `no account ${ref.venue}/${ref.account} is open here` } as const;
}
