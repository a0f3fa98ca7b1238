import { join } from 'node:path';
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

  return (incarnation, events) => {
    const pulse = createPulse();
    let unplug = () => {};
    const onMessage = (message: FromEdge) => {
      switch (message.type) {
        case 'ready':
          port = message.port;
          unplug = links.plug('edge', thread);
          input.send({ type: 'listening', address: message.address });
          events.started();
          context.pushView();
          return;
        case 'failed':
          events.failed(message.error);
          // A busy port will be as busy at the next try: the operator has to choose another.
          if (message.error.code === 'port.busy') context.endAsFailed(message.error);
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
        boot: edgeBoot(context, incarnation, port),
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

function edgeBoot({ input, latch, slabs, dimensions }: WallContext, incarnation: number, port: number): EdgeBoot {
  const { boot, kernel } = input;
  return {
    incarnation,
    run: boot.run,
    dataDir: boot.dataDir,
    tokensPath: join(boot.dataDir, 'tokens'),
    latchPath: join(boot.dataDir, 'latch'),
    logPath: join(boot.runDir, 'log.jsonl'),
    logLevel: boot.logLevel,
    port,
    host: '127.0.0.1',
    latch,
    bots: kernel.bots.map(({ id, slot }) => ({ id, slot })),
    slabs,
    dimensions,
    version: boot.version,
    codeHash: boot.codeHash,
    configHash: boot.configHash,
    env: (boot.settings as { readonly env: string }).env,
    secrets: secretsOf(input.gatewayKeys),
  };
}
