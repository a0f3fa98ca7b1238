import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { LoadedConfig } from '../config/loadConfig.ts';
import { NightjarError } from '../domain/errors.ts';
import type { ComposeCore, Drill } from '../guardian/coreMessages.ts';
import { startGuardian } from '../guardian/guardian.ts';
import type { GuardianEvents, GuardianResult } from '../guardian/guardianTypes.ts';
import { startUnguarded } from '../guardian/unguarded.ts';
import { createDataDir, type DataDir } from '../journal/dataDir.ts';
import { beginIncarnation, type RunManifest, updateManifest, writeManifest } from '../journal/runManifest.ts';
import { type PlannedFault, readFaultPlan } from '../sim/faults/faultPlan.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { addConfigOptions, loadConfigFor } from './configOptions.ts';
import { lastRunLine } from './lastRun.ts';
import { action, EXIT, type ExitCode, formatError } from './output.ts';
import { endedManifest } from './startEnd.ts';
import { createRunFiles, type RunFiles } from './startFiles.ts';
import { closePermitsAtHalt } from './startHalt.ts';
import { parseCoreRestarts, parseDrill, parseDuration, refuseBadStart, type StartOptions } from './startOptions.ts';
import { planRun } from './startPlan.ts';
import { takeStopSignals } from './startSignals.ts';
import { endingLines, makeSummary, writeSummary } from './startSummary.ts';
import { createStartTerminal, type StartTerminal } from './startTerminal.ts';
import { greeting } from './startWords.ts';

/** Above this folder, so it is named by its address. */
const CORE_MODULE = new URL('../composeCore.ts', import.meta.url).href;

export function registerStart(program: Command): void {
  const command = program
    .command('start')
    .description('run the whole tree: simulator (env sim), core with all bots, and their guardian')
    .option('--for <time>', 'stop after this time: 90s, 10m, 2h; counted over restarts')
    .option('--summary <file>', 'write a machine-readable summary there at the end')
    .option('--json', 'print that summary on stdout at the end')
    .option(
      '--drill <time:target>',
      'crash a part of the tree at that time of the run (20s:lane:0, 30s:bot:arb:SOL), or make a thread misbehave (20s:lane:0=spin, =hang, =memory; also core); again for each',
      (text: string, sofar: string[]) => [...sofar, text],
      [] as string[],
    )
    .option(
      '--faults <plan>',
      'faults of the embedded venues: a plan.json, seed:N to draw one; nightjar sim --faults list has the names',
    )
    .option('--no-guardian', 'for debugging: the core in this process, unwatched, never restarted, without rescue')
    // For harnesses that kill the core again and again; hidden, since more patience with a dying core is no operator's need.
    .addOption(
      new Option('--core-restarts <count/time>', 'deaths of the core to bear within a time: 3/60s').hideHelp(),
    );
  addConfigOptions(command).action(action((options: StartOptions) => start(options)));
}

async function start(options: StartOptions): Promise<ExitCode> {
  const loaded = loadConfigFor(options);
  const forMs = options.for === undefined ? null : parseDuration('--for', options.for);
  const drills = options.drill.map(parseDrill);
  refuseBadStart(options, drills, loaded.config);
  const faults = options.faults === undefined ? null : readFaultPlan(options.faults);

  const dataDir = createDataDir(loaded.config.data);
  const startedAtMs = Date.now();
  const lock = dataDir.lock(startedAtMs);
  try {
    return await runLocked({ loaded, dataDir, startedAtMs, forMs, drills, faults, options });
  } finally {
    dataDir.removeEndpoint();
    lock.release();
    // The core's threads live in this very process; whatever of them is left after a forced end must not keep it.
    if (!options.guardian) setImmediate(() => process.exit());
  }
}

interface Start {
  readonly loaded: LoadedConfig;
  readonly dataDir: DataDir;
  readonly startedAtMs: number;
  readonly forMs: number | null;
  readonly drills: readonly Drill[];
  readonly faults: readonly PlannedFault[] | null;
  readonly options: StartOptions;
}

