import { expect, it } from 'vitest';
import type { OrderRef, OrderReport } from '../domain/orders.ts';
import type { JournalRow } from '../journal/rows.ts';
import { silentMetrics } from '../telemetry/metricSink.ts';
import { createDoor } from './door.ts';
import { TESTBED_CONFIG } from './kernelTestbed.ts';
import { createVirtualClock } from './virtualClock.ts';

function openDoor() {
  const rows: JournalRow[] = [];
  const said: string[] = [];
  const door = createDoor({
    clock: createVirtualClock(),
    config: TESTBED_CONFIG,
    log: { log: (_level, _channel, message) => said.push(message) },
    metrics: silentMetrics,
    journal: (more) => rows.push(...more),
    cancel: () => {},
    execute: () => {},
    lastInputSeq: 0,
  });
  door.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq: {} });
  return { door, rows, said };
}

it('hands each input to the journal before the rows that it decides', () => {
  const { rows } = openDoor();
  expect(rows[0]).toMatchObject({ table: 'inputs', seq: 1, kind: 'core.started' });
  expect(rows.slice(1).every(({ table, inputSeq }) => table !== 'inputs' && inputSeq === 1)).toBe(true);
});

it('refuses an input that the journal cannot hold, without spending a number on it', () => {
  const { door, rows, said } = openDoor();
  const poisoned = { id: 'p', action: 'status', reason: '', args: { n: Number.POSITIVE_INFINITY }, by: 't', from: 't' };
  door.admit('edge', { type: 'control', message: poisoned });
  expect(said.at(-1)).toMatch(/an input of edge \(control\) was refused/);
  door.admit('edge', { type: 'control', message: { ...poisoned, args: {} } });
  expect(rows.filter(({ table }) => table === 'inputs').map(({ seq }) => seq)).toEqual([1, 2]);
});

it('holds a venue report, and all that comes behind it, until the report is durable', () => {
  const rows: JournalRow[] = [];
  const urgent: boolean[] = [];
  const awaited: { inputSeq: number; then: () => void }[] = [];
  const door = createDoor({
    clock: createVirtualClock(),
    config: TESTBED_CONFIG,
    log: { log: () => {} },
    metrics: silentMetrics,
    journal(more, isUrgent = false) {
      rows.push(...more);
      if (more[0]?.table === 'inputs') urgent.push(isUrgent);
    },
    durable: (inputSeq, then) => awaited.push({ inputSeq, then }),
    cancel: () => {},
    execute: () => {},
    lastInputSeq: 0,
  });
  const handled = () => [...new Set(rows.filter(({ table }) => table !== 'inputs').map(({ inputSeq }) => inputSeq))];
  door.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq: {} });
  expect(awaited).toEqual([]);
  const report = { type: 'order.placed', clientOrderId: 'njx', answer: { outcome: 'unknown', reason: 'cut' } } as const;
  const status = { id: 's', action: 'status', reason: '', args: {}, by: 't', from: 't' };
  door.admit('gateway', report as never);
  door.admit('edge', { type: 'control', message: status });
  door.admit('gateway', report as never);
  // The first report is handed to the journal and not read; what came behind it has no number yet.
  expect(rows.filter(({ table }) => table === 'inputs').map(({ kind }) => kind)).toEqual([
    'core.started',
    'order.placed',
  ]);
  expect(handled()).toEqual([1]);
  awaited[0]!.then();
  awaited[0]!.then();
  expect(rows.filter(({ table }) => table === 'inputs').map(({ kind }) => kind)).toEqual([
    'core.started',
    'order.placed',
    'control',
    'order.placed',
  ]);
  expect(handled()).toContain(3);
  expect(handled()).not.toContain(4);
  expect(awaited.map(({ inputSeq }) => inputSeq)).toEqual([2, 4]);
  awaited[1]!.then();
  expect(urgent).toEqual([false, true, false, true]);
});

it('reads a report at once where no journal is there to make it durable', () => {
  const rows: JournalRow[] = [];
  const door = createDoor({
    clock: createVirtualClock(),
    config: TESTBED_CONFIG,
    log: { log: () => {} },
    metrics: silentMetrics,
    journal: (more) => rows.push(...more),
    durable: (_inputSeq, then) => then(),
    cancel: () => {},
    execute: () => {},
    lastInputSeq: 0,
  });
  door.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq: {} });
  const status = { id: 's', action: 'status', reason: '', args: {}, by: 't', from: 't' };
  door.admit('gateway', { type: 'reconciled', balances: [], openOrders: [], failures: [] });
  door.admit('edge', { type: 'control', message: status });
  expect(rows.filter(({ table }) => table === 'inputs').map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

it('sends a cancel at once, beside its row, though no commit ever comes', () => {
  const ref = {
    ...{ clientOrderId: 'njoldrun000000010001000001', venue: 'okx', account: 'main' },
    ...{ pair: 'SOL/USDT', type: 'postOnly' },
  } as const;
  const report = { clientOrderId: ref.clientOrderId, venueOrderId: 'v', status: 'open', filledQty: 0, avgPrice: null };
  const openOrders = [{ ...report, fills: [], venueTimeMs: 0, ref } as OrderReport];
  const rows: JournalRow[] = [];
  const cancelled: OrderRef[] = [];
  const door = createDoor({
    clock: createVirtualClock(),
    config: TESTBED_CONFIG,
    log: { log: () => {} },
    metrics: silentMetrics,
    journal: (more) => rows.push(...more),
    cancel: (asked) => cancelled.push(asked),
    execute(command) {
      if (command.type === 'child.start') {
        const { child, incarnation } = command;
        door.admit(child, { type: 'child.started', child, incarnation });
      } else if (command.type === 'gateway.reconcile') {
        door.admit('gateway', { type: 'reconciled', balances: [], openOrders, failures: [] });
      }
    },
    lastInputSeq: 0,
  });
  door.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq: {} });
  expect(cancelled).toEqual([ref]);
  expect(rows.filter(({ kind }) => kind === 'order.cancel').map(({ payload }) => payload)).toEqual([ref]);
});

it('reads a report before its commit rather than let more inputs wait than it has room for', () => {
  let inputs = 0;
  const door = createDoor({
    clock: createVirtualClock(),
    config: TESTBED_CONFIG,
    log: { log: () => {} },
    metrics: silentMetrics,
    journal(rows) {
      if (rows[0]?.table === 'inputs') inputs += 1;
    },
    durable: () => {},
    cancel: () => {},
    execute: () => {},
    lastInputSeq: 0,
  });
  door.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq: {} });
  door.admit('gateway', { type: 'reconciled', balances: [], openOrders: [], failures: [] });
  const status = { id: 's', action: 'status', reason: '', args: {}, by: 't', from: 't' };
  for (let sent = 1; sent < 10_000; sent += 1) door.admit('edge', { type: 'control', message: status });
  expect(inputs).toBe(2);
  door.admit('edge', { type: 'control', message: status });
  expect(inputs).toBe(10_002);
});
