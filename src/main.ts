import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NightjarConfig } from './config/resolveSettings.ts';
import { readLatchFile } from './control/latchFile.ts';
import type { RuntimeInput } from './core/coreRuntime.ts';
import type { KernelConfig } from './core/kernel.ts';
import { startWallRuntime } from './core/wallRuntime.ts';
import { toPlainError } from './domain/errors.ts';
import type { CoreBoot, FromCore, ToCore } from './guardian/coreMessages.ts';
import { BEAT_EVERY_MS } from './guardian/coreWatchdog.ts';
import { simKeys } from './sim/simKeys.ts';
import { createLogger } from './telemetry/logger.ts';
import { runVirtual } from './virtualRuntime.ts';
import { createWallClock } from './workers/wallClock.ts';

/**
 * The core process: composition root. Started by the guardian, told over IPC what to be, and gone when that channel
 * closes: a core without its guardian has nobody left to stop it.
 */
const send = (message: FromCore) => {
  if (process.connected) process.send?.(message);
};

let stop: ((reason: string) => void) | null = null;
let stopWanted: string | null = null;

process.on('disconnect', () => process.exit(process.exitCode ?? 0));
process.on('message', (raw) => {
  const message = raw as ToCore;
  if (message.type === 'boot') {
    void start(message.boot).catch((error: unknown) => {
      const { code, message: text } = toPlainError(error);
      send({ type: 'failed', code, message: text });
      process.exit(1);
    });
  } else if (stop === null) stopWanted = message.reason;
  else stop(message.reason);
});

async function start(boot: CoreBoot): Promise<void> {
  mkdirSync(boot.runDir, { recursive: true });
  const log = createLogger({
    file: join(boot.runDir, 'log.jsonl'),
    level: boot.logLevel,
    base: { thread: 'core', incarnation: boot.incarnation },
    secrets: [simKeys.secret, simKeys.passphrase],
  });
  const settings = boot.settings as NightjarConfig;
  const latchPath = join(boot.dataDir, 'latch');
  const isVirtual = boot.clock === 'virtual';
  const input: RuntimeInput = {
    boot,
    kernel: boot.kernel as KernelConfig,
    // A virtual run depends on nothing that earlier runs left behind.
    latch: isVirtual ? { all: null, bots: {} } : readLatchFile(latchPath, Date.now()),
    log,
    send,
  };
  const { all, bots } = input.latch;
  for (const [bot, { reason }] of [...(all === null ? [] : [['every bot', all] as const]), ...Object.entries(bots)]) {
    const line = `PERMIT of ${bot.replace('bot:', '')} is closed: ${reason} (${latchPath}); nightjar ctl enable_live opens it`;
    send({ type: 'notice', line });
  }
  if (isVirtual) {
    await runVirtual({ ...input, settings, onStoppable: (stopVirtual) => takeStop(stopVirtual) });
    log.close();
    process.disconnect?.();
    return;
  }
  const { apiKey, secret, passphrase } = simKeys;
  const running = startWallRuntime({
    ...input,
    edgeModule: new URL('./control/edgeThread.ts', import.meta.url).href,
    gatewayKeys: {
      binance: { apiKey, secret },
      okx: { apiKey, secret, password: passphrase },
      bybit: { apiKey, secret },
    },
    startedAtMs: Date.now(),
  });
  // From here on silence means that the main thread does not turn.
  createWallClock({ unref: true }).every(BEAT_EVERY_MS, () => send({ type: 'beat' }));
  takeStop(running.stop);
}

function takeStop(stopRuntime: (reason: string) => void): void {
  stop = stopRuntime;
  if (stopWanted !== null) stopRuntime(stopWanted);
}
