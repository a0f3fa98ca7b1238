import type { Mutation } from './mutation.ts';

const modes = 'test/failureCasesModes.test.ts';

/** Group G: modes and kill. */
export const modeMutations: readonly Mutation[] = [
  {
    number: 'G1',
    name: 'every mode has a gateway',
    file: 'src/workers/gatewayPorts.ts',
    search: 'if (!sendingModes.includes(mode)) {',
    replace: "if (mode === ('none' as string)) {",
    test: modes,
  },
  {
    number: 'G2',
    name: 'a kill that throws leaves the words open',
    file: 'src/control/edgeRoutes.ts',
    search: 'deps.desk.slam(level, null, ',
    replace: 'String(',
    test: 'test/edgeKillDrill.test.ts',
  },
  {
    number: 'G3',
    name: 'no trade reads as a small loss',
    file: 'src/risk/lossWatch.ts',
    search: 'drawdown: entry.highestNet - net }',
    replace: 'drawdown: entry.highestNet - net + 1e-6 }',
    test: modes,
  },
  {
    number: 'G4',
    name: 'neither the core nor the gateway asks the permit',
    file: 'src/core/permits.ts',
    search: 'isOpen: (bot) => closure(bot) === null,',
    replace: 'isOpen: () => true,',
    also: [
      {
        file: 'src/workers/gateway.ts',
        search: 'const refusal = latchRefusal(latch, intent.botSlot, intent.effect);',
        replace: 'const refusal = intent.botSlot < 0 ? latchRefusal(latch, 0, intent.effect) : null;',
      },
    ],
    test: 'test/chaos/namedCases.test.ts',
  },
  {
    number: 'G4',
    name: 'the gateway asks the latch before the connection is there, and never again',
    file: 'src/workers/gateway.ts',
    search: 'port.place(intent, refusedNow)',
    replace: 'port.place(intent)',
    test: 'src/workers/gatewayWire.test.ts',
  },
  {
    number: 'G5',
    name: 'a plan is carried out',
    file: 'src/control/controlDoor.ts',
    search: 'if (planned) return plan(action, targets, message);',
    replace: '',
    test: modes,
  },
  {
    number: 'G6',
    name: 'any build will do',
    file: 'src/composeCore.ts',
    search: 'if (found === ofRun) return;',
    replace: 'if (found !== ofRun || found === ofRun) return;',
    test: modes,
  },
];
