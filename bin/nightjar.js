#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';

// Plain JavaScript, so that a Node too old to run TypeScript still prints one clear line instead of a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  process.stderr.write(
    `nightjar needs Node 26 or newer, this is ${process.versions.node}: start it with "npx nightjar …" or "npm start" inside the project, or install Node 26.\n`,
  );
  process.exit(1);
}
// What was compiled once is read back by every later start, of children and threads too: a core that died is back sooner.
// Inside the project, since what lies there becomes code, and the system's folder for temporary files is everybody's.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/nightjar', import.meta.url));
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
// `ws` would load a native add-on if web3.js brought one along; both switches must be set before its first import.
process.env.WS_NO_BUFFER_UTIL = '1';
process.env.WS_NO_UTF_8_VALIDATE = '1';
await import('../src/cli/nightjar.ts');
