import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { NightjarError } from '../../domain/errors.ts';

/** Signed swaps remembered over restarts, oldest forgotten first. */
export const MAX_SIGNED = 4_096;

/** What was signed for an order. Durable before the first byte of it can leave. */
export interface SignedSwap {
  readonly clientOrderId: string;
  readonly signature: string;
  /** Above this height no block can hold the transaction any more: the only proof of its death. */
  readonly lastValidBlockHeight: number;
  readonly inputMint: string;
  readonly outputMint: string;
  readonly signedAtMs: number;
  /** It was signed and then not sent. */
  readonly withdrawn?: true;
}

export interface SignedSwaps {
  find(clientOrderId: string): SignedSwap | undefined;
  /** Returns once it is on the disk. @throws Error of the file system: then nothing may be sent */
  add(swap: SignedSwap): void;
  close(): void;
}

/**
 * Which signature belongs to which order, in a file: a transaction carries no id of ours, so whoever follows a dead
 * gateway could not ask the chain for it, nor know that an order was signed already.
 *
 * @throws NightjarError config.invalid when a line before the last is none of ours
 */
export function openSignedSwaps(path: string): SignedSwaps {
  const known = new Map<string, SignedSwap>();
  for (const swap of readSwaps(path)) keep(known, swap);
  // Rewritten at each start: what was forgotten goes, and so does a line that a crash tore, which was never sent.
  const fresh = `${path}.new`;
  const rewritten = openSync(fresh, 'w', 0o600);
  writeSync(rewritten, [...known.values()].map((swap) => `${JSON.stringify(swap)}\n`).join(''));
  fsyncSync(rewritten);
  renameSync(fresh, path);
  return {
    find: (clientOrderId) => known.get(clientOrderId),
    add(swap) {
      writeSync(rewritten, `${JSON.stringify(swap)}\n`);
      fsyncSync(rewritten);
      keep(known, swap);
    },
    close: () => closeSync(rewritten),
  };
}

function keep(known: Map<string, SignedSwap>, swap: SignedSwap): void {
  known.set(swap.clientOrderId, swap);
  if (known.size > MAX_SIGNED) known.delete(known.keys().next().value!);
}

function readSwaps(path: string): SignedSwap[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  const swaps: SignedSwap[] = [];
  for (const [index, line] of lines.entries()) {
    const swap = parse(line);
    if (swap !== null) swaps.push(swap);
    // Every whole line ends with a newline, so the last piece is empty or torn.
    else if (index < lines.length - 1) {
      const remedy = 'move it away when no swap of an earlier run is open';
      throw new NightjarError('config.invalid', `${path}: line ${index + 1} is no signed swap; ${remedy}`, { path });
    }
  }
  return swaps;
}

function parse(line: string): SignedSwap | null {
  try {
    const swap = JSON.parse(line) as SignedSwap;
    return typeof swap.clientOrderId === 'string' && typeof swap.signature === 'string' ? swap : null;
  } catch {
    return null;
  }
}
