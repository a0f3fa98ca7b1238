import { Command, InvalidArgumentError } from 'commander';
import { NightjarError } from '../domain/errors.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import { createRandom } from '../domain/random.ts';
import type { ChainProcess } from '../sim/chain/chainProcess.ts';
import { SLOT_MS } from '../sim/dexPool.ts';
import { faultListing } from '../sim/faults/faultKinds.ts';
import { readFaultPlan } from '../sim/faults/faultPlan.ts';
import { countLines } from '../sim/faults/faultSchedule.ts';
import { withFaults } from '../sim/faults/faultyWorld.ts';
import { applySimSetting, defaultSimConfig } from '../sim/simConfig.ts';
import { simKeys } from '../sim/simKeys.ts';
import { startSimServers } from '../sim/simServers.ts';
import { createSimWorld } from '../sim/simWorld.ts';
import { createWallClock } from '../workers/wallClock.ts';
import { action, EXIT, type ExitCode, printText, talk } from './output.ts';

interface SimCommandOptions {
  readonly port: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly set: readonly string[];
  readonly faults?: string;
}

const DEFAULT_SEED = 7;

export function registerSim(program: Command): void {
  program.addCommand(simCommand().copyInheritedSettings(program));
}

/** `nightjar sim`: the embedded venues in a process of their own, until it is told to end. */
export function simCommand(): Command {
  return new Command('sim')
    .description('run the embedded venues on loopback: Binance, OKX, Bybit and Jupiter with a seeded market')
    .option(
      '--port <port>',
      'first of four ports (Binance, OKX, Bybit, Jupiter); 0 = any free ones',
      wholeNumber(65_532),
      0,
    )
    .option('--seed <n>', 'seed of the market', wholeNumber(Number.MAX_SAFE_INTEGER), DEFAULT_SEED)
    .option('--json', 'print one line with the base URLs once ready')
    .option(
      '--set <path=value>',
      'change a sim.market.* knob (repeatable)',
      (text, all: string[]) => [...all, text],
      [],
    )
    .option('--faults <plan>', 'faults to play: a plan.json, seed:N to draw one, or list to see their names')
    .action(action(runSim));
}

function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= max) return value;
    throw new InvalidArgumentError(`give a whole number from 0 to ${max}`);
  };
}

/**
 * Ends on SIGTERM or SIGINT, and when the process that forked it goes away: the simulator must not outlive its parent.
 * @throws NightjarError config.invalid | port.busy
 */
async function runSim(options: SimCommandOptions): Promise<ExitCode> {
  if (options.faults === 'list') {
    printText(faultListing());
    return EXIT.done;
  }
  const forked = process.send !== undefined;
  const plan = options.faults === undefined ? null : readFaultPlan(options.faults);
  const config = options.set.reduce(applySetting, defaultSimConfig);
  const random = createRandom(options.seed).fork('sim');
  const clock = createWallClock();
  const inner = createSimWorld({ clock, random, config });
  const faulty =
    plan === null ? null : withFaults(inner, { clock, random: random.fork('faults'), plan, announce: talk });
  const world = faulty ?? inner;
  const ended = endRequested(forked);
  let chain: ChainProcess | null = null;
  try {
    const servers = await startServers(world, options.port);
    chain = config.market.chain ? await startChain(world, config, options.seed) : null;
    const endpoints = chain === null ? servers.endpoints : { ...servers.endpoints, chain: chainOf(chain) };
    if (options.json) printText(JSON.stringify(endpoints));
    else if (!forked) printText(describe(endpoints, options.seed));
    // A parent that is gone by now has been noticed by `ended`.
    if (forked && process.connected) process.send?.({ type: 'ready', endpoints });
    await ended;
    await servers.close();
    for (const line of faulty === null ? [] : countLines(faulty.faults.counts())) talk(line);
    return EXIT.done;
  } finally {
    world.stop();
    await chain?.close();
    // Told to end by a signal, we still hold the parent's channel, which would keep the process alive.
    if (process.connected) process.disconnect?.();
  }
}

function applySetting(config: typeof defaultSimConfig, setting: string): typeof defaultSimConfig {
  const cut = setting.indexOf('=');
  if (cut > 0) return applySimSetting(config, setting.slice(0, cut), setting.slice(cut + 1));
  throw new NightjarError('config.invalid', `--set ${setting}: give PATH=VALUE, such as sim.market.feeScale=2`);
}

async function startServers(world: ReturnType<typeof createSimWorld>, port: number) {
  try {
    return await startSimServers(world, { port });
  } catch (error) {
    if (!(error instanceof NightjarError) || error.code !== 'port.busy') throw error;
    throw new NightjarError('port.busy', `${error.message}; ${String(error.details.remedy)}`);
  }
}

const chainOf = ({ rest, ws }: ChainProcess) => ({ rest, ws });

/** @returns null when this machine has no litesvm: then swaps settle in the simulator, as without the knob */
async function startChain(
  world: ReturnType<typeof createSimWorld>,
  config: typeof defaultSimConfig,
  seed: number,
): Promise<ChainProcess | null> {
  const [{ openChainDoor, ratesOf }, { startChainProcess }] = await Promise.all([
    import('../sim/chain/chainDoor.ts'),
    import('../sim/chain/chainProcess.ts'),
  ]);
  const { dex } = world.inside;
  try {
    const chain = await startChainProcess({
      seed,
      firstSlot: dex.slot(),
      slotMs: SLOT_MS,
      dropShare: config.market.swapDropShare,
      balances: config.balances.dex,
      rates: ratesOf(dex),
    });
    chain.onLost(() => talk('sim: the embedded chain has ended; swaps fail until the next start'));
    world.settleOnChain((pools, log, clock) => openChainDoor({ chain, pools, log, clock }));
    return chain;
  } catch (error) {
    if (!(error instanceof NightjarError) || error.code !== 'config.invalid') throw error;
    talk(`sim: ${error.message}; swaps settle in the simulator instead`);
    return null;
  }
}

function endRequested(forked: boolean): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const end = () => {
      asked = true;
      resolve();
    };
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
    if (!forked) return;
    process.on('disconnect', () => {
      // Closing the channel is also the last thing that an orderly end does.
      if (!asked) talk('sim: the parent process is gone, ending');
      resolve();
    });
    if (!process.connected) resolve();
  });
}

function describe(endpoints: VenueEndpoints, seed: number): string {
  const { binance, okx, bybit, jupiter } = endpoints;
  return [
    `Embedded venues, seed ${seed}. Results on the embedded market prove the plumbing, not a profit.`,
    `  Binance  ${binance.rest}  ${binance.ws}`,
    `  OKX      ${okx.rest}  ${okx.ws}`,
    `  Bybit    ${bybit.rest}  ${bybit.ws}`,
    `  Jupiter  ${jupiter.rest}`,
    `  API key ${simKeys.apiKey}, secret ${simKeys.secret}, passphrase ${simKeys.passphrase} (OKX)`,
    '  Ctrl-C ends it.',
  ].join('\n');
}
