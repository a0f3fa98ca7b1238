import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { ControlMessage } from '../domain/control.ts';
import { toPlainError } from '../domain/errors.ts';
import { createEdgeRegistry } from '../telemetry/edgeRegistry.ts';
import { createLogger } from '../telemetry/logger.ts';
import { HTTP_ROUTES } from '../telemetry/metrics.ts';
import { createScrubber } from '../telemetry/scrubber.ts';
import { createSlabReader } from '../telemetry/slabText.ts';
import { startThreadSampler } from '../telemetry/threadSampler.ts';
import type { EdgeBoot, FromEdge, ToEdge } from '../workers/edgeMessages.ts';
import { latchLevel, loadLatchWords } from '../workers/latchWords.ts';
import type { StatusView } from '../workers/statusView.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { createAlertMemory } from './alertMemory.ts';
import { createAlertDesk } from './alertmanager.ts';
import { createControlDoor } from './controlDoor.ts';
import { createCoreLink } from './coreLink.ts';
import { accessOf, createEdgeRoutes } from './edgeRoutes.ts';
import { guardedClock } from './guardedClock.ts';
import { createGuardianHold } from './guardianHold.ts';
import { type EdgeServer, startHttpServer } from './httpServer.ts';
import { readLatchFile, writeLatchFile } from './latchFile.ts';
import { withClosedWords, withHeld } from './latchState.ts';
import { createLiveSockets } from './liveSockets.ts';
import { createLoginThrottle } from './loginThrottle.ts';
import { metricsSanity } from './metricsSanity.ts';
import { createPermitDesk } from './permitDesk.ts';
import { checkToken } from './requestGuards.ts';
import { createStepUp } from './stepUp.ts';
import { findNotReady, type StatusInput, systemStatus } from './systemStatus.ts';
import { botName, findBots, latchedBots } from './targets.ts';
import { createTokenStore } from './tokenStore.ts';
import { loadOrMakeTokens, ROLES } from './tokens.ts';

/** How soon new tokens count. */
const TOKENS_EVERY_MS = 500;

/** The edge thread: HTTP, the one registry, the permit latch. Ends the thread (by closing the port) after `stop` or `failed`. */
export async function runEdge(boot: EdgeBoot, port: MessagePort): Promise<void> {
  const post = (message: FromEdge) => port.postMessage(message);
  try {
    const edge = await openEdge(boot, post);
    port.on('message', (message: ToEdge) => {
      if (message.type !== 'stop') return edge.receive(message);
      edge.close().then(() => {
        post({ type: 'stopped' });
        port.close();
      });
    });
    post({ type: 'ready', address: edge.server.address, port: edge.server.port });
  } catch (error) {
    post({ type: 'failed', error: toPlainError(error) });
    port.close();
  }
}

interface Edge {
  readonly server: EdgeServer;
  receive(message: Exclude<ToEdge, { type: 'stop' }>): void;
  close(): Promise<void>;
}

