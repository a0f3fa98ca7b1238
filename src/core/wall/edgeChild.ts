import { join } from 'node:path';
import type { PlainError } from '../../domain/errors.ts';
import type { EdgeBoot, EdgeWorkerData, FromEdge, ToEdge } from '../../workers/edgeMessages.ts';
import { secretsOf } from '../../workers/gatewayMessages.ts';
import { EDGE_HEAP_MB } from '../../workers/threadHeaps.ts';
import { createPulse } from '../../workers/threadPulse.ts';
import { SERVICE_WATCH } from '../../workers/threadWatchdog.ts';
import type { StartChild } from '../childPort.ts';
import { startThread } from '../threadChild.ts';
import { asChild, type WallContext } from './wallContext.ts';

/** Starts the edge thread: HTTP, the one metrics registry, the permits. */
export function edgeStarter(context: WallContext): StartChild {
  const { input, links, admit } = context;
  // A later incarnation takes the port of the first, so that addresses stay valid.
  let port = input.boot.port;
  // For the first that serves: what came after it is in the words.
  let held = input.boot.held ?? null;

  return (incarnation, events) => {
    const pulse = createPulse();
    let unplug = () => {};
    const onMessage = (message: FromEdge) => {
      switch (message.type) {
        case 'ready':
          port = message.port;
          held = null;
          unplug = links.plug('edge', thread);
          input.send({ type: 'listening', address: message.address });
          events.started();
          context.pushView();
          return;
        case 'failed':
          events.failed(message.error);
          if (isForTheOperator(incarnation, message.error)) context.endAsFailed(message.error);
          return;
        case 'control':
          admit('edge', { type: 'control', message: message.message });
          return;
        case 'latchChanged': {
          const { latch, cause } = message;
          admit('edge', { type: 'latch.changed', latch, cause });
          context.notice(`${cause.action} ${cause.target ?? 'all bots'} reason=${cause.reason}`);
        }
      }
    };
    const thread = startThread({
      name: 'edge',
      entry: new URL('../../workers/edgeEntry.ts', import.meta.url),
      workerData: {
        module: input.edgeModule,
        boot: { ...edgeBoot(context, incarnation, port), held, guardianFd: input.guardianFd ?? null },
        pulse,
      } satisfies EdgeWorkerData,
      maxHeapMb: EDGE_HEAP_MB,
      warm: input.warm?.take('edge') ?? null,
      clock: context.clock,
      pulse,
      limits: SERVICE_WATCH,
      onStuck: context.endAsStuck,
      onExit(reason) {
        unplug();
        events.exited(reason);
      },
      onMessage: (message) => onMessage(message as FromEdge),
    });
    return asChild(thread, () => thread.post({ type: 'stop' } satisfies ToEdge));
  };
}

/**
 * A busy port will be as busy at the next try, a bad token file as bad: the operator has to act. One that goes bad while
 * the core trades takes the way of every crash instead, with the rescue at its end.
 */
function isForTheOperator(incarnation: number, { code }: PlainError): boolean {
  return code === 'port.busy' || (code === 'data.unreadable' && incarnation === 1);
}

function edgeBoot({ input, latch, slabs, dimensions }: WallContext, incarnation: number, port: number): EdgeBoot {
  const { boot, kernel } = input;
  const settings = boot.settings as { readonly env: string; readonly port?: number };
  return {
    incarnation,
    run: boot.run,
    dataDir: boot.dataDir,
    tokensPath: join(boot.dataDir, 'tokens'),
    latchPath: join(boot.dataDir, 'latch'),
    logPath: join(boot.runDir, 'log.jsonl'),
    logLevel: boot.logLevel,
    port,
    anyPort: settings.port === 0,
    host: '127.0.0.1',
    latch,
    bots: kernel.bots.map(({ id, slot }) => ({ id, slot })),
    slabs,
    dimensions,
    version: boot.version,
    codeHash: boot.codeHash,
    configHash: boot.configHash,
    env: settings.env,
    secrets: secretsOf(input.gatewayKeys),
  };
}
