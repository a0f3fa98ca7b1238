import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeHash } from './cli/codeHash.ts';
import type { NightjarConfig } from './config/resolveSettings.ts';
import { readLatchFile } from './control/latchFile.ts';
import { withHeld } from './control/latchState.ts';
import type { RuntimeInput } from './core/coreRuntime.ts';
import type { KernelConfig } from './core/kernel.ts';
import type { WarmThreads } from './core/wall/warmThreads.ts';
import { startWallRuntime } from './core/wallRuntime.ts';
import type { LatchState } from './domain/control.ts';
import { NightjarError } from './domain/errors.ts';
import type { ComposeCore, CoreBoot, CoreHost } from './guardian/coreMessages.ts';
import { SIM_WALLET_SECRET, simKeys } from './sim/simKeys.ts';
import { createLogger } from './telemetry/logger.ts';
import { runVirtual } from './virtualRuntime.ts';

/** The composition root of a core: what it is made of follows from its boot data, whoever hosts it. */
export const composeCore: ComposeCore = (boot, host) => composeWarmCore(boot, host, null);

/** The module that the edge thread runs. */
export const EDGE_MODULE = new URL('./control/edgeThread.ts', import.meta.url).href;

/** The same, with threads that have loaded while the process waited for its boot data. */
export async function composeWarmCore(boot: CoreBoot, host: CoreHost, warm: WarmThreads | null): Promise<void> {
  checkBuild(boot, host);
  mkdirSync(boot.runDir, { recursive: true });
  const log = createLogger({
    file: join(boot.runDir, 'log.jsonl'),
    level: boot.logLevel,
    base: { thread: 'core', incarnation: boot.incarnation },
    secrets: [...Object.values(simKeys), SIM_WALLET_SECRET],
  });
  const latchPath = join(boot.dataDir, 'latch');
  const isVirtual = boot.clock === 'virtual';
  const input: RuntimeInput = {
    boot,
    kernel: boot.kernel as KernelConfig,
    // A virtual run depends on nothing that earlier runs left behind.
    latch: isVirtual ? { all: null, bots: {} } : withHeld(readLatchFile(latchPath, Date.now()), boot.held ?? null),
    log,
    send: host.send,
  };
  for (const line of closedPermits(input.latch, latchPath)) host.send({ type: 'notice', line });
  if (isVirtual) {
    const settings = boot.settings as NightjarConfig;
    await runVirtual({ ...input, settings, onStoppable: host.onStoppable });
    log.close();
    host.leave(0);
    return;
  }
  const { apiKey, secret, passphrase } = simKeys;
  const { stop } = startWallRuntime({
    ...input,
    edgeModule: EDGE_MODULE,
    warm,
    gatewayKeys: {
      binance: { apiKey, secret },
      okx: { apiKey, secret, password: passphrase },
      bybit: { apiKey, secret },
      ...(boot.endpoints?.chain === undefined ? {} : { solana: { secret: SIM_WALLET_SECRET } }),
    },
    startedAtMs: Date.now(),
    isGuarded: host.isGuarded,
    guardianFd: host.guardianFd ?? null,
    leave: host.leave,
  });
  host.onStoppable(stop);
}

function closedPermits({ all, bots }: LatchState, path: string): string[] {
  const closed = [...(all === null ? [] : [['every bot', all] as const]), ...Object.entries(bots)];
  return closed.map(
    ([bot, { reason }]) =>
      `PERMIT of ${bot.replace('bot:', '')} is closed: ${reason} (${path}); nightjar ctl enable_live opens it`,
  );
}

/**
 * A core that starts after the code on disk was changed would trade by other rules than those of the run that it
 * continues, beside parts that still run the old ones.
 *
 * @throws NightjarError build.mismatch where orders move money; on embedded venues it is said and goes on
 */
function checkBuild({ codeHash: ofRun, settings, incarnation }: CoreBoot, host: CoreHost): void {
  const found = codeHash(fileURLToPath(new URL('..', import.meta.url)));
  if (found === ofRun) return;
  const what = `core incarnation ${incarnation}: the code on disk (${found.slice(0, 12)}) is not that of the run (${ofRun.slice(0, 12)})`;
  if ((settings as NightjarConfig).env !== 'sim') {
    const remedy = 'stop the run and start it again: parts of two builds never trade together';
    throw new NightjarError('build.mismatch', `${what}; ${remedy}`, { found, ofRun, remedy });
  }
  host.send({ type: 'notice', line: `WARNING   ${what}; no money moves here, so it goes on` });
}
