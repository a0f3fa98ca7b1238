import type { Instrument } from '../domain/instruments.ts';
import type { Fill, OrderIntent, OrderReport, TradePort } from '../domain/orders.ts';
import type { JournalRow } from '../journal/rows.ts';
import { defaultRiskLimits, type RiskLimits } from '../risk/limits.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { createGateway, type Gateway } from '../workers/gateway.ts';
import { gatewayMessageOf } from '../workers/gatewayMessageOf.ts';
import { createLatch } from '../workers/latchWords.ts';
import type { OtherCommand } from './commands.ts';
import { createOrderDesk, type DeskOrder, type DraftContext, type OrderDesk, type OrderDraft } from './orderDesk.ts';
import { createPermits } from './permits.ts';
import { createRowWriter, type RowWriter } from './rowWriter.ts';
import { createScriptedVenue, type ScriptedVenue } from './scriptedVenue.ts';
import { createStock, type Stock } from './stock.ts';
import { createVirtualClock, VIRTUAL_START_MS } from './virtualClock.ts';

export const BOT = 'bot:test:SOL';

export const INSTRUMENT: Instrument = {
  venue: 'okx',
  pair: 'SOL/USDT',
  venueSymbol: 'SOL-USDT',
  base: 'SOL',
  quote: 'USDT',
  tickSize: 0.01,
  stepSize: 0.01,
  minQty: 0.01,
  minNotional: 1,
};

/** The real desk and the real gateway before a scripted venue, on an event clock. */
export interface DeskWorld {
  readonly desk: OrderDesk;
  readonly stock: Stock;
  readonly venue: ScriptedVenue;
  readonly rows: JournalRow[];
  readonly commands: OtherCommand[];
  readonly alarms: string[];
  /** What the bot heard. */
  readonly heard: { readonly fills: Fill[]; readonly fates: { readonly id: string; readonly fate: string }[] };
  /** Tries to send one; @returns its id, or the reason of the refusal in the form `refused: reason` */
  order(draft?: Partial<OrderDraft>, context?: Partial<DraftContext>): string;
  stateOf(clientOrderId: string): string;
  run(durationMs: number): Promise<void>;
  nowMs(): number;
  /** The gateway dies with all it knows; a new one is asked after every open fate. */
  restartGateway(): void;
  /** A latch as the edge would announce it: closed for the bot, or open again. */
  latch(closed: boolean): void;
  rowsOf(table: JournalRow['table'], kind?: string): JournalRow[];
  readonly write: RowWriter['write'];
  /** Bought minus sold over all booked fills, whoever they belong to. */
  booked(): number;
}

export function startDesk(
  options: {
    readonly limits?: Partial<RiskLimits>;
    readonly incarnation?: number;
    readonly venue?: ScriptedVenue;
    /** Instead of the scripted venue's port. */
    readonly port?: (clock: ReturnType<typeof createVirtualClock>) => TradePort;
    readonly startMs?: number;
  } = {},
): DeskWorld {
  const clock = createVirtualClock(options.startMs ?? VIRTUAL_START_MS);
  const venue = options.venue ?? createScriptedVenue(() => clock.nowMs());
  const rows: JournalRow[] = [];
  const commands: OtherCommand[] = [];
  const alarms: string[] = [];
  const heard: DeskWorld['heard'] = { fills: [], fates: [] };
  const states = new Map<string, string>();
  const permits = createPermits({ all: null, bots: {} });
  const stock = createStock();
  let gateway: Gateway;

  const writer = createRowWriter({}, (row) => {
    rows.push(row);
    if (row.table === 'transitions') {
      const { clientOrderId, to } = row.payload as { clientOrderId: string; to: string };
      states.set(clientOrderId, to);
    }
    if (row.table === 'intents') gateway.handle(gatewayMessageOf(row));
  });
  const desk = createOrderDesk({
    runTag: 'testtest',
    coreIncarnation: options.incarnation ?? 1,
    nowMs: () => clock.nowMs(),
    rows: writer,
    permits,
    stock,
    metrics: silentMetrics,
    limits: { ...defaultRiskLimits, duplicateWindowMs: 0, maxOrdersPerSecond: 1000, ...options.limits },
    instruments: [INSTRUMENT],
    command(command) {
      commands.push(command);
      if (command.type === 'order.resolve') {
        gateway.handle({ type: 'resolve', ref: command.ref, deadlineMs: command.deadlineMs });
      }
    },
    warn: () => {},
    alarm: (message) => alarms.push(message),
  });
  const startGateway = () => {
    const made: Gateway = createGateway({
      ports: [options.port?.(clock) ?? venue.port],
      clock,
      latch: createLatch(1),
      metrics: silentMetrics,
      send(message) {
        if (gateway !== made) return;
        if (message.type === 'placed') desk.placed(message.clientOrderId, message.answer);
        else if (message.type === 'refused') desk.refused(message.clientOrderId, message.reason);
        else if (message.type === 'resolved') desk.resolved(message.clientOrderId, message.answer);
      },
    });
    gateway = made;
  };
  startGateway();
  desk.register(BOT, {
    onFill: (_order: DeskOrder, fill) => heard.fills.push(fill),
    onChainFee: () => {},
    onDone: ({ intent }, fate) => heard.fates.push({ id: intent.clientOrderId, fate }),
  });

  return {
    desk,
    stock,
    venue,
    rows,
    commands,
    alarms,
    heard,
    order(draft = {}, context = {}) {
      const whole = { ...soundDraft, ...draft };
      const price = whole.price === undefined ? null : Number(whole.price);
      const result = desk.submit(whole, { ...soundContext, price, ...context });
      return 'refused' in result ? `refused: ${result.refused.reason}` : result.clientOrderId;
    },
    stateOf: (clientOrderId) => states.get(clientOrderId) ?? 'intended',
    run: (durationMs) => clock.run(clock.nowMs() + durationMs),
    nowMs: () => clock.nowMs(),
    restartGateway() {
      startGateway();
      desk.followAll();
    },
    latch(closed) {
      permits.update({ all: null, bots: closed ? { [BOT]: { reason: 'test', by: 'test', atMs: 0 } } : {} }, !closed);
      desk.permitsChanged();
    },
    rowsOf: (table, kind) => rows.filter((row) => row.table === table && (kind === undefined || row.kind === kind)),
    write: writer.write,
    booked: () =>
      rows
        .filter(({ table }) => table === 'fills')
        .map(({ payload }) => payload as Fill)
        .reduce((sum, { side, qty }) => sum + (side === 'buy' ? qty : -qty), 0),
  };
}

export const soundDraft: OrderDraft = {
  bot: BOT,
  botSlot: 0,
  epoch: 1,
  attempt: 1,
  leg: 'cex',
  venue: 'okx',
  pair: 'SOL/USDT',
  side: 'buy',
  type: 'ioc',
  effect: 'opening',
  qty: '1',
  price: '150',
};

const soundContext: DraftContext = {
  price: 150,
  midPx: 150,
  priceAgeMs: 5,
  bookCrossed: false,
  instrument: INSTRUMENT,
  minQty: 0.01,
  minNotional: 1,
  parentRemainingQty: 1,
  positionQty: 0,
  sessionOpen: true,
};

/** A report in the venue's words about an order that a test sent. */
export function reportOn(intent: OrderIntent, status: OrderReport['status'], fills: readonly Fill[]): OrderReport {
  return {
    clientOrderId: intent.clientOrderId,
    venueOrderId: 'v',
    status,
    filledQty: fills.reduce((sum, { qty }) => sum + qty, 0),
    avgPrice: null,
    fills,
    venueTimeMs: 1,
  };
}
