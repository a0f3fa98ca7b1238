import type { PlainError } from '../domain/errors.ts';
import { type CrashDetails, type CrashRecord, createCrashBook } from './crashRecord.ts';
import type { SupervisorAction } from './supervisor/supervisorEvents.ts';
import { errorsUnder, type SupervisorNode } from './treeNodes.ts';
import type { TreePorts } from './treePorts.ts';

type Crashed = Extract<SupervisorAction, { readonly type: 'crashed' }>;

/** What a tree remembers of its crashes: records until the restart, what hosts told of them, drills under way. */
export function createTreeCrashes(
  nodes: ReadonlyMap<string, SupervisorNode>,
  nowMs: () => number,
  ports: Pick<TreePorts, 'onCrash' | 'onRestarted'>,
) {
  const book = createCrashBook();
  const detailsByChild = new Map<string, CrashDetails>();
  const drills = new Map<string, number>();
  let restarts = 0;

  return {
    /** A new incarnation: what is known of the death before it is over. */
    begin(id: string): void {
      detailsByChild.delete(id);
    },
    detail(id: string, details: CrashDetails): void {
      detailsByChild.set(id, details);
    },
    drill(id: string, incarnation: number): void {
      drills.set(id, incarnation);
    },
    /** True once, when this end was asked for by a drill. */
    endsDrill: (id: string, incarnation: number): boolean => drills.get(id) === incarnation && drills.delete(id),
    record(supervisor: string, crash: Crashed): void {
      const { errorChain, ...details } = detailsByChild.get(crash.id) ?? {};
      const record: CrashRecord = {
        supervisor,
        child: crash.id,
        incarnation: crash.incarnation,
        reason: crash.error.code,
        error: crash.error,
        errorChain: errorChain ?? errorsUnder(nodes, crash.id, crash.error),
        ...details,
        restartsInWindow: crash.restartsInWindow,
        nextDelayMs: crash.nextDelayMs,
        crashedAt: nowMs(),
      };
      book.open(record);
      ports.onCrash(record);
    },
    restarted(id: string): void {
      restarts += 1;
      for (const record of book.close(id, nowMs())) ports.onRestarted(record);
    },
    /** Crashed children that ran again, over all supervisors. */
    totalRestarts: (): number => restarts,
  };
}

export const drillError = (id: string): PlainError => ({
  code: 'actor.drill',
  message: `${id} was crashed on request`,
  details: {},
});
