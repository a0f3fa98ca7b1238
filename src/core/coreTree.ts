import type { CrashRecord } from '../actors/crashRecord.ts';
import { createSupervisionTree, type SupervisionTree } from '../actors/supervisionTree.ts';
import { reportText } from '../actors/supervisor/reportText.ts';
import type { SupervisorReport } from '../actors/supervisor/supervisorEvents.ts';
import type { Logger, Random } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { restartReasonOf } from '../telemetry/restartReason.ts';
import type { ArbBot } from './arb/arbBotTypes.ts';
import type { OtherCommand } from './commands.ts';
import type { RowWriter } from './rowWriter.ts';
import { rootSpec } from './treeSpec.ts';

export interface CoreTreeDeps {
  readonly lanes: readonly string[];
  readonly bots: ReadonlyMap<string, ArbBot>;
  readonly random: Random;
  readonly rows: RowWriter;
  readonly metrics: MetricSink;
  readonly log: Logger;
  nowMs(): number;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
  /** After it is logged; children stop after this. */
  onReport(report: SupervisorReport): void;
  isStopping(): boolean;
  /** Nothing of ours is open any more: a stop that ends now is a clean one. */
  isDone(): boolean;
}

export interface CoreTree extends SupervisionTree {
  /** Which life of this child runs now, or ran last. */
  incarnationOf(child: string): number;
}

/** The tree with its children: threads are started by command, bots and the rest of the core at once. */
export function createCoreTree(deps: CoreTreeDeps): CoreTree {
  const { bots, rows, log, command } = deps;
  const incarnations = new Map<string, number>();
  const isInside = (id: string) => bots.has(id) || id === 'risk' || id === 'control';
  const tree: SupervisionTree = createSupervisionTree({
    root: rootSpec(deps.lanes, [...bots.keys()]),
    nowMs: deps.nowMs,
    random: deps.random,
    ports: {
      startWorker(id, incarnation) {
        incarnations.set(id, incarnation);
        if (!isInside(id)) return command({ type: 'child.start', child: id, incarnation });
        bots.get(id)?.start(incarnation);
        tree.workerStarted(id, incarnation);
      },
      stopWorker(id, incarnation, how) {
        if (!isInside(id)) return command({ type: 'child.stop', child: id, incarnation, how });
        bots.get(id)?.stop(deps.isStopping() ? 'run_ended' : 'crashed');
        tree.workerExited(id, incarnation, how === 'kill' ? { kind: 'killed' } : { kind: 'shutdown' });
      },
      armTimer: (key, delayMs) => deps.armTimer(`tree/${key}`, delayMs),
      cancelTimer: (key) => deps.cancelTimer(`tree/${key}`),
      onCrash(record: CrashRecord) {
        rows.write('crashes', record.child, 'crash', record);
        deps.metrics
          .counter('nightjar_restarts_total', { child: record.child, reason: restartReasonOf(record.error.code) })
          .inc();
        log.log('error', 'crash', `CRASH ${record.child}#${record.incarnation}: ${record.error.message}`, {
          supervisor: record.supervisor,
          nextDelayMs: record.nextDelayMs,
        });
      },
      onRestarted(record) {
        rows.write('crashes', record.child, 'restarted', record);
        const tookMs = (record.restartedAt ?? record.crashedAt) - record.crashedAt;
        log.log('info', 'crash', `RESTARTED ${record.child} ${tookMs.toFixed(0)} ms after its crash`);
      },
      onReport(report) {
        log.log('debug', 'supervisor', reportText(report));
        deps.onReport(report);
      },
      onStarted: () => command({ type: 'core.ready' }),
      onStopped: (reason) =>
        command({
          type: 'core.stopped',
          clean: reason === 'shutdown' && deps.isDone(),
          escalated: reason === 'escalated',
        }),
    },
  });
  return { ...tree, incarnationOf: (child) => incarnations.get(child) ?? 0 };
}
