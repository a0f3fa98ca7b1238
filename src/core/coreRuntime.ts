import { join } from 'node:path';
import type { LatchState } from '../domain/control.ts';
import type { Logger } from '../domain/ports.ts';
import type { CoreBoot, FromCore } from '../guardian/coreMessages.ts';
import type { Dimensions } from '../telemetry/slab.ts';
import type { LaneArbBot } from '../workers/laneMessages.ts';
import type { KernelConfig } from './kernel.ts';

/** What both runtimes, wall and virtual, are given by the composition root. */
export interface RuntimeInput {
  readonly boot: CoreBoot;
  readonly kernel: KernelConfig;
  readonly latch: LatchState;
  readonly log: Logger;
  send(message: FromCore): void;
}

/** The series lists of all threads follow from these. */
export function dimensionsOf(kernel: KernelConfig): Dimensions {
  const bots = kernel.bots.map(({ id }) => id);
  return {
    bots: bots.map((id) => id.replace(/^bot:/, '')),
    pairs: [...new Set(kernel.instruments.map(({ pair }) => pair))],
    lanes: kernel.lanes,
    children: ['root', 'edge', 'journal', 'gateway', 'risk', 'lanes', ...kernel.lanes, 'bots', ...bots, 'control'],
  };
}

export function laneBots(kernel: KernelConfig): LaneArbBot[] {
  return kernel.bots.map(({ id, slot, symbol, pair, knobs }) => ({ id, botSlot: slot, symbol, pair, knobs }));
}

/** The log, and beside it the few lines that a person at the terminal should see: trades, crashes, risk, control. */
export function noticingLog(log: Logger, notice: (line: string) => void): Logger {
  const noticed = new Set(['trade', 'crash', 'risk', 'reconcile']);
  return {
    log(level, channel, message, fields) {
      log.log(level, channel, message, fields);
      if (noticed.has(channel) && level !== 'debug') notice(message);
    },
  };
}

export const journalPathOf = (runDir: string) => join(runDir, 'journal.sqlite');
