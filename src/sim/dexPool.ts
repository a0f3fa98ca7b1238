import type { Clock, Random } from '../domain/ports.ts';
import { TOKENS } from '../domain/tokens.ts';
import { createDislocations } from './dislocations.ts';
import type { FairPrices } from './fairPrices.ts';
import type { SimMarketConfig } from './simConfig.ts';
import { DEX_TOKENS, type DexToken } from './simInstruments.ts';

/** A Solana slot, ms. */
export const SLOT_MS = 400;
const FIRST_SLOT = 440_657_000;

/** Part of the distance to the CEX price that the pool makes good per slot: about a second behind. */
const CATCH_UP_PER_SLOT = 0.35;
const NOISE_BPS = 3.5;
const NOISE_MEMORY_SLOTS = 15;
/** What a swap pushes the pool by is worked off at this rate. */
const PRESSURE_KEPT_PER_SLOT = 0.8;
/** A direct pool is up to this much worse than the best route, newly drawn per slot. */
const DIRECT_WORSE_BPS = 2.5;

export interface DexQuote {
  readonly outAmountRaw: number;
  /** Fraction by which the size itself moved the price. */
  readonly priceImpact: number;
  /** The route goes through the token's own pool only. */
  readonly direct: boolean;
}

export interface DexPools {
  /** Rises by one every 400 ms; within a slot the pools stand still. */
  slot(): number;
  /** Mid of a token's pool in this slot, USDC per token. */
  midOf(token: DexToken): number;
  /** @returns null when the two mints are no pool's pair, or the amount buys less than one raw unit */
  quote(inputMint: string, outputMint: string, amountRaw: number, onlyDirect: boolean): DexQuote | null;
  /** A swap landed: the pool moves against the next one. */
  push(inputMint: string, outputMint: string, amountRaw: number): void;
}

interface Pool {
  readonly token: DexToken;
  readonly slotRandom: Random;
  readonly dislocation: (nowMs: number) => number;
  laggedPx: number;
  noiseBps: number;
  pressureBps: number;
  midPx: number;
  directWorseBps: number;
}

export interface DexDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fair: FairPrices;
  readonly config: SimMarketConfig;
}

/** One pool per token against USDC, on the beat of Solana's slots. */
export function createDexPools({ clock, random, fair, config }: DexDeps): DexPools {
  const fairUsdc = (token: DexToken) => fair.priceOf(`${token}/USDT`) / fair.priceOf('USDC/USDT');
  const pools = new Map(
    DEX_TOKENS.map((token) => {
      const dislocations = createDislocations(random.fork(`${token}/episodes`), {
        startMs: clock.nowMs(),
        meanGapMs: config.episodeGapMs,
        cheapShare: config.cheapShare,
      });
      const pool: Pool = {
        token,
        slotRandom: random.fork(`${token}/slots`),
        dislocation: config.dexLag ? dislocations.bpsAt : () => 0,
        laggedPx: fairUsdc(token),
        noiseBps: 0,
        pressureBps: 0,
        midPx: fairUsdc(token),
        directWorseBps: 0,
      };
      return [token, pool];
    }),
  );
  let slot = FIRST_SLOT;

  const advance = (pool: Pool) => {
    const nowPx = fairUsdc(pool.token);
    pool.laggedPx += (nowPx - pool.laggedPx) * (config.dexLag ? CATCH_UP_PER_SLOT : 1);
    const keep = Math.exp(-1 / NOISE_MEMORY_SLOTS);
    const push = config.dexLag ? NOISE_BPS * Math.sqrt(1 - keep * keep) : 0;
    pool.noiseBps = pool.noiseBps * keep + push * pool.slotRandom.normal();
    pool.pressureBps *= PRESSURE_KEPT_PER_SLOT;
    pool.directWorseBps = Math.max(0, DIRECT_WORSE_BPS * (2 * pool.slotRandom.next() - 1));
    const offBps = pool.dislocation(clock.nowMs()) + pool.noiseBps + pool.pressureBps;
    pool.midPx = pool.laggedPx * (1 + offBps / 1e4);
  };

  const findPool = (inputMint: string, outputMint: string) => {
    const usdc = TOKENS.USDC!.mint;
    for (const pool of pools.values()) {
      const { mint, decimals } = TOKENS[pool.token]!;
      const scale = 10 ** (decimals - TOKENS.USDC!.decimals);
      if (inputMint === usdc && outputMint === mint) return { pool, buys: true, scale };
      if (inputMint === mint && outputMint === usdc) return { pool, buys: false, scale };
    }
    return null;
  };

  const usdcOf = (found: NonNullable<ReturnType<typeof findPool>>, amountRaw: number) =>
    (found.buys ? amountRaw : (amountRaw / found.scale) * found.pool.midPx) / 1e6;

  clock.every(SLOT_MS, () => {
    slot += 1;
    for (const pool of pools.values()) advance(pool);
  });

  return {
    slot: () => slot,
    midOf: (token) => pools.get(token)!.midPx,
    quote(inputMint, outputMint, amountRaw, onlyDirect) {
      const found = findPool(inputMint, outputMint);
      if (found === null) return null;
      const { pool, buys, scale } = found;
      const impact = usdcOf(found, amountRaw) / config.dexDepthUsd;
      const worseBps = config.dexFeeBps + (onlyDirect ? pool.directWorseBps : 0);
      const kept = (1 - worseBps / 1e4) / (1 + impact);
      const out = buys ? (amountRaw / pool.midPx) * scale * kept : (amountRaw / scale) * pool.midPx * kept;
      const outAmountRaw = Math.floor(out);
      if (outAmountRaw < 1) return null;
      return { outAmountRaw, priceImpact: impact, direct: onlyDirect || pool.directWorseBps === 0 };
    },
    push(inputMint, outputMint, amountRaw) {
      const found = findPool(inputMint, outputMint);
      if (found === null) return;
      const bps = (2e4 * usdcOf(found, amountRaw)) / config.dexDepthUsd;
      found.pool.pressureBps += found.buys ? bps : -bps;
    },
  };
}
