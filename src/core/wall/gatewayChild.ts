import { join } from 'node:path';
import { NightjarError } from '../../domain/errors.ts';
import type { FromGateway, GatewayBoot, ToGateway } from '../../workers/gatewayMessages.ts';
import { GATEWAY_HEAP_MB } from '../../workers/threadHeaps.ts';
import { createPulse } from '../../workers/threadPulse.ts';
import { SERVICE_WATCH } from '../../workers/threadWatchdog.ts';
import type { StartChild } from '../childPort.ts';
import { gatewayInput } from '../gatewayInput.ts';
import { startThread } from '../threadChild.ts';
import { joinJournalToGateway } from './threadLinks.ts';
import { asChild, slabOf, type WallContext } from './wallContext.ts';

/** Starts the gateway thread, the only one that sends. */
export function gatewayStarter(context: WallContext): StartChild {
  const { input, links } = context;
  const { boot, kernel } = input;

  return (incarnation, events) => {
    if (boot.endpoints === null) throw new NightjarError('config.invalid', 'no venue endpoints were given');
    const pulse = createPulse();
    let unplug = () => {};
    const onMessage = (message: FromGateway) => {
      if (message.type === 'ready') {
        unplug = links.plug('gateway', thread);
        events.started();
      } else if (message.type === 'failed') events.failed(message.error);
      else if (message.type === 'alarm') context.log.log('error', 'risk', message.message);
      const heard = gatewayInput(message);
      if (heard !== null) context.admit('gateway', heard);
    };
    const thread = startThread({
      name: 'gateway',
      entry: new URL('../../workers/gatewayEntry.ts', import.meta.url),
      workerData: {
        incarnation,
        endpoints: boot.endpoints,
        mode: 'live',
        env: 'sim',
        pairs: [...new Set(kernel.bots.map(({ pair }) => pair))],
        latch: context.latch,
        rate: context.rate,
        slab: slabOf(context, 'gateway').buffer,
        dimensions: context.dimensions,
        keys: input.gatewayKeys,
        acceptKeyRisks: (boot.settings as { readonly keys: { readonly acceptRisks: readonly string[] } }).keys
          .acceptRisks,
        signedSwapsPath: join(boot.dataDir, 'signed-swaps.jsonl'),
        pulse,
      } satisfies GatewayBoot,
      maxHeapMb: GATEWAY_HEAP_MB,
      warm: input.warm?.take('gateway') ?? null,
      clock: context.clock,
      pulse,
      limits: SERVICE_WATCH,
      onStuck: context.endAsStuck,
      onExit(reason) {
        unplug();
        events.exited(reason);
      },
      onMessage: (message) => onMessage(message as FromGateway),
    });
    joinJournalToGateway(links, thread);
    return asChild(thread, () => thread.post({ type: 'stop' } satisfies ToGateway));
  };
}
