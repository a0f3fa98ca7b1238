import { receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { NightjarError } from '../domain/errors.ts';
import type { ExitReason } from '../domain/exitReason.ts';
import type { Clock } from '../domain/ports.ts';
import { type ArbEvaluation, decodeArbEvaluation } from '../strategies/arb/arbEvaluation.ts';
import type { Dimensions, SlabShare } from '../telemetry/slab.ts';
import type { LaneTask } from './laneEntry.ts';
import { type LaneAsked, laneExitReason } from './laneExit.ts';
import { createLaneLinks, type LaneLinks } from './laneLinks.ts';
import type { FromLane, LaneBoot, LaneMessage, ToLane } from './laneMessages.ts';
import { createRingConsumer, type RingConsumer } from './ring.ts';
import type { ThreadDrill } from './threadDrill.ts';
import { LANE_HEAP_MB } from './threadHeaps.ts';
import { askForDrill } from './threadPulse.ts';
import { LANE_WATCH, type Silence, watchPulse } from './threadWatchdog.ts';

/** Records handed over in one turn of the event loop, so that a flood does not starve the core's other inputs. */
const drainPerTurn = 64;

export interface LaneHostOptions {
  readonly clock: Clock;
  readonly slab: SlabShare;
  readonly dimensions: Dimensions;
  /** In the order in which the lane published; what a dead lane left behind comes before its `onExit`. */
  onEvaluation(evaluation: ArbEvaluation, boot: LaneBoot): void;
  /** `feeds` and `log`. */
  onMessage(message: FromLane, boot: LaneBoot): void;
  /** Exactly once per incarnation that was ready; one that never was rejects `start` instead. */
  onExit(reason: ExitReason, boot: LaneBoot): void;
}

export interface LaneHost {
  /** @throws NightjarError (rejection) thread.lost when it is not ready within 10 s; or what it died of */
  start(boot: LaneBoot): Promise<void>;
  /** Dropped when no lane runs: its successor knows nothing of the question. */
  send(message: LaneMessage): void;
  /** The drill: the lane throws where nobody catches. */
  crash(): void;
  /** The drill: the lane misbehaves from its next beat on. */
  drill(drill: ThreadDrill): void;
  /** Asks first; after `graceMs` ends it by force. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  kill(): Promise<void>;
  /** Records that wait to be handed over. */
  ringDepth(): number;
  /** Ends the pool with whatever runs in it. */
  close(): Promise<void>;
}

interface Incarnation {
  readonly boot: LaneBoot;
  readonly links: LaneLinks;
  readonly consumer: RingConsumer;
  readonly abort: AbortController;
  /** Null before it is ready. */
  threadId: number | null;
  asked: LaneAsked;
  gone: boolean;
  /** Resolves when it is gone and reported. */
  ended: Promise<void>;
}

/**
 * Runs one lane as a pinned task in a pool of two workers: the other one has loaded the lane's code and stands by, so
 * that a lane which was ended is replaced at once. The task is the supervisor's to restart.
 */
export function createLaneHost(options: LaneHostOptions): LaneHost {
  const { clock, slab, dimensions } = options;
  const pool = new Piscina<LaneTask | null, void>({
    // `.ts` from the sources, `.js` from a build: whatever this file itself is.
    filename: new URL(import.meta.url.endsWith('.ts') ? './laneEntry.ts' : './laneEntry.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 2,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    // The lane, and what only has a worker load its code.
    maxQueue: 2,
    resourceLimits: { maxOldGenerationSizeMb: LANE_HEAP_MB },
  });
  let current: Incarnation | null = null;

  const runTask = (made: Incarnation): Promise<void> => {
    const { ring, pulse, lanePort: port } = made.links;
    // Piscina derives the list's type from postMessage's last overload, which is not the one that takes a list.
    const how = { transferList: [port], signal: made.abort.signal } as unknown as Parameters<typeof pool.run>[1];
    return pool.run({ boot: made.boot, port, ring, pulse, slab, dimensions }, how);
  };

  const cpuUs = async (made: Incarnation): Promise<number> => {
    const thread = pool.threads.find(({ threadId }) => threadId === made.threadId);
    const usage = await thread?.cpuUsage();
    return usage === undefined ? 0 : usage.user + usage.system;
  };

  /** A task that does nothing, while the lane keeps its worker: the pool starts the other one for it, or has it idle. */
  const standBy = () => {
    pool.run(null).catch(() => {});
  };

  const end = (made: Incarnation, asked: 'kill' | Silence) => {
    if (made.gone || made.abort.signal.aborted) return;
    made.asked = asked;
    made.abort.abort();
  };

  const drain = (made: Incarnation) =>
    made.consumer.drain(
      (words, offset) => options.onEvaluation(decodeArbEvaluation(words, offset), made.boot),
      drainPerTurn,
    );

  /** Hands the ring's records over until the incarnation is gone. */
  const pump = async (made: Incarnation): Promise<void> => {
    while (!made.gone) {
      if (drain(made) === drainPerTurn) await new Promise<void>((resolve) => setImmediate(resolve));
      else await made.consumer.arm();
    }
  };

  const launch = (boot: LaneBoot): Promise<void> => {
    const links = createLaneLinks();
    const consumer = createRingConsumer(links.ring);
    const ended = Promise.withResolvers<void>();
    const abort = new AbortController();
    const made: Incarnation = {
      boot,
      links,
      consumer,
      abort,
      threadId: null,
      asked: 'nothing',
      gone: false,
      ended: ended.promise,
    };
    const ready = Promise.withResolvers<void>();
    let started = false;
    const watch = { clock, pulse: links.pulse, limits: LANE_WATCH, cpuUs: () => cpuUs(made) };
    const cancelWatch = watchPulse(watch, (silence) => end(made, silence));
    let failed: NightjarError | null = null;
    const onMessage = (message: FromLane) => {
      if (message.type === 'ready') {
        started = true;
        made.threadId = message.threadId;
        ready.resolve();
        standBy();
      } else if (message.type === 'failed') {
        failed = NightjarError.fromPlain(message.error);
      } else if (message.type !== 'stopped') {
        options.onMessage(message, boot);
      }
    };
    links.hostPort.on('message', onMessage);

    const finish = (error: unknown) => {
      cancelWatch();
      // The task's end comes by another way than its last messages, and may overtake them.
      for (let last = receiveMessageOnPort(links.hostPort); last !== undefined; ) {
        onMessage(last.message as FromLane);
        last = receiveMessageOnPort(links.hostPort);
      }
      while (drain(made) > 0);
      made.gone = true;
      consumer.disarm();
      links.hostPort.close();
      if (current === made) current = null;
      const reason = laneExitReason(boot.lane, made.asked, failed ?? error);
      if (started) options.onExit(reason, boot);
      else ready.reject(asStartError(boot, reason));
      ended.resolve();
    };
    current = made;
    runTask(made).then(
      () => finish(null),
      (error: unknown) => finish(error),
    );
    void pump(made);
    return ready.promise;
  };

  const post = (message: ToLane) => current?.links.hostPort.postMessage(message);
  return {
    async start(boot) {
      if (current !== null) throw new NightjarError('thread.lost', `${boot.lane} is running already`);
      await launch(boot);
    },
    send: post,
    crash: () => post({ type: 'crash' }),
    drill(drill) {
      if (current !== null) askForDrill(current.links.pulse, drill);
    },
    async stop(graceMs) {
      const made = current;
      if (made === null) return;
      made.asked = 'stop';
      post({ type: 'stop' });
      const cancel = clock.after(graceMs, () => end(made, 'kill'));
      await made.ended;
      cancel();
    },
    async kill() {
      const made = current;
      if (made === null) return;
      end(made, 'kill');
      await made.ended;
    },
    ringDepth: () => current?.consumer.depth() ?? 0,
    async close() {
      const made = current;
      if (made !== null) made.asked = 'kill';
      await pool.destroy();
      await made?.ended;
    },
  };
}

function asStartError(boot: LaneBoot, reason: ExitReason): NightjarError {
  if (reason.kind === 'crash') return NightjarError.fromPlain(reason.error);
  return new NightjarError('thread.lost', `${boot.lane} ended (${reason.kind}) before it was ready`);
}
