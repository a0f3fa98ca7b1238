import { join } from 'node:path';
import { arbInstances } from '../../src/config/arbInstances.ts';
import { configHash } from '../../src/config/configHash.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import type { KernelConfig } from '../../src/core/kernelTypes.ts';
import { virtualRunName } from '../../src/journal/runId.ts';
import { buildIdentity, writeManifest } from '../../src/journal/runManifest.ts';
import { defaultSimConfig, type SimConfig } from '../../src/sim/simConfig.ts';
import { SIM_INSTRUMENTS } from '../../src/sim/simInstruments.ts';
import type { ChaosMode } from './chaosReport.ts';

export const PROJECT_ROOT = join(import.meta.dirname, '../..');

/** Chances come as fast as they can. */
const MARKET = ['sim.market.episodeGapMs=2000'];
/** The chain takes a minute to prove that a swap never landed: longer than a run in liveness mode may take to rest. */
const DROPPED_SWAPS = ['sim.market.swapDropShare=0.05'];

/** A run with the default bots on a busy market, and its manifest, so that it can be replayed. */
export function chaosRun(
  runDir: string,
  seed: number,
  mode: ChaosMode,
): { kernel: KernelConfig; simConfig: SimConfig } {
  const { config } = loadConfig({
    cwd: runDir,
    flags: { set: [...MARKET, ...(mode === 'safety' ? DROPPED_SWAPS : []), 'clock=virtual', `seed=${seed}`] },
  });
  const build = buildIdentity(PROJECT_ROOT);
  const hash = configHash(config);
  const name = virtualRunName({ version: build.nightjarVersion, configHash: hash, seed });
  const bots = arbInstances(config).map((instance, slot) => ({ ...instance, slot }));
  const pairs = new Set([...bots.map(({ pair }) => pair), 'USDC/USDT', 'SOL/USDT']);
  const kernel: KernelConfig = {
    run: name.id,
    runTag: name.runTag,
    seed,
    bots,
    lanes: ['lane:0'],
    instruments: SIM_INSTRUMENTS.filter(({ pair }) => pairs.has(pair)),
  };
  writeManifest(runDir, {
    manifestVersion: 1,
    ...build,
    run: name.id,
    folder: name.id,
    runTag: name.runTag,
    configHash: hash,
    config: { settings: config, kernel },
    machineHashes: {},
    seed,
    clock: 'virtual',
    mode: config.mode,
    env: config.env,
    parentRun: null,
    startedAtMs: 0,
    endedAtMs: null,
    ended: 'running',
    incarnations: [],
  });
  return { kernel, simConfig: { ...defaultSimConfig, market: { ...defaultSimConfig.market, ...config.sim.market } } };
}
