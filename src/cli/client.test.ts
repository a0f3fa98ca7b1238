import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadOrMakeTokens } from '../control/tokens.ts';
import { createDataDir } from '../journal/dataDir.ts';
import { connectToSystem } from './client.ts';

describe('a system whose guardian lives and whose door is shut', () => {
  it('is said to be starting again, perhaps, and where to look', async () => {
    const dir = createDataDir(mkdtempSync(join(tmpdir(), 'nightjar-client-')));
    try {
      const url = `http://127.0.0.1:${await portOfNobody()}`;
      dir.writeEndpoint({ pid: process.pid, corePid: process.pid, url, run: 'r', startedAtMs: 0 });
      loadOrMakeTokens(dir.tokensPath);
      await expect(connectToSystem(dir.root).call('GET', '/state', 'read')).rejects.toMatchObject({
        code: 'control.unavailable',
        details: { remedy: expect.stringMatching(/try again in a few seconds.*nightjar doctor/) },
      });
    } finally {
      rmSync(dir.root, { recursive: true });
    }
  });
});

/** A port that was free a moment ago. */
async function portOfNobody(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
