import { readdirSync, readFileSync } from 'node:fs';

/** A process by number and start, so that a number given anew is not taken for the old one. */
export interface KnownProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly command: string;
}

interface Stat {
  readonly parent: number;
  readonly state: string;
  readonly startTicks: string;
}

/** The processes below one of ours, as far as they were seen alive (Linux: from /proc). */
export class Family {
  readonly #root: number;
  readonly #known = new Map<string, KnownProcess>();

  constructor(rootPid: number) {
    this.#root = rootPid;
    this.look();
  }

  /** Takes note of who is there now: the child of a dead parent cannot be found any more. */
  look(): void {
    const stats = new Map<number, Stat>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const stat = Number.isInteger(pid) ? readStat(pid) : null;
      if (stat !== null) stats.set(pid, stat);
    }
    for (const [pid, { startTicks }] of stats) {
      if (!this.#isOurs(pid, stats)) continue;
      this.#known.set(`${pid}/${startTicks}`, { pid, startTicks, command: commandOf(pid) });
    }
  }

  /** Those that live; the dead whom their parent has not buried yet do not. */
  alive(): readonly KnownProcess[] {
    return [...this.#known.values()].filter(({ pid, startTicks }) => {
      const stat = readStat(pid);
      return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z';
    });
  }

  find(part: string): KnownProcess | undefined {
    this.look();
    return this.alive().find(({ command }) => command.includes(part));
  }

  signal(signal: NodeJS.Signals): void {
    this.look();
    for (const { pid } of this.alive()) trySignal(pid, signal);
  }

  #isOurs(pid: number, stats: ReadonlyMap<number, Stat>): boolean {
    for (let one = pid; one > 1; one = stats.get(one)?.parent ?? 0) if (one === this.#root) return true;
    return false;
  }
}

/** @returns false when nobody is there any more */
export function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold spaces: fields are counted from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, parent: Number(fields[1]), startTicks: fields[19]! };
  } catch {
    return null;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
