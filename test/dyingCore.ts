import type { FromCore, ToCore } from '../src/guardian/coreMessages.ts';

/** A core process for `wallRunHalt.test.ts`: it shows its drills, begins the first one and dies, each time. */
process.on('message', (raw) => {
  const message = raw as ToCore;
  if (message.type !== 'boot') return;
  const { drills } = message.boot;
  process.send?.({ type: 'notice', line: `DRILLS ${JSON.stringify(drills)}` } satisfies FromCore);
  process.send?.({ type: 'drilled', id: drills[0]?.id ?? -1 } satisfies FromCore, () => process.exit(7));
});
