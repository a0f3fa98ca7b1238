import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { ARB_EVALUATION_WORDS } from '../strategies/arb/arbEvaluation.ts';
import { createRingBuffer } from './ring.ts';
import { createPulse } from './threadPulse.ts';

/** Looks that may wait for the core; a full ring drops the new record, which then never began. */
export const LANE_RING_RECORDS = 1024;

/** Everything that joins one incarnation of a lane to the core's thread. */
export interface LaneLinks {
  /** Lane → core: `ArbEvaluation` records. */
  readonly ring: SharedArrayBuffer;
  /** See `threadPulse.ts`. */
  readonly pulse: SharedArrayBuffer;
  readonly hostPort: MessagePort;
  /** Transferred to the lane. */
  readonly lanePort: MessagePort;
}

/**
 * Made anew for each incarnation, by this one function: a ring or port that a dead lane left half used never meets its
 * successor.
 */
export function createLaneLinks(): LaneLinks {
  const { port1, port2 } = new MessageChannel();
  return {
    ring: createRingBuffer(LANE_RING_RECORDS, ARB_EVALUATION_WORDS),
    pulse: createPulse(),
    hostPort: port1,
    lanePort: port2,
  };
}
