import { expect, it } from 'vitest';
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
