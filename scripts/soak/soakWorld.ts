import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arbInstances } from '../../src/config/arbInstances.ts';
import { loadConfig, type NightjarConfig } from '../../src/config/loadConfig.ts';
import { dimensionsOf, journalPathOf } from '../../src/core/coreRuntime.ts';
import type { InputPayload } from '../../src/core/inputs.ts';
import type { KernelConfig } from '../../src/core/kernelTypes.ts';
import { inProcess } from '../../src/core/virtualChild.ts';
import { createVirtualClock, VIRTUAL_START_MS } from '../../src/core/virtualClock.ts';
import type { Logger, SocketHandle, SocketHandlers, Transport } from '../../src/domain/ports.ts';
import { createRandom } from '../../src/domain/random.ts';
import { createJournalWriter } from '../../src/journal/journalWriter.ts';
import { JOURNAL_TABLES, type JournalRow } from '../../src/journal/rows.ts';
import { createInMemoryTransport } from '../../src/sim/inMemoryTransport.ts';
import { defaultSimConfig } from '../../src/sim/simConfig.ts';
import { SIM_INSTRUMENTS } from '../../src/sim/simInstruments.ts';
import { createSimWorld } from '../../src/sim/simWorld.ts';
import { readFeedFigures } from '../../src/telemetry/feedFigures.ts';
import { createSlabs, slabLayout } from '../../src/telemetry/slab.ts';
import { createSlabSink } from '../../src/telemetry/slabSink.ts';
import { createSlabReader } from '../../src/telemetry/slabText.ts';
import { createVirtualCore } from '../../src/virtualCore.ts';
import { createVirtualGateway } from '../../src/virtualGateway.ts';
import { createVirtualLane } from '../../src/virtualLane.ts';
import { createLatch } from '../../src/workers/latchWords.ts';
import { createVirtualJournal, type VirtualJournal } from '../../src/workers/virtualJournal.ts';

export interface SoakWorld {
  /** Runs on to so many virtual milliseconds after the start. */
  runTo(atMs: number): Promise<void>;
  /** Cuts every market data connection of every venue. */
  cutAll(): void;
  figures(): Readonly<Record<'cuts' | 'looks' | 'reconnects' | 'frames', number>> & Readonly<Record<string, number>>;
  /** What must not happen and did, in words. */
  faults(): readonly string[];
  close(): void;
}

/**
 * The whole system with both bots on the virtual clock, over connections that can be cut.
 *
 * @param trades  whether the market offers chances: what is remembered of orders fills its bounded tables for hours
 */
export function startSoakWorld(seed: number, trades: boolean): SoakWorld {
  const random = createRandom(seed).fork('soak');
  const clock = createVirtualClock();
  const runDir = mkdtempSync(join(tmpdir(), 'nightjar-soak-'));
  const { config } = loadConfig({ cwd: runDir, flags: { set: ['clock=virtual', `seed=${seed}`] } });
  const kernel = kernelOf(config, seed);
  const market = { ...defaultSimConfig.market, episodeGapMs: 2_000, ...(trades ? {} : { dexLag: false, feeScale: 2 }) };
  const world = createSimWorld({ clock, random: random.fork('sim'), config: { ...defaultSimConfig, market } });
  const { transport, endpoints } = createInMemoryTransport(world, { clock, random: random.fork('network') });
  const cutter = createCutter(transport);
  const network = { ...transport, openSocket: cutter.openSocket };
  const scope = () => ({ clock, transport: network, end: () => {} });
  const dimensions = dimensionsOf(kernel);
  const slabs = createSlabs(dimensions);
  const sinkOf = (thread: string) => {
    const slab = slabs.find((one) => one.thread === thread)!;
    return createSlabSink(slabLayout(slab.kind, slab.thread, dimensions), slab.buffer);
  };
  const log: Logger = { log: () => {} };
  const admit = (source: string, payload: InputPayload) => core.admit(source, payload);
  const latch = createLatch(kernel.bots.length);
  const gateway = createVirtualGateway({ endpoints, latch, metrics: sinkOf('gateway'), scope, admit });
  const laneId = kernel.lanes[0]!;
  const lane = createVirtualLane({ kernel, endpoints, random, metrics: sinkOf(laneId), log, scope, admit });
  let journal: VirtualJournal | null = null;
  let waiting: JournalRow[] = [];

  const core = createVirtualCore({
    ...{ kernel, clock, log, metrics: sinkOf('core'), lastInputSeq: 0, gateway, lane },
    edge(_incarnation, events) {
      events.started();
      return inProcess(() => {}, events);
    },
    journal(_incarnation, events) {
      const opened = createVirtualJournal({
        writer: createJournalWriter(journalPathOf(runDir), { synchronous: 'OFF' }),
        clock,
        deliver: (message) => void gateway.handle(message),
      });
      journal = opened;
      opened.append(waiting.splice(0));
      events.started();
      return inProcess(() => opened.close(), events);
    },
    rows(rows) {
      if (journal === null) waiting = [...waiting, ...rows];
      else journal.append(rows);
    },
    durable(inputSeq, then) {
      if (journal === null) then();
      else journal.durable(inputSeq, then);
    },
    ...{ closePermit: () => {}, controlReply: () => {}, execLog: () => {}, ready: () => {}, stopped: () => {} },
  });
  const lastSeq = Object.fromEntries(JOURNAL_TABLES.map((table) => [table, 0]));
  core.admit('core', { type: 'core.started', incarnation: 1, latch: { all: null, bots: {} }, lastSeq });

  const reader = createSlabReader(slabs, dimensions);
  return {
    runTo: (atMs) => clock.run(VIRTUAL_START_MS + atMs),
    cutAll: cutter.cutAll,
    figures() {
      const feeds = Object.values(readFeedFigures(reader, dimensions));
      return {
        cuts: cutter.cuts(),
        looks: reader.total('arb_looks_total'),
        reconnects: reader.total('nightjar_feed_reconnects_total'),
        frames: feeds.reduce((sum, feed) => sum + (feed.frames ?? 0), 0),
      };
    },
    faults: () => [],
    close() {
      world.stop();
      journal?.close();
      rmSync(runDir, { recursive: true, force: true });
    },
  };
}

function kernelOf(config: NightjarConfig, seed: number): KernelConfig {
  const bots = arbInstances(config).map((instance, slot) => ({ ...instance, slot }));
  const pairs = new Set([...bots.map(({ pair }) => pair), 'USDC/USDT', 'SOL/USDT']);
  const instruments = SIM_INSTRUMENTS.filter(({ pair }) => pairs.has(pair));
  return { run: 'soak', runTag: 'soaksoak', seed, bots, lanes: ['lane:0'], instruments };
}

/** Connections that can be cut all at once, as a router does that starts anew. */
function createCutter(network: Transport) {
  const live = new Set<() => void>();
  let cuts = 0;
  return {
    cuts: () => cuts,
    cutAll() {
      for (const cut of [...live]) cut();
    },
    openSocket(url: string, handlers: SocketHandlers): SocketHandle {
      let closed = false;
      const close = (code: number, reason: string) => {
        if (closed) return;
        closed = true;
        live.delete(cut);
        handlers.onClose(code, reason);
      };
      const socket = network.openSocket(url, {
        onOpen: () => closed || handlers.onOpen(),
        onMessage: (data, isBinary) => closed || handlers.onMessage(data, isBinary),
        onHeartbeat: () => closed || handlers.onHeartbeat(),
        onClose: close,
      });
      const cut = () => {
        cuts += 1;
        socket.close();
        close(1006, 'cut');
      };
      live.add(cut);
      return socket;
    },
  };
}
