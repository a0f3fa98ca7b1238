import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { arbInstances } from '../config/arbInstances.ts';
import { configHash } from '../config/configHash.ts';
import { formatFinding, type LoadedConfig, type NightjarConfig } from '../config/loadConfig.ts';
import type { KernelConfig } from '../core/kernel.ts';
import { NightjarError } from '../domain/errors.ts';
import { createRandom } from '../domain/random.ts';
import type { CoreBoot, CoreStatus } from '../guardian/coreMessages.ts';
import { type GuardianPlan, startGuardian } from '../guardian/guardian.ts';
import { createDataDir, type DataDir } from '../journal/dataDir.ts';
import { type RunName, virtualRunName, wallRunName } from '../journal/runId.ts';
import {
  beginIncarnation,
  buildIdentity,
  endRun,
  type RunManifest,
  updateManifest,
  writeManifest,
} from '../journal/runManifest.ts';
import { arbMachine } from '../machines/arbMachine.ts';
import { SIM_INSTRUMENTS } from '../sim/simInstruments.ts';
import { codeHash } from './codeHash.ts';
import { addConfigOptions, type ConfigOptions, loadConfigFor } from './configOptions.ts';
import { action, EXIT, type ExitCode, formatError } from './output.ts';
import { makeSummary, writeSummary } from './startSummary.ts';
import { createStartTerminal } from './startTerminal.ts';

const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CORE_ENTRY = fileURLToPath(new URL('../main.ts', import.meta.url));
const RESCUE_ENTRY = fileURLToPath(new URL('../rescueEntry.ts', import.meta.url));
const CLI_ENTRY = fileURLToPath(new URL('../../bin/nightjar.js', import.meta.url));
/** A virtual run without --for would never end. */
const VIRTUAL_DEFAULT_MS = 60_000;

interface StartOptions extends ConfigOptions {
  readonly for?: string;
  readonly summary?: string;
  readonly json?: boolean;
  readonly drill: readonly string[];
}

export function registerStart(program: Command): void {
  const command = program
    .command('start')
    .description('run the whole tree: simulator (env sim), core with all bots, and their guardian')
    .option('--for <time>', 'stop after this time: 90s, 10m, 2h; counted over restarts')
    .option('--summary <file>', 'write a machine-readable summary there at the end')
    .option('--json', 'print that summary on stdout at the end')
    .option(
      '--drill <time:target>',
      'crash a part of the tree at that time of the run (20s:lane:0, 30s:bot:arb:SOL); again for each',
      (text: string, sofar: string[]) => [...sofar, text],
      [] as string[],
    );
  addConfigOptions(command).action(action((options: StartOptions) => start(options)));
}

async function start(options: StartOptions): Promise<ExitCode> {
  const loaded = loadConfigFor(options);
  const { config } = loaded;
  const forMs = options.for === undefined ? null : parseDuration('--for', options.for);
  const drills = options.drill.map(parseDrill);
  refuseWhatIsNotBuilt(config);
  refuseBadPaths(options, drills, config);

  const dataDir = createDataDir(config.data);
  const startedAtMs = Date.now();
  const lock = dataDir.lock(startedAtMs);
  try {
    return await runLocked({ loaded, dataDir, startedAtMs, forMs, drills, options });
  } finally {
    dataDir.removeEndpoint();
    lock.release();
  }
}

