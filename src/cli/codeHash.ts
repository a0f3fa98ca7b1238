import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 over names and bytes of every source file that runs: what `build_info` and `preflight` compare. */
export function codeHash(projectRoot: string): string {
  const source = join(projectRoot, 'src');
  const hash = createHash('sha256');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort();
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(source, file)));
  return hash.digest('hex');
}
