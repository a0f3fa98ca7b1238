import { randomUUID } from 'node:crypto';
import type { ControlMessage } from '../domain/control.ts';
import type { Clock, Logger } from '../domain/ports.ts';
import type { ControlRequest } from './controlRequest.ts';
import { type CoreLink, type Reply, within } from './coreLink.ts';
import { strictestClosure } from './latchState.ts';
import type { PermitDesk } from './permitDesk.ts';
import { createReplyMemory } from './replyMemory.ts';
import { findBots, type LatchedBot } from './targets.ts';
import type { Role } from './tokens.ts';

const CORE_DEADLINE_MS = 5_000;

export interface Caller {
  /** Null on an open path without a token. */
  readonly role: Role | null;
  /** Address the request came from. */
  readonly from: string;
}

export interface ControlDoorDeps {
  readonly bots: readonly LatchedBot[];
  readonly desk: PermitDesk;
  readonly link: CoreLink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sendToCore: (message: ControlMessage) => void;
  readonly countAction: (action: string, bot: string) => void;
}

export interface ControlDoor {
  handle(request: ControlRequest, caller: Caller): Promise<Reply>;
}

/** One way in for every control message: permits are executed here, the rest is the core's. */
export function createControlDoor(deps: ControlDoorDeps): ControlDoor {
  const { bots, desk, link, clock, log } = deps;
  const memory = createReplyMemory();

  const act = (message: ControlMessage, caller: Caller): Promise<Reply> => {
    const { action } = message;
    if (action !== 'disable_live' && action !== 'kill' && action !== 'enable_live') return forward(message);
    if (action === 'kill' && caller.role === 'operate') return refusal(403, 'kill needs the token of the role "kill"');
    const targets = findBots(bots, message.target);
    if (targets === null) {
      const known = bots.map(({ name }) => name);
      return refusal(404, `target "${message.target}" is no bot: use ${known.join(', ')}, or none for all`, { known });
    }
    if (action !== 'enable_live') return desk.close(action, targets, message);
    const closure = strictestClosure(desk.state(), targets);
    if (closure?.level === 'kill' && caller.role !== 'kill') {
      return refusal(
        403,
        `killed by ${closure.by} (${closure.reason}): lifting a kill needs the token of the role "kill"`,
      );
    }
    return desk.open(targets, message);
  };

  const forward = async (message: ControlMessage): Promise<Reply> => {
    for (const { name } of findBots(bots, message.target) ?? []) deps.countAction(message.action, name);
    const reply = await link.ask(message.id, () => deps.sendToCore(message));
    return reply ?? { status: 503, body: { id: message.id, error: 'the core did not answer: outcome unknown' } };
  };

  const noteReceipt = (message: ControlMessage) => {
    const { action, reason, id, target, by, from } = message;
    try {
      log.log('info', 'control', `control executed: ${action} reason=${reason}`, {
        id,
        target: target ?? 'every bot',
        by,
        from,
      });
    } catch {
      // A log that throws must not keep a stop from happening.
    }
  };

  return {
    async handle(request, caller) {
      const message: ControlMessage = {
        id: request.id ?? randomUUID(),
        action: request.action,
        ...(request.target === undefined ? {} : { target: request.target }),
        reason: request.reason,
        args: request.args,
        by: caller.role ?? 'nobody',
        from: caller.from,
      };
      noteReceipt(message);
      const answer = memory.once(message, () => act(message, caller));
      if (answer === null) {
        return { status: 409, body: { error: `id "${message.id}" was used for another message: use a new id` } };
      }
      const late: Reply = {
        status: 504,
        body: {
          id: message.id,
          error: `no answer within ${CORE_DEADLINE_MS / 1000} s, outcome unknown: ask again with the same id`,
        },
      };
      return within(clock, CORE_DEADLINE_MS, answer, late);
    },
  };
}

const refusal = (status: number, error: string, more: object = {}): Promise<Reply> =>
  Promise.resolve({ status, body: { error, ...more } });