async function openEdge(boot: EdgeBoot, post: (message: FromEdge) => void): Promise<Edge> {
  // Server and port keep the thread alive; an open question must not, once both are closed.
  const clock = guardedClock(createWallClock({ unref: true }), (error) =>
    log.log('error', 'edge', 'a timer failed', { error: toPlainError(error) }),
  );
  const ownSlab = boot.slabs.find(({ thread }) => thread === 'edge');
  if (ownSlab === undefined) throw new Error('EdgeBoot.slabs lacks the slab of the thread "edge"');

  const bots = latchedBots(boot.bots);
  const fromFile = readLatchFile(boot.latchPath, clock.nowMs());
  const initial = withClosedWords(withHeld(fromFile, boot.held ?? null), boot.latch, bots, clock.nowMs());
  loadLatchWords(boot.latch, initial, boot.bots);

  const tokens = loadOrMakeTokens(boot.tokensPath);
  const secrets = [...ROLES.map((role) => tokens[role]), ...(boot.secrets ?? [])];
  const scrubber = createScrubber(secrets);
  const scrub = scrubber.scrubValue<ControlMessage>;
  const log = createLogger({
    file: boot.logPath,
    level: boot.logLevel,
    secrets,
    base: { thread: 'edge', incarnation: boot.incarnation },
  });
  const sampler = startThreadSampler(ownSlab, boot.dimensions, clock);
  const { sink } = sampler;
  const link = createCoreLink(clock);
  const reader = createSlabReader(boot.slabs, boot.dimensions);
  let view: StatusView | null = null;

  const countAction = (action: string, bot: string) => {
    const [kind, symbol] = bot.split(':');
    if (kind === 'arb' && symbol !== undefined) sink.counter('arb_control_actions_total', { symbol, action }).inc();
  };
  const desk = createPermitDesk({
    latch: boot.latch,
    initial,
    bots,
    clock,
    log,
    writeLatchFile: (state) => writeLatchFile(boot.latchPath, state),
    guardian: createGuardianHold(boot.guardianFd ?? null),
    writeStdout,
    countAction,
    countTraceFailure: (trace) => sink.counter('nightjar_trace_failures_total', { trace }).inc(),
    notifyCore: (latch, cause, durable) =>
      link.ask(cause.id, () => post({ type: 'latchChanged', latch, cause, durable })),
  });
  if (initial !== fromFile) desk.persist();
  const sendToCore = (message: ControlMessage) => post({ type: 'control', message });
  const door = createControlDoor({
    bots,
    desk,
    link,
    stepUp: createStepUp(boot.configHash, clock.nowMs),
    embedded: boot.env === 'sim',
    scrub,
    clock,
    log,
    sendToCore,
    countAction,
  });
  const alerts = createAlertDesk({
    bots,
    desk,
    memory: createAlertMemory(join(boot.dataDir, 'alerts'), (why) =>
      log.log('error', 'control', `the alerts done before cannot be read, each closes again: ${why}`),
    ),
    log,
    scrub,
    note: sendToCore,
    count: (result) => sink.counter('nightjar_alerts_total', { result }).inc(),
  });

  const registry = createEdgeRegistry({
    ...boot,
    reader,
    permitLevels: () => bots.map(({ name, slot }) => ({ bot: name, level: SHOWN_LEVEL[latchLevel(boot.latch, slot)] })),
    nowMs: clock.nowMs,
  });
  const statusInput = (): StatusInput => ({
    view,
    nowMs: clock.nowMs(),
    slabs: boot.slabs,
    reader,
    dimensions: boot.dimensions,
    bots,
    latch: boot.latch,
    latchState: desk.state(),
    latchDurable: desk.isDurable(),
    version: boot.version,
    configHash: boot.configHash,
  });
  const routes = createEdgeRoutes({
    scrape: registry.scrape,
    metricsContentType: registry.contentType,
    status: () => systemStatus(statusInput()),
    notReady: () => findNotReady(statusInput()),
    door,
    desk,
    alerts,
    sanity: () => metricsSanity(boot.slabs, reader, registry.scrape, clock.nowMs),
    note: (message) => sendToCore(scrub(message)),
  });

  const tokenStore = createTokenStore({
    path: boot.tokensPath,
    initial: tokens,
    keepSecret(value) {
      scrubber.keep(value);
      log.keepSecret(value);
    },
  });
  const guard = { roleOf: tokenStore.roleOf, throttle: createLoginThrottle(clock.nowMs) };
  const live = createLiveSockets({
    clock,
    log,
    status: () => systemStatus(statusInput()),
    login(token, source) {
      const login = checkToken(guard, { access: 'read', source, token });
      if (!('status' in login)) return { role: login.role, from: source };
      sink.counter('nightjar_auth_failures_total', { reason: login.reason }).inc();
      return login;
    },
    door,
  });
  let server: EdgeServer;
  try {
    server = await listenSomewhere(boot, (port) =>
      startHttpServer({
        host: boot.host,
        port,
        guard,
        onUpgrade: live.upgrade,
        accessOf,
        handle: (request, caller) => routes.fetch(request, { caller }),
        onRefused: ({ reason, message }, source) => {
          sink.counter('nightjar_auth_failures_total', { reason }).inc();
          // Counted, not written: a flood of guesses must not fill the disk.
          if (reason === 'throttled') return;
          log.log('warn', 'auth', `refused a request from ${source}: ${message}`, { reason });
        },
        onAnswered: (path, status) => {
          const route = HTTP_ROUTES.find((known) => known === path) ?? 'other';
          sink.counter('nightjar_http_requests_total', { route, status: `${Math.floor(status / 100)}xx` }).inc();
        },
        onError: (error, path) => log.log('error', 'http', `request to ${path} failed`, { error: toPlainError(error) }),
      }),
    );
  } catch (error) {
    live.close();
    sampler[Symbol.dispose]();
    log.close();
    throw error;
  }
  log.log('info', 'edge', `listening on ${server.address}`);
  const cancelTokens = clock.every(TOKENS_EVERY_MS, () => {
    try {
      if (!tokenStore.refresh()) return;
      // Whoever logged in with an old one has to show a new one.
      live.logOutAll('the tokens were changed: log in again');
      log.log('warn', 'auth', 'the tokens were changed: only those of the file count from now on');
    } catch (error) {
      log.log('error', 'auth', 'the token file was changed and cannot be read; the tokens of before stay', {
        error: toPlainError(error),
      });
    }
  });

  let coreClosures = 0;
  return {
    server,
    receive(message) {
      try {
        take(message);
      } catch (error) {
        // Nobody waits for a message's handler: what it throws would end the thread, and the way to stop with it.
        log.log('error', 'edge', `message ${message.type} of the core failed`, { error: toPlainError(error) });
      }
    },
    async close() {
      cancelTokens();
      live.close();
      await server.close();
      sampler[Symbol.dispose]();
      log.close();
    },
  };

  function take(message: Exclude<ToEdge, { type: 'stop' }>): void {
    switch (message.type) {
      case 'view':
        view = message.view;
        return;
      case 'controlReply':
        link.settle(message.id, { status: message.status, body: message.body });
        return;
      case 'closePermit': {
        coreClosures += 1;
        const { bot, reason, by } = message;
        const id = `core:${boot.incarnation}:${coreClosures}`;
        closeForCore({ id, action: 'disable_live', target: bot, reason, args: {}, by, from: 'core' });
      }
    }
  }

  function closeForCore(message: ControlMessage): void {
    const targets = findBots(bots, message.target);
    // A bot without a word cannot be closed alone: then all are, since the core wants something stopped.
    const close =
      targets === null
        ? desk.close('disable_live', bots, withoutTarget(message))
        : desk.close('disable_live', targets, message);
    close.then(
      ({ status }) => {
        if (status >= 300)
          log.log('error', 'control', `closing ${botName(message.target ?? 'all')} left not all traces`);
      },
      (error: unknown) => log.log('error', 'control', 'closing a permit failed', { error: toPlainError(error) }),
    );
  }
}

/** At the port of the core before, where it is free still: who knows the address finds the next core there. */
async function listenSomewhere(
  { port, anyPort }: EdgeBoot,
  listen: (port: number) => Promise<EdgeServer>,
): Promise<EdgeServer> {
  try {
    return await listen(port);
  } catch (error) {
    if (anyPort !== true || port === 0 || toPlainError(error).code !== 'port.busy') throw error;
    return listen(0);
  }
}

/** A bot being flattened is still a killed one. */
const SHOWN_LEVEL = { open: 0, permit: 1, flatten: 2, kill: 2 } as const;

function withoutTarget({ target: _, ...message }: ControlMessage): ControlMessage {
  return message;
}

/** Straight to descriptor 1: seen also when the logger is silent, and while the main thread spins. A full pipe is tried again, briefly. */
function writeStdout(line: string): void {
  const bytes = Buffer.from(line);
  let done = 0;
  for (let attempt = 0; done < bytes.length; attempt += 1) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || attempt >= 50) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
