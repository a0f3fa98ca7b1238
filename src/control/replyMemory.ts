import type { ControlMessage } from '../domain/control.ts';
import type { Reply } from './coreLink.ts';

/** Replies remembered; the oldest goes first. */
const MAX_REPLIES = 1_024;

export interface ReplyMemory {
  /**
   * Runs `act` for a new id; the same message again gets the same answer, also while the first is still under way.
   * @returns null when the id belongs to another message
   */
  once(message: ControlMessage, act: () => Promise<Reply>): Promise<Reply> | null;
}

/** What makes a control id idempotent. A failure (5xx) and an asked phrase are forgotten, so that the same id may try again. */
export function createReplyMemory(): ReplyMemory {
  const replies = new Map<string, { readonly content: string; readonly reply: Promise<Reply> }>();
  return {
    once(message, act) {
      const content = JSON.stringify([message.action, message.target, message.args, message.by]);
      const known = replies.get(message.id);
      if (known !== undefined) return known.content === content ? known.reply : null;
      const entry = { content, reply: act() };
      replies.set(message.id, entry);
      if (replies.size > MAX_REPLIES) replies.delete(replies.keys().next().value!);
      const forget = () => {
        if (replies.get(message.id) === entry) replies.delete(message.id);
      };
      entry.reply
        .then(({ status, again }) => {
          if (status >= 500 || again === true) forget();
        })
        .catch(forget);
      return entry.reply;
    },
  };
}
