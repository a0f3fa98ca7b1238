import { marketsOf } from '../../config/checkConfig.ts';
import { loadConfig } from '../../config/loadConfig.ts';
import { loadText, planLoad } from '../../venues/ratePlan.ts';
import { type Finding, guarded, well } from './finding.ts';

/** What the configured symbols ask of the venues in steady state; a config that asks too much is refused here as at a start. */
export function checkRequestLoad(cwd: string): readonly Finding[] {
  return guarded('requests', () => {
    const { config } = loadConfig({ cwd, flags: { set: [] } });
    return planLoad(marketsOf(config)).map((load) => well('requests', `planned: ${loadText(load)}`));
  });
}
