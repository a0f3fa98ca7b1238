import type { LaneMessage } from '../../workers/laneMessages.ts';

/** Answers that never came (a dead lane) must not pile up. */
const MAX_PENDING = 64;

export interface LaneAsk {
  readonly purpose: 'lastLook' | 'unwind';
  readonly incarnation: number;
  /** The chart's own number of its question. */
  readonly machineRequestId: number;
}

/** Questions of one bot to its lane, so that an answer reaches only the life that asked. */
export interface LaneAsks {
  ask(question: LaneAsk): void;
  /** The question that this answers; undefined when nobody of this incarnation waits for it. Once. */
  take(requestId: number, incarnation: number): LaneAsk | undefined;
}

export function createLaneAsks(deps: {
  readonly botSlot: number;
  nextRequestId(): number;
  send(message: LaneMessage): void;
}): LaneAsks {
  const { botSlot } = deps;
  const pending = new Map<number, LaneAsk>();
  return {
    ask(question) {
      const requestId = deps.nextRequestId();
      pending.set(requestId, question);
      if (pending.size > MAX_PENDING) pending.delete(pending.keys().next().value!);
      deps.send({ type: question.purpose === 'lastLook' ? 'lastLook' : 'prices', botSlot, requestId });
    },
    take(requestId, incarnation) {
      const question = pending.get(requestId);
      pending.delete(requestId);
      return question?.incarnation === incarnation ? question : undefined;
    },
  };
}
