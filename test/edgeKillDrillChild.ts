import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultySource } from './statementFaults.ts';

/**
 * The kill path in a process of its own, its modules replaced by their instrumented texts (`edgeKillDrill.test.ts` makes
 * them): one kill without a fault, then one kill per statement, each on fresh latch, desk, door, routes and gateway, over
 * the embedded venues. Prints one JSON line.
 */
const sources = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Record<string, FaultySource>;
registerHooks({
  load(url, context, next) {
    const faulty = sources[url];
    return faulty === undefined ? next(url, context) : { format: 'module', source: faulty.text, shortCircuit: true };
  },
});

let armed: string | null = null;
let recording: Set<string> | null = null;
const thrown = new Set<string>();
Object.assign(globalThis, {
  __faultPoint(id: string) {
    recording?.add(id);
    if (id !== armed) return;
    thrown.add(id);
    throw new Error(`fault at ${id}`);
  },
});
const escaped: string[] = [];
process.on('unhandledRejection', (error) => escaped.push(`${armed}: ${String(error)}`));

/** Statements that V8 itself counted as executed since the last call. */
const session = new Session();
session.connect();
const ask = (method: string, params: object = {}) =>
  new Promise<never>((resolve, reject) =>
    session.post(method, params, (error, result) => (error === null ? resolve(result as never) : reject(error))),
  );
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
    }[];
  }[];
}
async function covered(): Promise<string[]> {
  const { result } = (await ask('Profiler.takePreciseCoverage')) as Coverage;
  return result.flatMap(({ url, functions }) => {
    const ranges = functions.flatMap((one) => one.ranges);
    return (sources[url]?.statements ?? [])
      .filter(({ offset }) => {
        const around = ranges.filter((range) => range.startOffset <= offset && offset < range.endOffset);
        around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset));
        return (around[0]?.count ?? 0) > 0;
      })
      .map(({ id }) => id);
  });
}

// Before the modules load: V8 counts blocks only in functions it compiles from now on.
await ask('Profiler.enable');
await ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const { createEdgeRoutes } = await import('../src/control/edgeRoutes.ts');
const { createControlDoor } = await import('../src/control/controlDoor.ts');
const { createCoreLink } = await import('../src/control/coreLink.ts');
const { createPermitDesk } = await import('../src/control/permitDesk.ts');
const { createStepUp } = await import('../src/control/stepUp.ts');
const { guardedClock } = await import('../src/control/guardedClock.ts');
const { latchedBots } = await import('../src/control/targets.ts');
const { readLatchFile, writeLatchFile, OPEN_LATCH } = await import('../src/control/latchFile.ts');
const { createVirtualClock } = await import('../src/core/virtualClock.ts');
const { makeClientOrderId } = await import('../src/domain/clientOrderId.ts');
const { CEX_VENUES } = await import('../src/domain/instruments.ts');
const { createRandom } = await import('../src/domain/random.ts');
const { createInMemoryTransport } = await import('../src/sim/inMemoryTransport.ts');
const { defaultSimConfig } = await import('../src/sim/simConfig.ts');
const { createSimWorld } = await import('../src/sim/simWorld.ts');
const { createScrubber } = await import('../src/telemetry/scrubber.ts');
const { silentMetrics } = await import('../src/telemetry/metricSink.ts');
const { createSimTrade } = await import('../src/venues/simTrade.ts');
const { createGateway } = await import('../src/workers/gateway.ts');
const { createLatch, latchLevel } = await import('../src/workers/latchWords.ts');

const clock = createVirtualClock();
// As in the edge thread.
const edgeClock = guardedClock(clock, () => {});
const world = createSimWorld({ clock, random: createRandom(7), config: defaultSimConfig });
const { transport, endpoints } = createInMemoryTransport(world, { clock, random: createRandom(8) });
const folder = mkdtempSync(join(tmpdir(), 'nightjar-drill-'));
const bots = latchedBots([
  { id: 'bot:arb:SOL', slot: 0 },
  { id: 'bot:arb:RAY', slot: 1 },
]);
let sequence = 0;

/** What is done right before and right after the kill itself. */
interface Watch {
  begin(): void | Promise<void>;
  end(): void | Promise<void>;
}

