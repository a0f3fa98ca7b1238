import { talk } from './output.ts';

/** A terminal can take a line that rewrites itself; a log file gets one only now and then. */
const TERMINAL_EVERY_MS = 200;
const LOG_EVERY_MS = 5000;

export interface Progress {
  /** Shows `text` if enough time has passed since the last one. */
  show(text: string): void;
  /** Removes a line that was being rewritten. */
  end(): void;
}

/** How far a long work has come, on stderr. */
export function createProgress(): Progress {
  const isTerminal = process.stderr.isTTY === true;
  let shownAtMs = performance.now();
  let isShown = false;
  return {
    show(text) {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < (isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS)) return;
      shownAtMs = nowMs;
      if (!isTerminal) return talk(text);
      isShown = true;
      process.stderr.write(`\r\x1b[K${text}`);
    },
    end() {
      if (isShown) process.stderr.write('\r\x1b[K');
      isShown = false;
    },
  };
}
