import { expect, it } from 'vitest';
import { createVirtualClock } from '../core/virtualClock.ts';
import { createRunFiles, FILE_AGAIN_MS } from './startFiles.ts';

it('F4 tries again in order what a full disk refused, and ends nothing over it', async () => {
  const clock = createVirtualClock(0);
  const said: string[] = [];
  const written: string[] = [];
  let full = true;
  const files = createRunFiles(clock, (line) => said.push(line));
  const put = (what: string) =>
    files.write(what, () => {
      if (full) throw new Error('ENOSPC');
      written.push(what);
    });
  put('manifest 2');
  put('endpoint 2');
  await clock.run(3 * FILE_AGAIN_MS, () => false);
  expect([written, said.length]).toEqual([[], 1]);
  expect(said[0]).toMatch(/manifest 2 cannot be written \(ENOSPC\): tried again every 1 s/);
  full = false;
  await clock.run(4 * FILE_AGAIN_MS, () => false);
  expect(written).toEqual(['manifest 2', 'endpoint 2']);
  expect(said.at(-1)).toMatch(/^WRITTEN/);
  put('manifest 3');
  expect(written.at(-1)).toBe('manifest 3');
});
