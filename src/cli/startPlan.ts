import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { arbInstances } from '../config/arbInstances.ts';
import { configHash } from '../config/configHash.ts';
import type { NightjarConfig } from '../config/loadConfig.ts';
import { readLatchFile, writeLatchFile } from '../control/latchFile.ts';
import { withHeld } from '../control/latchState.ts';
import type { KernelConfig } from '../core/kernel.ts';
import { createRandom } from '../domain/random.ts';
import type { CoreBoot, Drill } from '../guardian/coreMessages.ts';
import type { GuardianPlan } from '../guardian/guardianTypes.ts';
import type { DataDir } from '../journal/dataDir.ts';
import { type RunName, virtualRunName, wallRunName } from '../journal/runId.ts';
import { buildIdentity, type RunManifest } from '../journal/runManifest.ts';
import { arbMachine } from '../machines/arbMachine.ts';
import { type PlannedFault, playable } from '../sim/faults/faultPlan.ts';
import { SIM_INSTRUMENTS } from '../sim/simInstruments.ts';
import { refuseBanned } from '../workers/venueBans.ts';
import { codeHash } from './codeHash.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CORE_ENTRY = fileURLToPath(new URL('../main.ts', import.meta.url));
const RESCUE_ENTRY = fileURLToPath(new URL('../rescueEntry.ts', import.meta.url));
const CLI_ENTRY = fileURLToPath(new URL('../../bin/nightjar.js', import.meta.url));
/** A virtual run without --for would never end. */
const VIRTUAL_DEFAULT_MS = 60_000;

export interface RunWish {
  readonly config: NightjarConfig;
  readonly dataDir: DataDir;
  readonly startedAtMs: number;
  readonly forMs: number | null;
  readonly drills: readonly Drill[];
  readonly coreRestarts: GuardianPlan['coreRestarts'];
  /** Faults of the embedded venues; absent or null = none. */
  readonly faults?: readonly PlannedFault[] | null;
}

/** What one run is: its name and folder, its manifest, and what the guardian is told. Makes the folder, starts nothing. */
export function planRun(wish: RunWish): {
  readonly manifest: RunManifest;
  readonly runDir: string;
  readonly plan: GuardianPlan;
} {
  const { config, dataDir, startedAtMs } = wish;
  const isVirtual = config.clock === 'virtual';
  if (!isVirtual) refuseBanned(dataDir.root, startedAtMs);
  const build = buildIdentity(PROJECT_ROOT);
  const hash = configHash(config);
  const name: RunName = isVirtual
    ? virtualRunName({ version: build.nightjarVersion, configHash: hash + faultsHash(wish.faults), seed: config.seed })
    : wallRunName(startedAtMs, createRandom(`${startedAtMs}/${process.pid}`));
  const parent = isVirtual ? null : dataDir.latestRun();
  const folder = dataDir.createRunFolder(name.id);
  const runDir = dataDir.runDir(folder);
  const kernel = kernelConfigOf(config, name);
  const manifest: RunManifest = {
    manifestVersion: 1,
    ...build,
    run: name.id,
    folder,
    runTag: name.runTag,
    configHash: hash,
    config: { settings: config, kernel, ...(wish.faults == null ? {} : { faults: wish.faults }) },
    machineHashes: { arb: createHash('sha256').update(JSON.stringify(arbMachine)).digest('hex') },
    seed: config.seed,
    clock: config.clock,
    mode: config.mode,
    env: config.env,
    parentRun: parent?.folder ?? null,
    startedAtMs,
    endedAtMs: null,
    ended: 'running',
    incarnations: [],
  };
  const forMs = wish.forMs ?? (isVirtual ? VIRTUAL_DEFAULT_MS : null);
  const { latchPath } = dataDir;
  const plan: GuardianPlan = {
    coreEntry: CORE_ENTRY,
    sim:
      isVirtual || config.env !== 'sim'
        ? null
        : { entry: CLI_ENTRY, args: simArgs(config, writePlan(runDir, wish.faults)) },
    rescue: isVirtual
      ? null
      : { entry: RESCUE_ENTRY, pairs: [...new Set(kernel.bots.map(({ pair }) => pair))], banDir: dataDir.root },
    boot: {
      run: name.id,
      runTag: name.runTag,
      runDir,
      dataDir: dataDir.root,
      clock: isVirtual ? 'virtual' : 'wall',
      settings: config,
      kernel,
      port: config.port,
      logLevel: config.logLevel as CoreBoot['logLevel'],
      version: build.nightjarVersion,
      codeHash: codeHash(PROJECT_ROOT),
      configHash: hash,
      forMs,
      drills: wish.drills,
      ...(wish.faults == null ? {} : { faults: wish.faults }),
    },
    forMs: isVirtual ? null : forMs,
    coreRestarts: wish.coreRestarts ?? null,
    isKilled: () => readLatchFile(latchPath, Date.now()).all?.level === 'kill',
    writeHeld: (held) => writeLatchFile(latchPath, withHeld(readLatchFile(latchPath, Date.now()), held)),
  };
  return { manifest, runDir, plan };
}

/** The part of the config that decides: stored in the manifest, so that a replay builds the same kernel. */
function kernelConfigOf(config: NightjarConfig, name: RunName): KernelConfig {
  const bots = arbInstances(config).map((instance, slot) => ({ ...instance, slot }));
  // USDC/USDT gives fx, SOL/USDT the price of chain fees: the lane needs both, whatever is traded.
  const pairs = new Set([...bots.map(({ pair }) => pair), 'USDC/USDT', 'SOL/USDT']);
  return {
    run: name.id,
    runTag: name.runTag,
    seed: config.seed,
    bots,
    lanes: ['lane:0'],
    instruments: SIM_INSTRUMENTS.filter(({ pair }) => pairs.has(pair)),
    limits: config.risk,
  };
}

/** A run with other faults is another run; one without is named as ever. */
const faultsHash = (faults: RunWish['faults']): string =>
  faults == null ? '' : `/${createHash('sha256').update(JSON.stringify(faults)).digest('hex')}`;

/** The plan as it is played goes beside the run: whoever reads the run later sees it. */
function writePlan(runDir: string, faults: RunWish['faults']): string[] {
  if (faults == null) return [];
  const path = join(runDir, 'faults.json');
  writeFileSync(path, `${JSON.stringify({ faults: faults.map(playable) }, null, 2)}\n`);
  return ['--faults', path];
}

function simArgs(config: NightjarConfig, faults: readonly string[]): string[] {
  const settings = Object.entries(config.sim.market).flatMap(([knob, value]) => [
    '--set',
    `sim.market.${knob}=${value}`,
  ]);
  return ['sim', '--port', '0', '--json', '--seed', String(config.seed), ...settings, ...faults];
}
