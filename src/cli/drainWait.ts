import type { SystemStatus } from '../control/systemStatus.ts';
import { createWallClock } from '../workers/wallClock.ts';
import type { SystemClient } from './client.ts';

/** An attempt ends within its unwind time; beyond this something holds it, and the operator should know. */
const DRAIN_MS = 15_000;
const ASK_EVERY_MS = 200;

/**
 * Waits until no attempt of these bots is open.
 * @returns those whose attempt is still open, or unknown, when the time is over
 */
export async function waitDrained(client: SystemClient, bots: readonly string[]): Promise<readonly string[]> {
  const clock = createWallClock();
  const endMs = clock.nowMs() + DRAIN_MS;
  for (;;) {
    const { status, body } = await client.call('GET', '/api/status', 'read');
    const shown = status === 200 ? (body as SystemStatus).bots : {};
    const open = bots.filter((bot) => shown[bot] === undefined || /^(go|recovering)/.test(shown[bot].state));
    if (open.length === 0 || clock.nowMs() >= endMs) return open;
    await new Promise<void>((resolve) => clock.after(ASK_EVERY_MS, resolve));
  }
}
