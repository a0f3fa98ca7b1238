import type { SystemStatus } from '../../control/systemStatus.ts';
import type { DataDir } from '../../journal/dataDir.ts';
import { connectToSystem } from '../client.ts';
import { endpointText } from './dataChecks.ts';
import { type Finding, fail, firstLine, warn, well } from './finding.ts';

/** The system that runs on the directory, if one does: does it answer, and what nets are under its orders. */
export async function checkLive(dataDir: DataDir): Promise<readonly Finding[]> {
  let holder: number | null = null;
  try {
    holder = dataDir.heldBy();
  } catch {
    // The lock's own check has named it.
  }
  if (holder === null) {
    const stale = endpointText(dataDir.root) !== null;
    return [
      stale
        ? warn('endpoint', 'endpoint.json is there, and nothing runs', 'nothing to do: the next start writes it anew')
        : well('endpoint', 'nothing runs'),
    ];
  }
  try {
    const { status, body } = await connectToSystem(dataDir.root).call('GET', '/api/status', 'read');
    if (status !== 200) return [fail('endpoint', `answered ${status}`, 'see log.jsonl of the run')];
    return [well('endpoint', 'the control plane answers'), ...checkStatus(body as SystemStatus)];
  } catch (error) {
    const remedy = `process ${holder} holds the lock: "kill -TERM ${holder}" stops it in order; its log.jsonl says more`;
    return [fail('endpoint', firstLine(error), remedy)];
  }
}

function checkStatus({ embedded, notReady, run }: SystemStatus): readonly Finding[] {
  return [
    notReady.length === 0
      ? well('ready', `run ${run} is ready`)
      : warn('ready', notReady.join('; '), 'see "nightjar status"'),
    embedded
      ? well('clock', 'the embedded venues share the clock of this machine: offset 0')
      : warn('clock', 'the offset to the venues was not measured', 'compare with a time server: "chronyc tracking"'),
  ];
}

const NO_SWITCH = 'no dead-man switch: after the death of the core the rescue process cancels what is ours';

/** Which venues cancel by themselves when we fall silent. Spot and the embedded venues have no such switch. */
export function checkDeadMan(venues: readonly string[]): readonly Finding[] {
  return venues.map((venue) => well(`net ${venue}`, NO_SWITCH));
}
