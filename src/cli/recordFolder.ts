import { mkdirSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { NightjarError } from '../domain/errors.ts';

/**
 * The folder of a new recording: made when it is missing, refused when it holds anything, so that no recording is ever
 * written over or mixed with another.
 * @param out  null: `./recordings/<UTC time>`
 * @throws NightjarError config.invalid
 */
export function newRecordFolder(out: string | null, nowMs: number): string {
  const name = Temporal.Instant.fromEpochMilliseconds(Math.floor(nowMs))
    .toString()
    .replaceAll(/[-:]|\.\d+/g, '');
  const folder = resolve(out ?? `recordings/${name}`);
  try {
    mkdirSync(folder, { recursive: true });
    if (readdirSync(folder).length === 0) return folder;
  } catch (error) {
    throw new NightjarError('config.invalid', `--out ${folder}: ${(error as Error).message}`, {
      remedy: 'name a folder that can be written',
    });
  }
  throw new NightjarError('config.invalid', `--out ${folder}: it is not empty, and a recording is never written over`, {
    remedy: 'name a folder that does not exist yet',
  });
}
