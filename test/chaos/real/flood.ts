import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readTokens } from '../../../src/control/tokens.ts';
import { readJson } from '../../nightjarProcess.ts';
import type { World } from './world.ts';

/** So many at a time. */
const ABREAST = 25;

/**
 * Many requests at once, two of three with a token that nobody gave out. Wrong ones must be refused, each of them; the
 * right one on loopback must go on being answered.
 */
export async function flood(
  world: Pick<World, 'dataDir' | 'corePid'>,
  requests: number,
): Promise<{ readonly text: string; readonly broken: readonly string[] }> {
  const { url } = readJson<{ url: string }>(join(world.dataDir, 'endpoint.json'));
  const { read } = readTokens(join(world.dataDir, 'tokens'));
  const pid = world.corePid();
  const broken: string[] = [];
  const seen: Record<string, number> = {};
  const count = (what: string) => {
    seen[what] = (seen[what] ?? 0) + 1;
  };
  const ask = async (index: number) => {
    const wrong = index % 3 !== 0;
    const token = wrong ? randomBytes(32).toString('base64url') : read;
    const acts = index % 3 === 1;
    const status = await fetch(new URL(acts ? '/control' : '/api/status', url), {
      method: acts ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(acts ? { body: JSON.stringify({ action: 'enable_live', reason: 'a stranger' }) } : {}),
    }).then(
      (answer) => answer.text().then(() => answer.status),
      () => 0,
    );
    count(`${wrong ? 'wrong' : 'right'} ${status === 0 ? 'cut' : status}`);
    if (wrong && status !== 0 && ![401, 403, 429, 503].includes(status)) {
      broken.push(`a wrong token was answered ${status}`);
    }
    // The core may have died of an earlier fault meanwhile, and the control plane with it.
    if (!wrong && status !== 200 && status !== 503 && world.corePid() === pid && status !== 0) {
      broken.push(`the right token was answered ${status} in a flood`);
    }
  };
  for (let sent = 0; sent < requests; sent += ABREAST) {
    await Promise.all(Array.from({ length: Math.min(ABREAST, requests - sent) }, (_, index) => ask(sent + index)));
  }
  const text = Object.entries(seen).map(([what, times]) => `${what}: ${times}`);
  return { text: text.sort().join(', '), broken };
}
