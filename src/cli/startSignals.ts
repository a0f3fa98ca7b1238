export interface StopSignals {
  /** From here on signals go there; those that came before are delivered at once. */
  to(stop: (reason: string) => void): void;
  release(): void;
}

/** Listens from the first moment: a stop that comes while things are still being made is an orderly one too. */
export function takeStopSignals(say: (line: string) => void): StopSignals {
  const early: NodeJS.Signals[] = [];
  let stop: ((reason: string) => void) | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    say(`${signal}: stopping; permits close, orders in flight are resolved (a second ${signal} ends at once)`);
    if (stop === null) early.push(signal);
    else stop(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    to(target) {
      stop = target;
      for (const signal of early) target(signal);
    },
    release() {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
