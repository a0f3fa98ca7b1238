import type { Readable } from 'node:stream';
import type { LatchState } from '../domain/control.ts';

/**
 * Descriptor of the core's own way to the guardian, behind standard input, output, error and IPC. The edge thread writes
 * into it by itself: IPC is the main thread's, which may spin.
 */
export const LATCH_FD = 4;
/** A dead core's last words are there at once; nobody waits longer for the end of its pipe. */
const DRAIN_MS = 1000;
/** Far above a latch with every bot closed; beyond it the text is noise. */
const MAX_PENDING_CHARS = 1_048_576;

/** What the edge says, as one line of JSON between line ends: what is closed and in no file yet; null = the file has it all. */
export interface HoldMessage {
  readonly held: LatchState | null;
}

/** Closed permits that no file holds yet, kept where they outlive the core. */
export interface LatchHold {
  /** Null = nothing that is not on disk. */
  held(): LatchState | null;
  isKilled(): boolean;
  /** Takes the words of one more core. @returns resolves when all of them are taken, after its death */
  listen(pipe: Readable): () => Promise<void>;
  /**
   * Makes it durable itself; only while no core lives, since two writers of one file would undo each other.
   *
   * @returns why it could not; null = nothing is held any more
   */
  settle(): string | null;
}

/** @param write  makes closures durable beside those that the file has; throws when it cannot */
export function createLatchHold(write: (held: LatchState) => void): LatchHold {
  let held: LatchState | null = null;
  const take = (line: string) => {
    const message = parsed(line);
    if (message !== null) held = message.held;
  };
  return {
    held: () => held,
    isKilled: () => held?.all?.level === 'kill',
    listen(pipe) {
      let pending = '';
      pipe.setEncoding('utf8');
      pipe.on('data', (text: string) => {
        const lines = (pending + text).split('\n');
        pending = lines.pop() ?? '';
        if (pending.length > MAX_PENDING_CHARS) pending = '';
        for (const line of lines) take(line);
      });
      // A core that is killed may cut it off; what was said is said.
      pipe.on('error', () => {});
      const closed = new Promise<void>((resolve) => pipe.once('close', resolve));
      return () => Promise.race([closed, new Promise<void>((resolve) => setTimeout(resolve, DRAIN_MS).unref())]);
    },
    settle() {
      if (held === null) return null;
      try {
        write(held);
        held = null;
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

/** Null for what is no whole message: a line that was cut by the death of its writer, or by a full pipe. */
function parsed(line: string): HoldMessage | null {
  try {
    const message = JSON.parse(line) as Partial<HoldMessage> | null;
    if (message?.held === null) return { held: null };
    const isLatch = typeof message?.held === 'object' && 'all' in message.held && 'bots' in message.held;
    return isLatch ? { held: message.held as LatchState } : null;
  } catch {
    return null;
  }
}