async function runLocked({ loaded, dataDir, startedAtMs, forMs, drills, faults, options }: Start): Promise<ExitCode> {
  const terminal = createStartTerminal(process.stderr, () => performance.now());
  const signals = takeStopSignals(terminal.line);
  const coreRestarts = options.coreRestarts === undefined ? null : parseCoreRestarts(options.coreRestarts);
  const unended = loaded.config.clock === 'virtual' ? null : lastRunLine(dataDir);
  const { manifest, runDir, plan } = planRun({
    ...{ config: loaded.config, dataDir, startedAtMs, forMs, drills, coreRestarts, faults },
  });
  writeManifest(runDir, manifest);
  for (const line of greeting(loaded, manifest, options.guardian)) terminal.line(line);
  if (unended !== null) terminal.line(unended);

  const files = createRunFiles(createWallClock({ unref: true }), terminal.line);
  const events = eventsOf(terminal, files, dataDir, runDir, manifest);
  const guardian = options.guardian
    ? startGuardian(plan, events)
    : startUnguarded(plan, ((await import(CORE_MODULE)) as { readonly composeCore: ComposeCore }).composeCore, events);
  signals.to(guardian.stop);
  const result = await guardian.result;
  files.close();
  signals.release();
  terminal.end();
  return conclude(result, runDir, options, terminal.line);
}

/** What the person at the terminal, and the files beside the run, are told while it goes on. */
function eventsOf(
  terminal: StartTerminal,
  files: RunFiles,
  dataDir: DataDir,
  runDir: string,
  manifest: RunManifest,
): GuardianEvents {
  const { line } = terminal;
  let announced = false;
  return {
    simReady: ({ binance, okx, bybit, jupiter }) =>
      line(
        `venues    embedded: binance ${binance.rest}  okx ${okx.rest}  bybit ${bybit.rest}  jupiter ${jupiter.rest}`,
      ),
    incarnationStarted() {
      const startedAtMs = Date.now();
      files.write('manifest.json', () => void updateManifest(runDir, (one) => beginIncarnation(one, startedAtMs)));
    },
    listening(address, corePid, incarnation) {
      const { folder, startedAtMs } = manifest;
      const endpoint = { pid: process.pid, corePid, url: address, run: folder, startedAtMs };
      files.write('endpoint.json', () => dataDir.writeEndpoint(endpoint));
      if (incarnation > 1 || announced) return;
      announced = true;
      line(`page      ${address}/#token=${readToken(dataDir)}`);
      line(`metrics   ${address}/metrics`);
    },
    ready(incarnation, sinceDeathMs) {
      if (manifest.clock === 'virtual') return;
      if (sinceDeathMs === null)
        line('READY     Ctrl-C stops; nightjar status | why | funnel | ctl … in another terminal');
      else line(`READY again, core incarnation ${incarnation}, ${sinceDeathMs.toFixed(0)} ms after the death`);
    },
    notice: line,
    status: terminal.status,
    progress: terminal.progress,
    forced: (openOrders) => line(`FORCED to end; orders whose outcome is open: ${openOrders}`),
    halted: (reason) => closePermitsAtHalt(dataDir.latchPath, reason, Date.now()),
  };
}

/** Manifest, summary, last lines, exit code. @throws NightjarError run.failed */
function conclude(
  result: GuardianResult,
  runDir: string,
  options: StartOptions,
  line: (text: string) => void,
): ExitCode {
  try {
    updateManifest(runDir, (one) => endedManifest(one, result, Date.now()));
    if (existsSync(join(runDir, 'journal.sqlite'))) {
      const summary = makeSummary(runDir, result.statuses, result.coreDeaths);
      writeSummary(join(runDir, 'summary.json'), summary);
      if (options.summary !== undefined) writeSummary(resolve(options.summary), summary);
      if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
      for (const text of endingLines(runDir, summary)) line(text);
    } else line('ended     before anything was journalled');
  } catch (error) {
    // A full disk at the end must not hide why the run ended; what is journalled stays.
    line(`WARNING   the end of the run could not be written whole: ${formatError(error)}`);
    if (result.ended === 'clean') throw error;
  }
  if (result.ended === 'failed') throw new NightjarError('run.failed', result.message);
  if (result.ended === 'unknown') line(`UNKNOWN   ${result.message}`);
  return result.ended === 'clean' ? EXIT.done : EXIT.unknown;
}

function readToken(dataDir: DataDir): string {
  try {
    const tokens = JSON.parse(readFileSync(dataDir.tokensPath, 'utf8')) as { operate?: string };
    return tokens.operate ?? '';
  } catch {
    return '';
  }
}
