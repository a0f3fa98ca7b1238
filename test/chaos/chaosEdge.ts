import { createControlDoor } from '../../src/control/controlDoor.ts';
import { createCoreLink, type Reply } from '../../src/control/coreLink.ts';
import { withClosedWords, withHeld } from '../../src/control/latchState.ts';
import { createPermitDesk, type PermitDesk } from '../../src/control/permitDesk.ts';
import type { StepUp } from '../../src/control/stepUp.ts';
import { findBots, latchedBots } from '../../src/control/targets.ts';
import type { ChildEvents, StartChild } from '../../src/core/childPort.ts';
import type { InputPayload } from '../../src/core/inputs.ts';
import type { KernelConfig } from '../../src/core/kernel.ts';
import type { ControlMessage, LatchState } from '../../src/domain/control.ts';
import type { Logger } from '../../src/domain/ports.ts';
import type { ControlAction } from '../../src/telemetry/metrics.ts';
import { loadLatchWords } from '../../src/workers/latchWords.ts';
import { HOP_MS } from './chaosJournal.ts';
import type { LatchWatch } from './latchWatch.ts';
import { createProcessScope, type ProcessScope } from './processScope.ts';

/** The latch file: it outlives every process, and takes nothing while the disk is full. */
export interface LatchFile {
  read(): LatchState;
  /** @throws when it cannot be durable */
  write(state: LatchState): void;
  /** What the guardian holds beyond it. */
  readonly held: LatchState | null;
  hold(state: LatchState | null): void;
}

export interface ChaosRequest {
  readonly id: string;
  readonly action: ControlAction;
  readonly target?: string;
  readonly reason: string;
}

export interface ChaosEdge {
  readonly start: StartChild;
  /** As an operator with the role kill would: null while no edge answers. */
  ask(request: ChaosRequest): Promise<Reply> | null;
  closePermit(command: { readonly bot: string; readonly reason: string; readonly by: string }): void;
  controlReply(command: { readonly id: string; readonly status: number; readonly body: unknown }): void;
  /** The thread dies of itself. */
  crash(): void;
}

interface RunningEdge {
  readonly scope: ProcessScope;
  readonly events: ChildEvents;
  ask(request: ChaosRequest): Promise<Reply>;
  close(message: ControlMessage): void;
  reply(id: string, reply: Reply): void;
  end(): boolean;
}

/** The edge thread's permit desk, control door and core link, without HTTP, on the event clock. */
export function createChaosEdge(deps: {
  readonly kernel: KernelConfig;
  readonly process: ProcessScope;
  readonly latch: SharedArrayBuffer;
  readonly file: LatchFile;
  readonly watch: LatchWatch;
  /** Of every request so far, over all incarnations. */
  readonly heardIds: Set<string>;
  readonly log: Logger;
  /** The world's time, which the watch keeps. */
  nowMs(): number;
  admit(source: string, payload: InputPayload): void;
}): ChaosEdge {
  const { kernel, process, latch, file, watch } = deps;
  const bots = latchedBots(kernel.bots.map(({ id, slot }) => ({ id, slot })));
  let running: RunningEdge | null = null;
  const heardIds = deps.heardIds;
  let coreClosures = 0;
  let heldBefore = file.held;

  const open = (events: ChildEvents): RunningEdge => {
    const scope = createProcessScope(process.clock, process.transport);
    const { clock } = scope;
    const link = createCoreLink(clock);
    const fromFile = file.read();
    const initial = withClosedWords(withHeld(fromFile, heldBefore), latch, bots, clock.nowMs());
    heldBefore = null;
    loadLatchWords(latch, initial, kernel.bots);
    const toCore = (payload: InputPayload) => void clock.after(HOP_MS, () => deps.admit('edge', payload));
    const desk: PermitDesk = createPermitDesk({
      latch,
      initial,
      bots,
      clock,
      log: deps.log,
      writeLatchFile: file.write,
      guardian: {
        hold(state) {
          file.hold(state);
          return true;
        },
        release: () => file.hold(null),
      },
      writeStdout: () => {},
      countAction: () => {},
      countTraceFailure: () => {},
      notifyCore: (state, cause) => link.ask(cause.id, () => toCore({ type: 'latch.changed', latch: state, cause })),
    });
    if (initial !== fromFile) desk.persist();
    const door = createControlDoor({
      bots,
      desk,
      link,
      stepUp: plainStepUp(),
      embedded: true,
      scrub: (message) => message,
      clock,
      log: deps.log,
      sendToCore: (message) => toCore({ type: 'control', message }),
      countAction: () => {},
    });
    let isOver = false;
    return {
      scope,
      events,
      async ask(request) {
        const say = (args: Record<string, unknown>) => {
          const targets = findBots(bots, request.target) ?? [];
          const names = targets.map(({ id }) => id);
          // What may open counts as open from the moment it is asked: the watch never blames what was allowed.
          watch.before(request.action, names, deps.nowMs());
          const reply = door.handle({ ...request, args }, { role: 'kill', from: '127.0.0.1' });
          // The same id again is answered again and not done again.
          if (!heardIds.has(request.id)) watch.after(request.action, names, deps.nowMs());
          heardIds.add(request.id);
          return reply;
        };
        // A paused process hears it when it wakes, a dead one never.
        await new Promise<void>((resolve) => scope.clock.after(HOP_MS, resolve));
        const reply = await say({});
        const phrase = (reply.body as { phrase?: string }).phrase;
        return phrase === undefined ? reply : say({ phrase });
      },
      close(message) {
        const targets = findBots(bots, message.target) ?? bots;
        void desk.close('disable_live', targets, message);
        const names = targets.map(({ id }) => id);
        watch.after('disable_live', names, deps.nowMs());
      },
      reply: (id, reply) => void link.settle(id, reply),
      end() {
        if (isOver) return false;
        isOver = true;
        scope.end();
        return true;
      },
    };
  };

  return {
    start(_incarnation, events) {
      const mine = open(events);
      running = mine;
      mine.scope.clock.after(HOP_MS, events.started);
      const end = (kind: 'shutdown' | 'killed') => {
        if (running === mine) running = null;
        if (mine.end()) events.exited({ kind });
      };
      return { stop: () => end('shutdown'), kill: () => end('killed') };
    },
    ask: (request) => running?.ask(request) ?? null,
    closePermit({ bot, reason, by }) {
      const to = running;
      if (to === null) return;
      coreClosures += 1;
      const id = `core:${coreClosures}`;
      const message: ControlMessage = { id, action: 'disable_live', target: bot, reason, args: {}, by, from: 'core' };
      to.scope.clock.after(HOP_MS, () => to.close(message));
    },
    controlReply({ id, status, body }) {
      const to = running;
      to?.scope.clock.after(HOP_MS, () => to.reply(id, { status, body }));
    },
    crash() {
      const dying = running;
      if (dying === null) return;
      running = null;
      dying.end();
      const error = { code: 'thread.lost', message: 'edge died by the fault plan', details: {} } as const;
      dying.events.exited({ kind: 'crash', error });
    },
  };
}

/** The typed phrase without its random code: a run must be the same twice. */
function plainStepUp(): StepUp {
  return {
    ask: (action, scope, _role, phrase) =>
      phrase === `${action} ${scope}` ? null : { phrase: `${action} ${scope}`, expiresAtMs: Number.MAX_SAFE_INTEGER },
  };
}
