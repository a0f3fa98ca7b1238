export interface TimerPorts {
  /** Any delay, also beyond Node's 24.8 days: the port's clock splits it. */
  arm(key: string, delayMs: number): void;
  cancel(key: string): void;
}

/** XState's clock (`setTimeout`, `clearTimeout`) over the host's timers, with keys that are the same in every run. */
export class HostTimers {
  private readonly prefix: string;
  private readonly ports: TimerPorts;
  /** Null until the first timer: most machines of many have none. */
  private armed: Map<string, (...args: unknown[]) => void> | null = null;
  private counter = 0;

  constructor(prefix: string, ports: TimerPorts) {
    this.prefix = prefix;
    this.ports = ports;
  }

  setTimeout(fire: (...args: unknown[]) => void, delayMs: number): string {
    this.counter += 1;
    const key = `${this.prefix}/${this.counter}`;
    this.armed ??= new Map();
    this.armed.set(key, fire);
    this.ports.arm(key, delayMs);
    return key;
  }

  clearTimeout(key: unknown): void {
    if (typeof key === 'string' && this.armed?.delete(key)) this.ports.cancel(key);
  }

  isArmed(key: string): boolean {
    return this.armed?.has(key) ?? false;
  }

  /** Takes a due timer's work; undefined when it was cancelled in between. */
  take(key: string): (() => void) | undefined {
    const fire = this.armed?.get(key);
    this.armed?.delete(key);
    return fire;
  }

  cancelAll(): void {
    if (this.armed === null) return;
    for (const key of this.armed.keys()) this.ports.cancel(key);
    this.armed.clear();
  }
}
