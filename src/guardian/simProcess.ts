import type { ChildProcess } from 'node:child_process';
import type { VenueEndpoints } from '../domain/ports.ts';
import { firstMessage, forkChild } from './childProcess.ts';

const READY_TIMEOUT_MS = 30_000;

export interface SimPlan {
  readonly entry: string;
  readonly args: readonly string[];
}

/** The embedded venues, in a process that ends with its parent. Its address arrives as its first message. */
export function forkSim({ entry, args }: SimPlan): {
  readonly process: ChildProcess;
  readonly ready: Promise<VenueEndpoints>;
} {
  // Its one line for people goes nowhere: the address is shown by the terminal of whoever started it.
  const process = forkChild(entry, args, 'ignore');
  const ready = firstMessage(process, 'the simulator', READY_TIMEOUT_MS, (message) => {
    const { type, endpoints } = message as { type?: string; endpoints?: VenueEndpoints };
    return type === 'ready' && endpoints ? endpoints : null;
  });
  return { process, ready };
}
