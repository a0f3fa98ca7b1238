import { NightjarError } from '../domain/errors.ts';
import { CEX_VENUES } from '../domain/instruments.ts';
import type { TradePort } from '../domain/orders.ts';
import type { Clock, Transport } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import { binanceDialect } from '../venues/binance/trade.ts';
import { bybitDialect } from '../venues/bybit/trade.ts';
import { createCcxtClient } from '../venues/ccxtClient.ts';
import { createCexTrade } from '../venues/ccxtTrade.ts';
import { createJupiterSwap } from '../venues/jupiter/trade.ts';
import { probeKeyRights, refuseRiskyKey } from '../venues/keyRights.ts';
import { okxDialect } from '../venues/okx/trade.ts';
import { createSimTrade } from '../venues/simTrade.ts';
import type { GatewayBoot } from './gatewayMessages.ts';

/** The default account of a venue. */
const MAIN = 'main';
const dialects = { binance: binanceDialect, okx: okxDialect, bybit: bybitDialect } as const;
const sendingModes: readonly string[] = ['canary', 'live'];

export interface PortDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly metrics: MetricSink;
}

/**
 * The ports of the gateway thread: ccxt for each CEX, the swap door for the DEX.
 *
 * @throws NightjarError config.invalid in a mode that must hold no keys, or without keys in one that needs them;
 *   venue.auth-refused for a key that may too much, or too little
 */
export async function createWallPorts(
  boot: Pick<GatewayBoot, 'mode' | 'env' | 'endpoints' | 'pairs' | 'keys' | 'acceptKeyRisks' | 'signedSwapsPath'> & {
    /** Ask each venue what its key may do. Not for what only cancels: that must work with any key. */
    readonly probeKeys?: boolean;
  },
  deps: PortDeps,
): Promise<readonly TradePort[]> {
  const { mode, keys } = boot;
  if (!sendingModes.includes(mode)) {
    throw new NightjarError(
      'config.invalid',
      `mode ${mode}: nothing may be sent, so no gateway and no keys may exist; allowed: ${sendingModes.join(', ')}`,
      { mode },
    );
  }
  if (keys === undefined) {
    throw new NightjarError('config.invalid', `mode ${mode}: the gateway has no keys; give keys for each venue`, {
      mode,
    });
  }
  if (boot.env !== 'sim') {
    // The swap door settles inside the simulator; on a real chain a signature is needed, which this version lacks.
    throw new NightjarError('config.invalid', `env ${boot.env}: only sim can be traded so far; set env to sim`, {
      env: boot.env,
    });
  }
  const cex = CEX_VENUES.map(async (venue) => {
    const client = await createCcxtClient(venue, boot.endpoints, keys[venue], deps.transport);
    if (boot.probeKeys === true) {
      refuseRiskyKey(venue, await probeKeyRights(client, deps.clock, deps.metrics), boot.acceptKeyRisks ?? []);
    }
    return createCexTrade({ ...deps, client, dialect: dialects[venue], account: MAIN, pairs: boot.pairs });
  });
  return [...(await Promise.all(cex)), await createWallSwap(boot, deps)];
}

/** Signed transactions where there is a chain and a wallet; the simulator's own door where there is none. */
async function createWallSwap(
  { endpoints, keys, signedSwapsPath }: Pick<GatewayBoot, 'endpoints' | 'keys' | 'signedSwapsPath'>,
  deps: PortDeps,
): Promise<TradePort> {
  const { rest } = endpoints.jupiter;
  if (endpoints.chain === undefined || keys?.solana === undefined || signedSwapsPath === undefined) {
    return createJupiterSwap({ ...deps, rest, account: MAIN });
  }
  // Here and not at the top: without a chain nobody pays for loading it.
  const { createChainSwap } = await import('../venues/jupiter/chainSwap.ts');
  const { openSignedSwaps } = await import('../venues/solana/signedSwaps.ts');
  const signed = openSignedSwaps(signedSwapsPath);
  return createChainSwap({
    ...deps,
    rest,
    account: MAIN,
    chain: endpoints.chain,
    walletSecret: keys.solana.secret,
    signed,
  });
}

/** The same accounts over the simulator's neutral door, for a clock that is not the wall's: no ccxt, no signatures. */
export function createSimPorts(boot: Pick<GatewayBoot, 'endpoints'>, deps: PortDeps): readonly TradePort[] {
  const { endpoints } = boot;
  return [
    ...CEX_VENUES.map((venue) => createSimTrade({ ...deps, venue, account: MAIN, rest: endpoints[venue].rest })),
    createJupiterSwap({ ...deps, rest: endpoints.jupiter.rest, account: MAIN }),
  ];
}
