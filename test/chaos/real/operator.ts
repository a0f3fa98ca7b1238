import { randomUUID } from 'node:crypto';
import { type ClientReply, connectToSystem } from '../../../src/cli/client.ts';
import type { SystemStatus } from '../../../src/control/systemStatus.ts';
import type { Role } from '../../../src/control/tokens.ts';

/** The control plane lives and dies with the core: a restart and its recovery lie within this. */
const REACH_MS = 60_000;
const AGAIN_MS = 100;

export interface Operator {
  /**
   * Says it until it is answered, through deaths and restarts of the control plane; gives the phrase when one is asked for.
   * @throws Error when nothing answers within a minute, or the answer is a refusal
   */
  say(action: string, target?: string): Promise<void>;
  /** One try, for what may end the one who answers. @returns what became of it */
  tryOnce(action: string, target?: string): Promise<string>;
  /** One try. @returns null when nothing answers */
  status(): Promise<SystemStatus | null>;
}

export function createOperator(dataDir: string): Operator {
  const call = (method: 'GET' | 'POST', path: string, role: Role, body?: unknown) =>
    connectToSystem(dataDir).call(method, path, role, body);
  const once = async (action: string, target: string | undefined): Promise<ClientReply> => {
    const message = { action, reason: 'chaos', ...(target === undefined ? {} : { target }) };
    const reply = await call('POST', '/control', 'kill', { ...message, id: randomUUID(), args: {} });
    const { phrase } = (reply.body ?? {}) as { readonly phrase?: string };
    if (reply.status !== 409 || phrase === undefined) return reply;
    return call('POST', '/control', 'kill', { ...message, id: randomUUID(), args: { phrase } });
  };
  return {
    async say(action, target) {
      const deadlineMs = performance.now() + REACH_MS;
      for (;;) {
        let why: string;
        try {
          const { status, body } = await once(action, target);
          if (status < 300) return;
          why = `${status} ${JSON.stringify(body)}`;
          // 503 and 504: the core is not there yet; all else is an answer.
          if (status !== 503 && status !== 504) throw new Refused(`${action} ${target ?? ''}: ${why}`);
        } catch (error) {
          if (error instanceof Refused) throw error;
          why = error instanceof Error ? error.message : String(error);
        }
        if (performance.now() >= deadlineMs) throw new Error(`${action} ${target ?? ''} was never answered: ${why}`);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    },
    async tryOnce(action, target) {
      try {
        const { status } = await once(action, target);
        return status < 300 ? 'done' : `answered ${status}`;
      } catch {
        return 'not answered';
      }
    },
    async status() {
      try {
        const { status, body } = await call('GET', '/api/status', 'read');
        return status === 200 ? (body as SystemStatus) : null;
      } catch {
        return null;
      }
    },
  };
}

class Refused extends Error {}