/** One kill: an order in flight, two queued behind it, the kill, then two more. @returns what the venues saw of them */
async function drill(fault: string | null, kills = true, watch: Watch = { begin() {}, end() {} }) {
  const latch = createLatch(2);
  const latchPath = join(folder, `latch-${sequence}`);
  const link = createCoreLink(edgeClock);
  const scrub = createScrubber(['a-token-of-the-drill']).scrubValue;
  const silent = { log() {} };
  const desk = createPermitDesk({
    latch,
    initial: OPEN_LATCH,
    bots,
    clock: edgeClock,
    log: silent,
    writeLatchFile: (state) => writeLatchFile(latchPath, state),
    writeStdout() {},
    countAction() {},
    countTraceFailure() {},
    notifyCore: (_latch, cause) =>
      link.ask(cause.id, () =>
        queueMicrotask(() => {
          try {
            link.settle(cause.id, { status: 200, body: {} });
          } catch {
            // As the edge thread takes what its handler of the core's messages throws.
          }
        }),
      ),
  });
  const door = createControlDoor({
    bots,
    desk,
    link,
    stepUp: createStepUp('c0ffee', clock.nowMs),
    embedded: true,
    scrub,
    clock: edgeClock,
    log: silent,
    sendToCore() {},
    countAction() {},
  });
  const routes = createEdgeRoutes({
    scrape: async () => '',
    metricsContentType: 'text/plain',
    status: () => null,
    notReady: () => [],
    door,
    desk,
    alerts: async () => ({ status: 200, body: {} }),
    sanity: async () => [],
    note() {},
  });
  const ports = CEX_VENUES.map((venue) =>
    createSimTrade({ venue, account: 'main', rest: endpoints[venue].rest, transport, clock }),
  );
  const gateway = createGateway({ ports, clock, latch, metrics: silentMetrics, send() {} });
  const place = (botSlot: number, effect: 'opening' | 'closing') => {
    sequence += 1;
    const clientOrderId = makeClientOrderId({
      runTag: 'drill001',
      botSlot,
      coreIncarnation: 1,
      botIncarnation: 1,
      sequence,
    });
    const order = { leg: 'cex', venue: 'okx', account: 'main', pair: 'SOL/USDT', side: 'sell', type: 'ioc' } as const;
    const intent = { ...order, effect, clientOrderId, bot: bots[botSlot]!.id, botSlot, epoch: 1, attempt: 1 };
    gateway.handle({ type: 'place', intent: { ...intent, qty: '0.25', price: '140', decidedAtMs: clock.nowMs() } });
    return clientOrderId;
  };

  const before = place(0, 'opening');
  const after = [place(0, 'opening'), place(1, 'closing')];
  let status = 0;
  if (kills) {
    await watch.begin();
    armed = fault;
    const body = JSON.stringify({ action: 'kill', reason: 'drill' });
    const request = new Request('http://edge/control', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const answered = Promise.resolve(routes.fetch(request, { caller: { role: 'kill', from: '127.0.0.1' } }));
    let done = false;
    answered.then(
      () => (done = true),
      () => (done = true),
    );
    for (let turn = 0; turn < 20 && !done; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const endMs = clock.nowMs() + 8_000;
    while (!done && clock.nowMs() < endMs) await clock.run(clock.nowMs() + 50);
    status = await answered.then(
      (answer) => answer.status,
      () => 0,
    );
    armed = null;
    await watch.end();
  }
  after.push(place(0, 'opening'), place(1, 'closing'));
  await clock.run(clock.nowMs() + 3_000);
  const seen = new Set(world.inside.log.list('okx').map(({ clientOrderId }) => clientOrderId));
  const file = readLatchFile(latchPath, 0);
  return {
    fault,
    status,
    sentBefore: seen.has(before),
    forbidden: after.filter((id) => seen.has(id)),
    levels: [0, 1].map((slot) => latchLevel(latch, slot)),
    durable: file.all?.level === 'kill',
  };
}

const openDrill = await drill(null, false);
const reached = new Set<string>();
let fromCoverage: string[] = [];
const clean = await drill(null, true, {
  async begin() {
    await covered();
    recording = reached;
  },
  async end() {
    recording = null;
    fromCoverage = await covered();
  },
});
await ask('Profiler.stopPreciseCoverage');

const drills = [];
for (const id of reached) drills.push(await drill(id));
rmSync(folder, { recursive: true });
process.stdout.write(
  `${JSON.stringify({ openDrill, clean, fromCoverage, reached: [...reached], injected: [...thrown], drills, escaped })}\n`,
);
