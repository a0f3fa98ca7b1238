import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Erlang's script runner; Debian has it in `erlang-base`. */
const ESCRIPT = 'escript';
const PEER = fileURLToPath(new URL('../erlang/peer.escript', import.meta.url));

/** Killed from outside, or of an error of its own. */
export type Death = 'kill' | 'crash';

export interface ErlangPeer extends AsyncDisposable {
  /** Erlang/OTP release, such as `25`. */
  readonly release: string;
  /** @returns milliseconds from each death until the next incarnation has answered */
  deaths(how: Death, count: number): Promise<readonly number[]>;
  /** @returns milliseconds until all were started, and how many the supervisor counts */
  children(count: number): Promise<{ readonly tookMs: number; readonly counted: number }>;
}

/** One Erlang virtual machine for all rounds, warm as ours is; null where there is no Erlang. */
export async function startErlangPeer(): Promise<ErlangPeer | null> {
  if (spawnSync(ESCRIPT, [], { stdio: 'ignore' }).error !== undefined) return null;
  const child = spawn(ESCRIPT, [PEER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  async function read(word: string): Promise<readonly string[]> {
    const { value, done } = await lines.next();
    const [first, ...rest] = String(value).split(' ');
    if (done === true || first !== word)
      throw new Error(`the Erlang peer said ${done ? 'nothing' : value}, not ${word}`);
    return rest;
  }
  const ask = (word: string, count: number) => {
    child.stdin.write(`${word} ${count}\n`);
    return read(word);
  };

  const [release = '?'] = await read('ready');
  return {
    release,
    deaths: async (how, count) => (await ask(how, count)).map((ns) => Number(ns) / 1e6),
    async children(count) {
      const [ns, counted] = await ask('children', count);
      return { tookMs: Number(ns) / 1e6, counted: Number(counted) };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

export const NO_ERLANG =
  'SKIPPED: no `escript` here, so nothing is beside Erlang (Debian: apt-get install erlang-base)';
