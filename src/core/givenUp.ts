import type { SupervisorReport } from '../actors/supervisor/supervisorEvents.ts';
import type { Logger } from '../domain/ports.ts';
import type { OtherCommand } from './commands.ts';
import type { OrderDesk } from './orderDesk.ts';
import type { RowWriter } from './rowWriter.ts';

/** Why permits close when a supervisor has spent its restarts: in the latch, so that no restart opens them. */
export const RESTARTS_EXHAUSTED = 'restarts_exhausted';

/**
 * A supervisor gives up: what it supervised goes on without new risk, whatever is started again above it. A bot that
 * dies too often loses its own permit; when a lane does, or the root gives up, every bot loses its. The root's end is
 * the core's: own orders are cancelled while there is a gateway, and the guardian's rescue looks after that.
 */
export function closeForGivenUp(
  { supervisor, offender, reason }: SupervisorReport,
  deps: {
    readonly bots: ReadonlyMap<string, { permitClosed(): void }>;
    readonly desk: Pick<OrderDesk, 'cancelAll'>;
    readonly rows: RowWriter;
    readonly log: Logger;
    command(command: OtherCommand): void;
  },
): void {
  if (reason.kind !== 'reached_max_intensity') return;
  const child = offender?.id ?? supervisor;
  const own = deps.bots.get(child);
  const closed = supervisor === 'bots' && own !== undefined ? new Map([[child, own]]) : deps.bots;
  const cancelled = supervisor === 'root' ? deps.desk.cancelAll() : [];
  deps.rows.write('decisions', 'core', 'supervisor.gave_up', {
    ...{ supervisor, child, permitsClosed: [...closed.keys()], cancelled },
  });
  for (const [bot, { permitClosed }] of closed) {
    deps.command({ type: 'latch.close', bot, reason: RESTARTS_EXHAUSTED, by: supervisor });
    permitClosed();
  }
  const next = supervisor === 'root' ? 'the core ends' : 'the supervisor above starts it again';
  deps.log.log(
    'error',
    'risk',
    `GAVE UP ${supervisor}: ${child} died too often; permits closed: ${[...closed.keys()].join(', ')}; ${next}`,
    { supervisor, child, cancelled: cancelled.length },
  );
}
