import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { configMarkdown, exampleYaml } from '../src/config/configManual.ts';
import { metricsMarkdown } from '../src/telemetry/metricsManual.ts';
import { failureCasesMarkdown } from './failureCases/markdown.ts';

/** Documents made from the code: never edited by hand, rewritten by `npm run docs`, checked by `npm run check`. */
const generated: readonly { readonly path: string; readonly make: () => string }[] = [
  { path: 'nightjar.example.yaml', make: exampleYaml },
  { path: 'docs/CONFIG.md', make: configMarkdown },
  { path: 'docs/METRICS.md', make: metricsMarkdown },
  { path: 'docs/FAILURE_CASES.md', make: failureCasesMarkdown },
];

const checkOnly = process.argv.includes('--check');
let stale = 0;
for (const { path, make } of generated) {
  const wanted = make();
  const isCurrent = existsSync(path) && readFileSync(path, 'utf8') === wanted;
  if (isCurrent) continue;
  if (checkOnly) {
    stale += 1;
    console.error(`${path} is not what the code says: run "npm run docs"`);
  } else {
    writeFileSync(path, wanted);
    console.log(`wrote ${path}`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