async function runLocked(start: {
  readonly loaded: LoadedConfig;
  readonly dataDir: DataDir;
  readonly startedAtMs: number;
  readonly forMs: number | null;
  readonly drills: readonly { readonly atMs: number; readonly target: string }[];
  readonly options: StartOptions;
}): Promise<ExitCode> {
  const { loaded, dataDir, startedAtMs, options } = start;
  const terminal = createStartTerminal(process.stderr, () => performance.now());
  // From the first moment: a stop that comes while things are still being made is an orderly one too.
  const early: NodeJS.Signals[] = [];
  let stopper: ((reason: string) => void) | null = null;
  const onSignal = (signal: NodeJS.Signals) => {
    terminal.line(
      `${signal}: stopping; permits close, orders in flight are resolved (a second ${signal} ends at once)`,
    );
    if (stopper === null) early.push(signal);
    else stopper(signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const { config } = loaded;
  const isVirtual = config.clock === 'virtual';
  const build = buildIdentity(PROJECT_ROOT);
  const hash = configHash(config);
  const name: RunName = isVirtual
    ? virtualRunName({ version: build.nightjarVersion, configHash: hash, seed: config.seed })
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
    config: { settings: config, kernel },
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
  writeManifest(runDir, manifest);

  greet(terminal.line, config, loaded, manifest);
  const forMs = start.forMs ?? (isVirtual ? VIRTUAL_DEFAULT_MS : null);
  const plan: GuardianPlan = {
    coreEntry: CORE_ENTRY,
    sim: isVirtual || config.env !== 'sim' ? null : { entry: CLI_ENTRY, args: simArgs(config) },
    rescue: isVirtual ? null : { entry: RESCUE_ENTRY, pairs: [...new Set(kernel.bots.map(({ pair }) => pair))] },
    boot: {
      run: name.id,
      runTag: name.runTag,
      runDir,
      dataDir: dataDir.root,
      clock: config.clock === 'virtual' ? 'virtual' : 'wall',
      settings: config,
      kernel,
      port: config.port,
      logLevel: config.logLevel as CoreBoot['logLevel'],
      version: build.nightjarVersion,
      codeHash: codeHash(PROJECT_ROOT),
      configHash: hash,
      forMs,
      drills: start.drills,
    },
    forMs: isVirtual ? null : forMs,
  };
  let announced = false;
  const guardian = startGuardian(plan, {
    simReady: (endpoints) =>
      terminal.line(
        `venues    embedded: binance ${endpoints.binance.rest}  okx ${endpoints.okx.rest}  bybit ${endpoints.bybit.rest}  jupiter ${endpoints.jupiter.rest}`,
      ),
    incarnationStarted: () => updateManifest(runDir, (one) => beginIncarnation(one, Date.now())),
    listening(address, corePid, incarnation) {
      dataDir.writeEndpoint({ pid: process.pid, corePid, url: address, run: folder, startedAtMs });
      if (incarnation > 1 || announced) return;
      announced = true;
      terminal.line(`page      ${address}/#token=${readToken(dataDir)}`);
      terminal.line(`metrics   ${address}/metrics`);
    },
    ready(incarnation, sinceDeathMs) {
      if (isVirtual) return;
      if (sinceDeathMs !== null) {
        terminal.line(`READY again, core incarnation ${incarnation}, ${sinceDeathMs.toFixed(0)} ms after the death`);
      } else terminal.line('READY     Ctrl-C stops; nightjar status | why | funnel | ctl … in another terminal');
    },
    notice: terminal.line,
    status: terminal.status,
    progress: terminal.progress,
    forced: (openOrders) => terminal.line(`FORCED to end; orders whose outcome is open: ${openOrders}`),
  });
  stopper = guardian.stop;
  for (const signal of early) stopper(signal);
  const result = await guardian.result;
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  terminal.end();

  try {
    updateManifest(runDir, (one) => endRun(one, result.ended === 'clean' ? 'clean' : 'failed', Date.now()));
    if (existsSync(join(runDir, 'journal.sqlite'))) {
      report(runDir, result.statuses, result.coreDeaths, options, terminal.line);
    } else terminal.line('ended     before anything was journalled');
  } catch (error) {
    // A full disk at the end must not hide why the run ended; what is journalled stays.
    terminal.line(`WARNING   the end of the run could not be written whole: ${formatError(error)}`);
    if (result.ended === 'clean') throw error;
  }
  if (result.ended === 'failed') throw new NightjarError('run.failed', result.message);
  if (result.ended === 'unknown') terminal.line(`UNKNOWN   ${result.message}`);
  return result.ended === 'clean' ? EXIT.done : EXIT.unknown;
}

function report(
  runDir: string,
  statuses: readonly CoreStatus[],
  coreDeaths: number,
  options: StartOptions,
  line: (text: string) => void,
): void {
  const summary = makeSummary(runDir, statuses, coreDeaths);
  writeSummary(join(runDir, 'summary.json'), summary);
  if (options.summary !== undefined) writeSummary(resolve(options.summary), summary);
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  const bots = summary.bots as Record<
    string,
    { looks: number; near: number; auto: number; go: number; trades: number; ev: { net: number } }
  >;
  for (const [bot, { looks, near, auto, go, trades, ev }] of Object.entries(bots)) {
    line(
      `ended     ${bot}: looks ${looks}, near ${near}, auto ${auto}, go ${go}, trades ${trades}, net ${ev.net.toFixed(4)} USDT`,
    );
  }
  line(
    `journal   ${join(runDir, 'journal.sqlite')}  (nightjar funnel, nightjar why BOT, nightjar replay RUN --verify)`,
  );
}

function greet(
  line: (text: string) => void,
  config: NightjarConfig,
  loaded: LoadedConfig,
  manifest: RunManifest,
): void {
  line(
    `nightjar  ${manifest.nightjarVersion}  run ${manifest.folder}  seed ${config.seed}  clock ${config.clock}  mode ${config.mode}  env ${config.env}`,
  );
  const bots = arbInstances(config).map(({ id }) => id.replace('bot:', ''));
  line(`tree      edge · journal · gateway · risk · lanes (lane:0) · bots (${bots.join(', ')}) · control`);
  if (config.env === 'sim') line('note      results on the embedded market prove the plumbing, not a profit');
  const slots = new Set(Object.values(config.bots.arb.instances).map(({ slot }) => slot));
  line(
    slots.has('allDay')
      ? 'slot      open all day (bots.arb.slot=allDay, the default on embedded venues); usOpen trades around the US cash open only'
      : 'slot      around the US cash open only (bots.arb.slot=usOpen)',
  );
  for (const finding of loaded.findings)
    line(`${finding.severity === 'warn' ? 'WARNING  ' : 'knobs    '} ${formatFinding(finding)}`);
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
  };
}

function simArgs(config: NightjarConfig): string[] {
  const settings = Object.entries(config.sim.market).flatMap(([knob, value]) => [
    '--set',
    `sim.market.${knob}=${value}`,
  ]);
  return ['sim', '--port', '0', '--json', '--seed', String(config.seed), ...settings];
}

/** What would only show at the end of the run, or never. */
function refuseBadPaths(
  options: StartOptions,
  drills: readonly { readonly target: string }[],
  config: NightjarConfig,
): void {
  if (options.summary !== undefined && !existsSync(dirname(resolve(options.summary)))) {
    throw new NightjarError(
      'config.invalid',
      `--summary ${options.summary}: its folder does not exist; make it, or name another`,
    );
  }
  const bots = arbInstances(config).map(({ id }) => id);
  const targets = ['edge', 'journal', 'gateway', 'risk', 'lanes', 'lane:0', 'bots', ...bots, 'control'];
  for (const { target } of drills) {
    if (targets.includes(target) || targets.includes(`bot:${target}`)) continue;
    throw new NightjarError(
      'config.invalid',
      `--drill target "${target}" is no part of the tree; use one of ${targets.join(', ')}`,
    );
  }
}

function refuseWhatIsNotBuilt(config: NightjarConfig): void {
  if (config.env !== 'sim' || config.mode !== 'live') {
    throw new NightjarError(
      'config.invalid',
      `mode ${config.mode} on env ${config.env} is not in this version: only mode live on the embedded venues (env sim) is; leave both at their defaults`,
    );
  }
}

/** `90s`, `10m`, `2h`, `500ms`, or a plain number of seconds. */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? 's']!;
  const durationMs = match === null ? Number.NaN : Number(match[1]) * unitMs;
  if (!(durationMs >= 1000)) {
    throw new NightjarError('config.invalid', `${flag} "${text}": give at least one second, like 90s, 10m or 2h`);
  }
  return durationMs;
}

function parseDrill(text: string): { atMs: number; target: string } {
  const split = text.indexOf(':');
  if (split < 1) throw new NightjarError('config.invalid', `--drill "${text}": give time:target, like 20s:lane:0`);
  return { atMs: parseDuration('--drill', text.slice(0, split)), target: text.slice(split + 1) };
}

function readToken(dataDir: DataDir): string {
  try {
    const tokens = JSON.parse(readFileSync(dataDir.tokensPath, 'utf8')) as { operate?: string };
    return tokens.operate ?? '';
  } catch {
    return '';
  }
}
