import type { RunningNightjar } from './nightjarProcess.ts';

export interface OperatorClient {
  /** `POST /control`, by default with the token that `start` printed. */
  control(
    message: Readonly<Record<string, unknown>>,
    token?: string,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Names and labels of the series that a thread has, sorted. */
  series(): Promise<readonly string[]>;
  /** Base URL of an embedded venue. */
  venue(name: 'binance' | 'okx' | 'bybit' | 'jupiter'): string;
}

/** Speaks to a run without a process per question, which would cost more than what is measured. */
export function operatorOf(running: RunningNightjar): OperatorClient {
  const [, address, operate] = /page\s+(http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)/.exec(running.output())!;
  return {
    async control(message, token = operate) {
      const response = await fetch(`${address}/control`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'drill', ...message }),
      });
      return { status: response.status, body: await response.json() };
    },
    async series() {
      const text = await (await fetch(`${address}/metrics`)).text();
      const all = text.split('\n').filter((line) => line.includes('thread="'));
      return all.map((line) => line.slice(0, line.indexOf('}') + 1)).sort();
    },
    venue: (name) => new RegExp(`${name} (http://127\\.0\\.0\\.1:\\d+)`).exec(running.output())![1]!,
  };
}
