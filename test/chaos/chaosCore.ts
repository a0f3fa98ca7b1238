import { withHeld } from '../../src/control/latchState.ts';
import type { StartChild } from '../../src/core/childPort.ts';
import type { InputPayload } from '../../src/core/inputs.ts';
import type { KernelView } from '../../src/core/kernelTypes.ts';
import { readBack } from '../../src/core/wall/readBack.ts';
import { silentMetrics } from '../../src/telemetry/metricSink.ts';
import { createVirtualCore } from '../../src/virtualCore.ts';
import { createVirtualGateway } from '../../src/virtualGateway.ts';
import { createVirtualLane } from '../../src/virtualLane.ts';
import { createLatch, loadLatchWords } from '../../src/workers/latchWords.ts';
import { type ChaosEdge, createChaosEdge } from './chaosEdge.ts';
import type { ChaosHouse } from './chaosHouse.ts';
import { type ChaosJournal, createChaosJournal } from './chaosJournal.ts';
import { createProcessScope } from './processScope.ts';

/** One core process with its threads. */
export interface ChaosCore {
  readonly edge: ChaosEdge;
  readonly journal: ChaosJournal;
  admit(source: string, payload: InputPayload): void;
  view(): KernelView;
  /** Gone at once: memory, timers, answers on the way, rows not committed. */
  die(why: string): void;
  /** Dies while it hands over its n-th next batch of rows: between an input and what it decided. */
  dieAtRows(batches: number): void;
  /** One thread dies of itself. */
  crashThread(child: 'edge' | 'journal' | 'gateway' | 'lane:0'): void;
  pause(durationMs: number): void;
  isAlive(): boolean;
  isReady(): boolean;
}

export interface CoreEnds {
  died(why: string): void;
  stopped(end: { readonly clean: boolean; readonly escalated: boolean }): void;
  /** An exception that nobody caught. */
  threw(error: unknown): void;
}

/** Starts a core as its process would: reads the latch file and the journal, then takes its first input. */
export function startChaosCore(house: ChaosHouse, incarnation: number, offsetMs: number, ends: CoreEnds): ChaosCore {
  const { kernel, log } = house;
  let alive = true;
  let ready = false;
  let batchesLeft = Number.POSITIVE_INFINITY;
  const process = createProcessScope(house.clock, house.venueFaults.transport, {
    offsetMs,
    onUncaught(error) {
      ends.threw(error);
      die('it threw');
    },
  });
  const latch = createLatch(kernel.bots.length);
  const latchState = withHeld(house.latchFile.read(), house.latchFile.held);
  loadLatchWords(latch, latchState, kernel.bots);
  const { lastSeq, recovered } = readBack(house.runDir, incarnation);
  house.tap.cutTo(lastSeq);

  const admit = (source: string, payload: InputPayload) => {
    if (house.sabotage.ignoredLatch === true && payload.type === 'latch.changed') return;
    if (alive) core.admit(source, payload);
  };
  const edge = createChaosEdge({
    ...{ kernel, process, latch, log, admit },
    file: house.latchFile,
    watch: house.watch,
    heardIds: house.heardIds,
    nowMs: house.clock.nowMs,
  });
  const journal = createChaosJournal({ runDir: house.runDir, process, disk: house.disk, admit });
  const scope = () => createProcessScope(process.clock, process.transport);
  const gateway = createVirtualGateway({
    endpoints: house.endpoints,
    latch: house.sabotage.ignoredLatch === true ? createLatch(kernel.bots.length) : latch,
    metrics: silentMetrics,
    scope,
    admit,
    ...(house.sabotage.wrapPort === undefined ? {} : { wrapPort: house.sabotage.wrapPort }),
  });
  const lane = createVirtualLane({
    ...{ kernel, log, scope, admit },
    endpoints: house.endpoints,
    random: house.random.fork(`core/${incarnation}`),
    metrics: silentMetrics,
  });
  const crashable = new Map<string, () => void>();
  /** Remembers how to let the child die of itself. */
  const mortal = (id: string, start: StartChild): StartChild => {
    return (childIncarnation, events) => {
      const child = start(childIncarnation, events);
      crashable.set(id, () => {
        const error = { code: 'thread.lost', message: `${id} died by the fault plan`, details: {} } as const;
        events.exited({ kind: 'crash', error });
        child.kill();
      });
      return child;
    };
  };
  const joined: StartChild = (childIncarnation, events) => {
    const leave = journal.joinGateway((message) => gateway.handle(message));
    const child = gateway.start(childIncarnation, events);
    return {
      stop() {
        leave();
        child.stop();
      },
      kill() {
        leave();
        child.kill();
      },
    };
  };
  const core = createVirtualCore({
    kernel,
    clock: process.clock,
    log,
    metrics: silentMetrics,
    lastInputSeq: lastSeq.inputs ?? 0,
    edge: edge.start,
    journal: journal.start,
    gateway: { start: mortal('gateway', joined), handle: gateway.handle },
    lane: { start: mortal('lane:0', lane.start), send: lane.send },
    rows(rows) {
      if (!alive) return;
      house.tap.add(rows);
      journal.rows(rows);
      batchesLeft -= 1;
      if (batchesLeft <= 0) die('between an input and its rows');
    },
    closePermit: edge.closePermit,
    controlReply: edge.controlReply,
    // The journal thread writes the line with the row that holds it.
    execLog: () => {},
    ready() {
      ready = true;
    },
    stopped({ clean, escalated }) {
      if (!alive) return;
      ends.stopped({ clean, escalated });
    },
  });

  function die(why: string): void {
    if (!alive) return;
    alive = false;
    journal.die();
    process.end();
    ends.died(why);
  }

  const found = recovered === null ? null : (house.sabotage.editRecovered?.(recovered) ?? recovered);
  admit('core', {
    type: 'core.started',
    incarnation,
    latch: latchState,
    lastSeq,
    ...(found === null ? {} : { recovered: found }),
  });
  return {
    edge,
    journal,
    admit,
    view: core.view,
    die,
    dieAtRows(batches) {
      batchesLeft = batches;
    },
    crashThread(child) {
      if (child === 'edge') edge.crash();
      else if (child === 'journal') journal.crash();
      else crashable.get(child)?.();
    },
    pause: process.pause,
    isAlive: () => alive,
    isReady: () => alive && ready,
  };
}
