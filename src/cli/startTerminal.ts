import type { CoreStatus } from '../guardian/coreMessages.ts';

export interface StartTerminal {
  line(text: string): void;
  status(status: CoreStatus): void;
  progress(doneMs: number, totalMs: number): void;
  /** Ends the status line, so that what follows starts on its own. */
  end(): void;
}

const STATUS_EVERY_MS = 2000;
/** Where nobody looks at a terminal, a status line is a log line: less often. */
const PLAIN_STATUS_EVERY_MS = 10_000;

/** A calm terminal: events as lines that stay, one status line that is rewritten in place. Talk, so it goes to stderr. */
export function createStartTerminal(out: NodeJS.WriteStream, nowMs: () => number): StartTerminal {
  const inPlace = out.isTTY === true;
  let shown = '';
  let lastStatusMs = Number.NEGATIVE_INFINITY;

  const clear = () => {
    if (shown !== '') out.write(`\r${' '.repeat(shown.length)}\r`);
    shown = '';
  };
  const show = (text: string) => {
    if (!inPlace) {
      out.write(`${text}\n`);
      return;
    }
    clear();
    shown = text.slice(0, Math.max(20, (out.columns ?? 120) - 1));
    out.write(shown);
  };
  const due = () => {
    const every = inPlace ? STATUS_EVERY_MS : PLAIN_STATUS_EVERY_MS;
    if (nowMs() - lastStatusMs < every) return false;
    lastStatusMs = nowMs();
    return true;
  };
  return {
    line(text) {
      clear();
      out.write(`${text}\n`);
    },
    status(status) {
      if (due()) show(statusText(status));
    },
    progress(doneMs, totalMs) {
      if (due() || doneMs >= totalMs) {
        show(`virtual clock ${(doneMs / 1000).toFixed(0)} of ${(totalMs / 1000).toFixed(0)} s`);
      }
    },
    end() {
      if (inPlace && shown !== '') out.write('\n');
      shown = '';
    },
  };
}

/** One line that fits a terminal: per bot state, looks, near/auto/go, trades, net in reportCcy, how the last look ended. */
function statusText(status: CoreStatus): string {
  const bots = status.bots.map(({ id, state, looks, near, auto, go, trades, net, last, permit }) => {
    const closed = permit === 'open' ? '' : ` [${permit}]`;
    const signed = `${net < 0 ? '−' : '+'}${Math.abs(net).toFixed(4)}`;
    return `${id.replace('bot:', '')} ${state}${closed}  looks ${looks}  ${near}/${auto}/${go} → ${trades}  ${signed}  ${last}`;
  });
  return [...bots, ...(status.restarts > 0 ? [`restarts ${status.restarts}`] : [])].join('  |  ');
}
