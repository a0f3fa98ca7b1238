export interface TimerPorts {
  /** Any delay, also beyond Node's 24.8 days: the port's clock splits it. */
  arm(key: string, delayMs: number): void;
  cancel(key: string): void;
}

/** XState's clock over the host's timers, with keys that are the same in every run. */
export function createHostTimers(prefix: string, ports: TimerPorts) {
  const armed = new Map<string, () => void>();
  let counter = 0;
  return {
    clock: {
      setTimeout(fn: (...args: unknown[]) => void, delayMs: number): string {
        counter += 1;
        const key = `${prefix}/${counter}`;
        armed.set(key, () => fn());
        ports.arm(key, delayMs);
        return key;
      },
      clearTimeout(key: unknown): void {
        if (typeof key === 'string' && armed.delete(key)) ports.cancel(key);
      },
    },
    isArmed: (key: string): boolean => armed.has(key),
    /** Takes a due timer's work; undefined when it was cancelled in between. */
    take(key: string): (() => void) | undefined {
      const fire = armed.get(key);
      armed.delete(key);
      return fire;
    },
    cancelAll(): void {
      for (const key of armed.keys()) ports.cancel(key);
      armed.clear();
    },
  };
}
