#!/usr/bin/env node
// Plain JavaScript, so that a Node too old to run TypeScript still prints one clear line instead of a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  process.stderr.write(
    `nightjar needs Node 26 or newer, this is ${process.versions.node}: start it with "npx nightjar …" or "npm start" inside the project, or install Node 26.\n`,
  );
  process.exit(1);
}
// `ws` would load a native add-on if web3.js brought one along; both switches must be set before its first import.
process.env.WS_NO_BUFFER_UTIL = '1';
process.env.WS_NO_UTF_8_VALIDATE = '1';
await import('../src/cli/nightjar.ts');
