import { fileURLToPath } from 'node:url';
import { NightjarError } from '../../domain/errors.ts';
import { ended, firstMessage, forkChild } from '../../guardian/childProcess.ts';
import type { LiquidationAttempt } from './chainLiquidations.ts';
import type { ChainBlock, ChainBoot, ChainFaultPlan, ChainRates, FromChain, ToChain } from './chainMessages.ts';

const READY_TIMEOUT_MS = 30_000;
const ENTRY = fileURLToPath(new URL('./chainEntry.ts', import.meta.url));

export interface ChainProcess {
  readonly rest: string;
  readonly ws: string;
  /** The newest that the chain has told of. */
  block(): ChainBlock;
  /** Raw units of our wallet, by symbol. */
  wallet(): Readonly<Record<string, number>>;
  setRates(rates: ChainRates): void;
  setFaults(faults: ChainFaultPlan): void;
  /** Sends somebody else's liquidation, which lands with one of the next slots. */
  liquidate(attempt: LiquidationAttempt): void;
  onLanded(tell: (landed: Extract<FromChain, { type: 'landed' }>) => void): void;
  /** Native add-ons that the process has loaded. */
  addons(): Promise<readonly string[]>;
  /** Called once, when it ends without having been told to. */
  onLost(tell: () => void): void;
  close(): Promise<void>;
}

/** @throws NightjarError config.invalid when litesvm is missing or does not load; thread.lost, net.timeout */
export async function startChainProcess(boot: ChainBoot): Promise<ChainProcess> {
  const child = forkChild(ENTRY, []);
  const send = (message: ToChain) => {
    if (child.connected) child.send(message);
  };
  let block: ChainBlock | null = null;
  let wallet: Readonly<Record<string, number>> = {};
  let closing = false;
  const landedListeners: ((landed: Extract<FromChain, { type: 'landed' }>) => void)[] = [];
  child.on('message', (message) => {
    const told = message as FromChain;
    if (told.type === 'block') block = told.block;
    else if (told.type === 'wallet') wallet = told.raw;
    else if (told.type === 'landed') for (const tell of landedListeners) tell(told);
  });
  send({ type: 'boot', boot });
  const first = await firstMessage(child, 'the embedded chain', READY_TIMEOUT_MS, (message) => {
    const told = message as FromChain;
    return told.type === 'ready' || told.type === 'unavailable' ? told : null;
  }).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  if (first.type === 'unavailable') {
    await ended(child, 500);
    throw new NightjarError('config.invalid', `the embedded chain needs litesvm, which does not load: ${first.reason}`);
  }
  block ??= first.block;
  return {
    rest: first.rest,
    ws: first.ws,
    block: () => block ?? first.block,
    wallet: () => wallet,
    setRates: (rates) => send({ type: 'rates', rates }),
    setFaults: (faults) => send({ type: 'faults', ...faults }),
    liquidate: (attempt) => send({ type: 'liquidate', ...attempt }),
    onLanded: (tell) => void landedListeners.push(tell),
    addons() {
      const answer = firstMessage(child, 'the embedded chain', READY_TIMEOUT_MS, (message) =>
        (message as FromChain).type === 'addons' ? (message as Extract<FromChain, { type: 'addons' }>).files : null,
      );
      send({ type: 'addons' });
      return answer;
    },
    onLost: (tell) => void child.once('exit', () => closing || tell()),
    async close() {
      closing = true;
      if (child.connected) child.disconnect();
      await ended(child, 2000);
    },
  };
}
