import { randomUUID } from 'node:crypto';
import { type ControlMessage, closerText } from '../domain/control.ts';
import type { Clock, Logger } from '../domain/ports.ts';
import type { ControlRequest } from './controlRequest.ts';
import { type CoreLink, type Reply, within } from './coreLink.ts';
import { isKill, levelOf, strictestClosure } from './latchState.ts';
import type { PermitDesk } from './permitDesk.ts';
import { planPermit } from './permitPlan.ts';
import { isPermitAction, type PermitAction } from './permitVerbs.ts';
import { createReplyMemory } from './replyMemory.ts';
import type { StepUp } from './stepUp.ts';
import { findBots, type LatchedBot } from './targets.ts';
import type { Role } from './tokens.ts';

const CORE_DEADLINE_MS = 5_000;
/** A plan is read by a person who waits, and says so when the core is silent. */
const PLAN_DEADLINE_MS = 2_000;
/** Verbs that open risk, or can; on embedded venues, where no money moves, only the lifting of a kill asks for a phrase. */
const RISK_OPENERS: ReadonlySet<string> = new Set(['enable_live', 'set_mode', 'promote', 'set_knob', 'rollback_knob']);

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
  readonly stepUp: StepUp;
  /** Every venue is embedded: results prove the plumbing, and nothing asked here moves money. */
  readonly embedded: boolean;
  /** Takes known secrets out: what passes here is journalled, shown and kept. */
  readonly scrub: (message: ControlMessage) => ControlMessage;
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
    if (!isPermitAction(action)) return (deps.embedded ? null : phraseFor(message)) ?? forward(message);
    const planned = message.args.plan === true;
    if (action === 'kill' && !planned && caller.role === 'operate') {
      return refusal(403, 'kill needs the token of the role "kill"', { needs: 'kill' });
    }
    const targets = findBots(bots, message.target);
    if (targets === null) {
      const known = bots.map(({ name }) => name);
      return refusal(404, `target "${message.target}" is no bot: use ${known.join(', ')}, or none for all`, { known });
    }
    if (planned) return plan(action, targets, message);
    if (action === 'kill' || action === 'disable_live' || action === 'drain')
      return desk.close(action, targets, message);

    const closure = strictestClosure(desk.state(), targets);
    const killed = isKill(levelOf(closure));
    if (closure !== null && killed && caller.role !== 'kill') {
      const what = action === 'flatten' ? 'a flatten of it' : 'lifting a kill';
      const error = `killed by ${closerText(closure.by)} (${closure.reason}): ${what} needs the token of the role "kill"`;
      return refusal(403, error, { needs: 'kill' });
    }
    if (action === 'flatten') return desk.flatten(targets, message);
    return (killed || !deps.embedded ? phraseFor(message) : null) ?? desk.open(targets, message);
  };

  /** Asks for the phrase, or null when the right one came or the verb opens nothing. */
  const phraseFor = ({ id, action, target, by, args }: ControlMessage): Promise<Reply> | null => {
    if (!RISK_OPENERS.has(action)) return null;
    const wanted = deps.stepUp.ask(action, target ?? 'every bot', by, args.phrase);
    if (wanted === null) return null;
    const error = `${action} opens risk: send it again with args.phrase = "${wanted.phrase}" within 60 s`;
    return Promise.resolve({ status: 409, body: { id, error, needs: 'phrase', ...wanted }, again: true });
  };

  const plan = async (
    action: PermitAction,
    targets: readonly LatchedBot[],
    message: ControlMessage,
  ): Promise<Reply> => {
    const asked = link.ask(message.id, () => deps.sendToCore(message));
    const reply = await within(clock, PLAN_DEADLINE_MS, asked, null);
    const killed = isKill(levelOf(strictestClosure(desk.state(), targets)));
    const body = planPermit({
      action,
      state: desk.state(),
      targets,
      bots,
      everyBot: message.target === undefined,
      needsPhrase: action === 'enable_live' && (killed || !deps.embedded),
      inFlight: reply !== null && reply.status < 300 ? reply.body : null,
    });
    return { status: 200, body };
  };

  const forward = async (message: ControlMessage): Promise<Reply> => {
    for (const { name } of findBots(bots, message.target) ?? []) deps.countAction(message.action, name);
    if (link.isFull()) {
      const error = `${link.pending()} messages wait for the core already: this one was not sent and nothing was done; try again`;
      return { status: 503, body: { id: message.id, error, sent: false } };
    }
    const reply = await link.ask(message.id, () => deps.sendToCore(message));
    return reply ?? { status: 503, body: { id: message.id, error: 'the core did not answer: outcome unknown' } };
  };

  const noteReceipt = (message: ControlMessage) => {
    const { action, reason, id, target, by, from } = message;
    try {
      const planned = message.args.plan === true;
      log.log('info', 'control', `control ${planned ? 'planned' : 'executed'}: ${action} reason=${reason}`, {
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
      const message: ControlMessage = deps.scrub({
        id: request.id ?? randomUUID(),
        action: request.action,
        ...(request.target === undefined ? {} : { target: request.target }),
        reason: request.reason,
        args: request.args,
        by: caller.role ?? 'nobody',
        from: caller.from,
      });
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
