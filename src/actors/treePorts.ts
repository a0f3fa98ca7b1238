import type { CrashRecord } from './crashRecord.ts';
import type { SupervisorReport } from './supervisor/supervisorEvents.ts';

/** The world below the tree. Each may call the tree back at once; what it says is handled after the current step. */
export interface TreePorts {
  startWorker(id: string, incarnation: number): void;
  /** `ask` may be followed by `kill`. The end must be reported by `workerExited` either way. */
  stopWorker(id: string, incarnation: number, how: 'ask' | 'kill'): void;
  armTimer(key: string, delayMs: number): void;
  cancelTimer(key: string): void;
  onCrash(record: CrashRecord): void;
  /** The record again, with `restartedAt`. */
  onRestarted(record: CrashRecord): void;
  onReport(report: SupervisorReport): void;
  /** Every child of the root runs for the first time. */
  onStarted?(): void;
  /** Nothing of the tree runs any more. `escalated`: the root gave up, or its first start failed. */
  onStopped(reason: 'shutdown' | 'escalated'): void;
}
