import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ended, firstMessage, forkChild } from '../src/guardian/childProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'nightjar-eval-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('section 4: no text becomes code in the processes that the guardian starts, main thread and worker threads alike', async () => {
  const attempts = `
    const tried = () => [() => eval('1'), () => new Function('return 1')(), () => (async () => {}).constructor('1')()].map((one) => {
      try { one(); return 'ran'; } catch (error) { return error.name; }
    });`;
  const entry = join(folder, 'entry.mjs');
  writeFileSync(
    entry,
    `import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { fileURLToPath } from 'node:url';
    ${attempts}
    if (!isMainThread) parentPort.postMessage(tried());
    else new Worker(fileURLToPath(import.meta.url)).on('message', (worker) => process.send({ main: tried(), worker }));`,
  );
  const child = forkChild(entry, []);
  const answer = await firstMessage(child, 'the child', 10_000, (message) => message as Record<string, string[]>);
  child.disconnect();
  await ended(child, 2_000);

  const refused = ['EvalError', 'EvalError', 'EvalError'];
  expect(answer).toEqual({ main: refused, worker: refused });
});
