import type { StartChild } from './core/childPort.ts';
import { createChildRunner } from './core/childRunner.ts';
import type { OtherCommand } from './core/commands.ts';
import { createDoor, type Door } from './core/door.ts';
import type { KernelConfig } from './core/kernel.ts';
import type { Clock, Logger } from './domain/ports.ts';
import type { JournalRow } from './journal/rows.ts';
import type { MetricSink } from './telemetry/metricSink.ts';
import type { VirtualGateway } from './virtualGateway.ts';
import type { VirtualLane } from './virtualLane.ts';

export interface VirtualCoreDeps {
  readonly kernel: KernelConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricSink;
  /** Highest input sequence of earlier incarnations of this run. */
  readonly lastInputSeq: number;
  readonly edge: StartChild;
  readonly journal: StartChild;
  readonly gateway: VirtualGateway;
  readonly lane: VirtualLane;
  /** Rows of the core, in order. */
  rows(rows: readonly JournalRow[]): void;
  /** When a venue's report is durable; without it nothing is waited for. See `DoorDeps.durable`. */
  durable?(inputSeq: number, then: () => void): void;
  closePermit(command: Extract<OtherCommand, { type: 'latch.close' }>): void;
  controlReply(command: Extract<OtherCommand, { type: 'control.reply' }>): void;
  execLog(line: string): void;
  ready(): void;
  stopped(command: Extract<OtherCommand, { type: 'core.stopped' }>): void;
}

/** One core incarnation in one thread: the real door and kernel, and children that share its thread. */
export function createVirtualCore(deps: VirtualCoreDeps): Door {
  const door = createDoor({
    clock: deps.clock,
    config: deps.kernel,
    log: deps.log,
    metrics: deps.metrics,
    lastInputSeq: deps.lastInputSeq,
    journal: deps.rows,
    ...(deps.durable === undefined ? {} : { durable: deps.durable }),
    cancel: (ref) => deps.gateway.handle({ type: 'cancel', ref }),
    execute,
  });
  const runner = createChildRunner(
    { edge: deps.edge, journal: deps.journal, gateway: deps.gateway.start, [deps.kernel.lanes[0]!]: deps.lane.start },
    door.admit,
  );

  function execute(command: OtherCommand): void {
    switch (command.type) {
      case 'child.start':
      case 'child.stop':
        runner.execute(command);
        return;
      case 'lane.send':
        deps.lane.send(command.message);
        return;
      case 'order.resolve':
        deps.gateway.handle({ type: 'resolve', ref: command.ref, deadlineMs: command.deadlineMs });
        return;
      case 'gateway.reconcile':
        deps.gateway.handle({ type: 'reconcile' });
        return;
      case 'gateway.markets':
        deps.gateway.handle({ type: 'markets' });
        return;
      case 'latch.close':
        deps.closePermit(command);
        return;
      case 'control.reply':
        deps.controlReply(command);
        return;
      case 'exec.log':
        deps.execLog(JSON.stringify(command.line));
        return;
      case 'core.ready':
        deps.ready();
        return;
      case 'core.stopped':
        deps.stopped(command);
        return;
    }
  }

  return door;
}
