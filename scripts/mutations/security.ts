import type { Mutation } from './mutation.ts';

const edge = 'test/securityEdge.test.ts';
const guards = 'src/control/requestGuards.ts';

/** Group H: security. */
export const securityMutations: readonly Mutation[] = [
  {
    ...{ number: 'H1', name: 'a path that nobody lists is open', file: 'src/control/edgeRoutes.ts', test: edge },
    search: "?? 'read';",
    replace: "?? 'open';",
  },
  {
    ...{ number: 'H2', name: 'any one Host is served', file: guards, test: edge },
    search: 'if (hosts.length === 1 && allowed.has(hosts[0]!.toLowerCase())) return null;',
    replace: 'if (hosts.length === 1) return null;',
  },
  {
    ...{
      number: 'H3',
      name: 'an upgrade is not judged',
      file: 'src/control/httpServer.ts',
      test: 'test/edgeLive.test.ts',
    },
    search: 'const status = refused?.status ?? (targetOf',
    replace: 'const status = (targetOf',
  },
  {
    ...{ number: 'H4', name: 'guesses from loopback are never slowed', file: guards, test: edge },
    search: 'if (waitMs > 0 && (role === null || !isLocal)) {',
    replace: 'if (waitMs > 0 && !isLocal) {',
  },
  {
    ...{ number: 'H5', name: 'log lines are written as they are', file: 'src/telemetry/logger.ts', test: edge },
    search: 'const clean = scrubber.scrub(line);',
    replace: 'const clean = line;',
  },
  {
    ...{ number: 'H6', name: 'the status shows a token', file: 'src/control/edgeThread.ts', test: edge },
    search: 'version: boot.version,\n    configHash: boot.configHash,',
    replace: 'version: tokens.read,\n    configHash: boot.configHash,',
  },
  {
    ...{ number: 'H7', name: 'Alertmanager may read', file: guards, test: edge },
    search: "return role !== 'alertmanager';",
    replace: 'return true;',
  },
  {
    ...{ number: 'H8', name: 'a kill is lifted without a phrase', file: 'src/control/controlDoor.ts', test: edge },
    search: 'return (killed || !deps.embedded ? phraseFor(message) : null) ?? desk.open(targets, message);',
    replace: 'return desk.open(targets, message);',
  },
  {
    ...{ number: 'H5', name: 'the edge does not know the venues’ keys', file: 'src/control/edgeThread.ts' },
    search: '...(boot.secrets ?? [])]',
    replace: ']',
    test: 'test/securityRun.test.ts',
  },
  {
    ...{ number: 'H5', name: 'venue reports leave the gateway as they came', file: 'src/workers/gatewayEntry.ts' },
    search: 'parent.postMessage(scrubber.scrubValue(message));',
    replace: 'parent.postMessage(message);',
    test: 'test/securityEgress.test.ts',
  },
  {
    ...{ number: 'H9', name: 'sockets go anywhere', file: 'src/workers/egressGuard.ts' },
    search: 'if (targets.has(target)) return connect.apply(this, args);',
    replace: 'if (targets.size > 0) return connect.apply(this, args);',
    test: 'test/securityEgress.test.ts',
  },
];
