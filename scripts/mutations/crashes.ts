import type { Mutation } from './mutation.ts';

const stops = 'test/coreDeathStops.test.ts';
const rescue = 'src/guardian/rescueOrders.ts';

/** Group F: crash, disk, memory, shutdown. */
export const crashMutations: readonly Mutation[] = [
  {
    number: 'F1',
    name: 'lost commits are not looked for',
    file: 'src/journal/journalMark.ts',
    search: 'mark[table] > lastSeq[table]',
    replace: 'mark[table] < lastSeq[table]',
    test: 'test/journalPowerLoss.test.ts',
  },
  {
    number: 'F2',
    name: 'a check of the doctor that throws ends it',
    file: 'src/cli/doctor/finding.ts',
    search: '} catch (error) {',
    replace: '} catch (error) {\n    throw error;',
    test: 'test/journalGarbage.test.ts',
    only: 'F2: with nothing but garbage',
  },
  {
    number: 'F3',
    name: 'the journal of another run is taken over',
    file: 'src/journal/journalWriter.ts',
    search: 'throw refuse(`it is the journal of run',
    replace: 'void refuse(`it is the journal of run',
    test: 'src/journal/journalSiblings.test.ts',
  },
  {
    number: 'F4',
    name: 'a full log file is never set aside',
    file: 'src/telemetry/logFile.ts',
    search: 'now.size >= maxBytes) setAside(',
    replace: 'now.size < 0) setAside(',
    test: 'src/telemetry/logFile.test.ts',
  },
  {
    number: 'F5',
    name: 'after a failed sync the writer goes on',
    file: 'src/workers/journalThread.ts',
    search: "if (state === 'failed') return takeWhenFailed(message);",
    replace: "if (state === 'stopped') return takeWhenFailed(message);",
    test: 'src/workers/journalThread.test.ts',
  },
  {
    number: 'F6',
    name: 'the orders of the next core take the ids of the dead one',
    file: 'src/core/orderDesk.ts',
    search: 'coreIncarnation: deps.coreIncarnation,',
    replace: 'coreIncarnation: 1,',
    test: 'test/killPoints.test.ts',
  },
  {
    number: 'F7',
    name: 'the root restarts its children thirty times',
    file: 'src/core/treeSpec.ts',
    search: 'intensity: 3,',
    replace: 'intensity: 30,',
    test: 'test/chaos/namedCases.test.ts',
  },
  {
    number: 'F8',
    name: 'each connection leaves something behind',
    file: 'src/venues/feedConnection.ts',
    search: 'this.opened += 1;',
    replace:
      'this.opened += 1;\n    ((globalThis as { left?: unknown[] }).left ??= []).push(new Array(20_000).fill(0.5));',
    test: 'test/failureCasesSoak.test.ts',
  },
  {
    number: 'F9',
    name: 'a rescue looks and cancels nothing',
    file: rescue,
    search: 'order.ref === undefined ? null : port.cancel(order.ref)',
    replace: 'order.ref === undefined ? null : null',
    test: stops,
    only: 'F9 SIGTERM',
  },
  {
    number: 'F10',
    name: 'the ports list orders of others as ours',
    file: 'src/venues/ccxtTrade.ts',
    search: 'if (pair === undefined || parseClientOrderId(order.clientOrderId) === null) continue;',
    replace: 'if (pair === undefined) continue;',
    test: stops,
    only: 'F10 touches',
  },
  {
    number: 'F11',
    name: 'a doubt at the stop is not told',
    file: 'src/guardian/guardian.ts',
    search: '...(doubt === null ? [] : [doubt]),\n    ];',
    replace: '    ];',
    test: stops,
    only: 'F11 says which',
  },
];
