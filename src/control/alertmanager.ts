import { z } from 'zod';
import type { ControlMessage } from '../domain/control.ts';
import type { Logger } from '../domain/ports.ts';
import type { AlertMemory } from './alertMemory.ts';
import { cleanReason } from './controlRequest.ts';
import type { Reply } from './coreLink.ts';
import type { PermitDesk } from './permitDesk.ts';
import { plainIssues } from './plainIssues.ts';
import { findBots, type LatchedBot } from './targets.ts';

/** Alerts remembered as done; the oldest goes first. */
const MAX_DONE = 4_096;

const labels = z.record(z.string(), z.string());
const alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels,
  startsAt: z.string(),
  fingerprint: z.string().optional(),
});
type Alert = z.infer<typeof alert>;
const payload = z.object({ version: z.literal('4'), alerts: z.array(z.unknown()) });

export type AlertResult = 'closed' | 'repeated' | 'resolved' | 'noted' | 'unknown_bot' | 'malformed' | 'failed';

export interface AlertDeskDeps {
  readonly bots: readonly LatchedBot[];
  readonly desk: PermitDesk;
  /** Alerts that closed their permits before this edge began. */
  readonly memory: AlertMemory;
  readonly log: Logger;
  /** Takes known secrets out. */
  readonly scrub: (message: ControlMessage) => ControlMessage;
  /** For the journal; the core's answer is not waited for. */
  readonly note: (message: ControlMessage) => void;
  readonly count: (result: AlertResult) => void;
}

/**
 * Alertmanager's webhook (version 4, prometheus.io/docs/alerting/latest/configuration/#webhook_config, read 2026-11-22).
 * It can only stop: a firing critical alert, or one labelled action="disable_live", closes the permit of its bot.
 */
export function createAlertDesk(deps: AlertDeskDeps): (body: unknown, from: string) => Promise<Reply> {
  /** Alerts done or under way; a failed one is forgotten, so that Alertmanager's retry tries again. */
  const taken = new Map<string, Promise<AlertResult>>();

  const handle = async (raw: unknown, from: string): Promise<AlertResult> => {
    const parsed = alert.safeParse(raw);
    if (!parsed.success) {
      deps.log.log('error', 'control', `alert refused: ${plainIssues(parsed.error)}`);
      return 'malformed';
    }
    const one = parsed.data;
    const message = deps.scrub(messageOf(one, from));
    if (one.status === 'resolved') {
      // The cause is gone, the decision to trade again stays a person's. Its next firing has another startsAt.
      deps.note({ ...message, id: `${message.id}:resolved`, action: 'alert' });
      return 'resolved';
    }
    const earlier = taken.get(message.id);
    if (earlier !== undefined) return (await earlier) === 'failed' ? 'failed' : 'repeated';
    if (deps.memory.has(message.id)) return 'repeated';
    const acting = act(one, message);
    taken.set(message.id, acting);
    if (taken.size > MAX_DONE) taken.delete(taken.keys().next().value!);
    const result = await acting;
    if (result === 'failed') taken.delete(message.id);
    return result;
  };

  const act = async (one: Alert, message: ControlMessage): Promise<AlertResult> => {
    if (one.labels.severity !== 'critical' && one.labels.action !== 'disable_live') {
      deps.note({ ...message, action: 'alert' });
      return 'noted';
    }
    const targets = findBots(deps.bots, one.labels.bot);
    if (targets === null) {
      deps.log.log(
        'error',
        'control',
        `alert ${message.reason} names the unknown bot ${JSON.stringify(one.labels.bot)}`,
        {
          known: deps.bots.map(({ name }) => name),
        },
      );
      deps.note({ ...message, action: 'alert' });
      return 'unknown_bot';
    }
    deps.log.log('info', 'control', `control executed: disable_live reason=${message.reason}`, { id: message.id });
    const reply = await deps.desk.close('disable_live', targets, message);
    if (reply.status >= 300) return 'failed';
    try {
      deps.memory.add(message.id);
    } catch (error) {
      // The permit is closed; that it was this alert's doing is known only until the edge ends.
      deps.log.log('error', 'control', `alert ${message.id} could not be remembered: ${String(error)}`);
    }
    return 'closed';
  };

  return async (body, from) => {
    const parsed = payload.safeParse(body);
    if (!parsed.success) {
      deps.count('malformed');
      deps.log.log('error', 'control', `webhook refused: ${plainIssues(parsed.error)}`);
      return { status: 400, body: { error: `not an Alertmanager v4 webhook: ${plainIssues(parsed.error)}` } };
    }
    const results: AlertResult[] = [];
    for (const raw of parsed.data.alerts) {
      const result = await handle(raw, from);
      deps.count(result);
      results.push(result);
    }
    // Alertmanager repeats after a 5xx; a 4xx it never sends again.
    if (results.includes('failed'))
      return { status: 500, body: { results, error: 'a permit action left not all its traces' } };
    return { status: results.includes('malformed') ? 400 : 200, body: { results } };
  };
}

function messageOf(one: Alert, from: string): ControlMessage {
  const fingerprint = one.fingerprint ?? JSON.stringify(Object.entries(one.labels).sort());
  return {
    id: `alert:${fingerprint}:${one.startsAt}`.slice(0, 300),
    action: 'disable_live',
    ...(one.labels.bot === undefined ? {} : { target: one.labels.bot }),
    reason: cleanReason(one.labels.alertname),
    args: { labels: one.labels, startsAt: one.startsAt, status: one.status },
    by: 'alertmanager',
    from,
  };
}
