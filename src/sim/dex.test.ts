import { describe, expect, it } from 'vitest';
import { TOKENS } from '../domain/tokens.ts';
import { SLOT_MS } from './dexPool.ts';
import { startTestbed, type Testbed } from './simTestbed.ts';

const SOL = TOKENS.SOL!;
const RAY = TOKENS.RAY!;
const USDC = TOKENS.USDC!;

const quoteTarget = (inputMint: string, outputMint: string, amount: number, more = '') =>
  `/swap/v1/quote?inputMint=${inputMint}&outputMint=${outputMint}&amount=${amount}&slippageBps=20&swapMode=ExactIn${more}`;

describe('Jupiter quotes', () => {
  it('have the shape of 2026-08 with whole raw amounts and a threshold rounded up', () => {
    const bed = startTestbed(31);
    bed.clock.advance(3000);
    const { status, body } = bed.get('jupiter', quoteTarget(USDC.mint, SOL.mint, 122_000_000));
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      'inputMint',
      'inAmount',
      'outputMint',
      'outAmount',
      'otherAmountThreshold',
      'swapMode',
      'slippageBps',
      'platformFee',
      'priceImpactPct',
      'routePlan',
      'contextSlot',
      'timeTaken',
      'swapUsdValue',
      'mostReliableAmmsQuoteReport',
      'longtailMarketQuoteReport',
      'useIncurredSlippageForQuoting',
      'useRewards',
      'otherRoutePlans',
      'loadedLongtailToken',
      'instructionVersion',
    ]);
    expect(body).toMatchObject({ inAmount: '122000000', swapMode: 'ExactIn', slippageBps: 20, platformFee: null });
    expect(body.otherAmountThreshold).toBe(String(Math.ceil(Number(body.outAmount) * (1 - 20 / 1e4))));
    const legs = body.routePlan.map(({ swapInfo }: { swapInfo: object }) => swapInfo);
    expect(legs[0]).toMatchObject({ inputMint: USDC.mint, inAmount: '122000000' });
    expect(legs.at(-1)).toMatchObject({ outputMint: SOL.mint, outAmount: body.outAmount });
  });

  it('stand still within a slot, and name the next slot 400 ms later', () => {
    const bed = startTestbed(32);
    bed.clock.advance(SLOT_MS + 10);
    const ask = () => bed.get('jupiter', quoteTarget(SOL.mint, USDC.mint, 800_000_000)).body;
    const [first, again] = [ask(), ask()];
    expect(again).toEqual(first);
    bed.clock.advance(SLOT_MS);
    expect(ask().contextSlot).toBe(first.contextSlot + 1);
  });

  it('are never better on the direct route, and lose fee and impact on a round trip', () => {
    const bed = startTestbed(33);
    for (let i = 0; i < 200; i += 1) {
      bed.clock.advance(1000);
      for (const { mint } of [SOL, RAY]) {
        const out = (from: string, to: string, amount: number, more?: string) =>
          Number(bed.get('jupiter', quoteTarget(from, to, amount, more)).body.outAmount);
        const best = out(USDC.mint, mint, 100_000_000);
        expect(out(USDC.mint, mint, 100_000_000, '&onlyDirectRoutes=true')).toBeLessThanOrEqual(best);
        expect(out(mint, USDC.mint, best)).toBeLessThan(100_000_000);
      }
    }
  });

  it('are refused for unknown mints and amounts, and by 429 once the bucket is empty', () => {
    const bed = startTestbed(34, { quotesPerSecond: '2', quoteBurst: '6' });
    const impostor = `${RAY.mint.slice(0, 8)}${SOL.mint.slice(8)}`;
    expect(bed.get('jupiter', quoteTarget(USDC.mint, impostor, 1e6))).toEqual({
      status: 400,
      body: { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' },
    });
    expect(bed.get('jupiter', `/swap/v1/quote?inputMint=${USDC.mint}&outputMint=${SOL.mint}&amount=1.5`).status).toBe(
      400,
    );
    const ask = () => bed.get('jupiter', quoteTarget(USDC.mint, SOL.mint, 1e6));
    const statuses = [ask(), ask(), ask(), ask()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect(ask()).toEqual({ status: 429, body: { code: 429, message: '[API Gateway] Too many requests' } });
    bed.clock.advance(500);
    expect([ask().status, ask().status]).toEqual([200, 429]);
  });
});

/** Edge of buying on the DEX and selling at OKX's bid, in bps after fx; every 400 ms. */
function edges(bed: Testbed, token: typeof SOL, seconds: number): number[] {
  const { book, instrument } = bed.world.inside.market('okx', `${token.symbol}/USDT`);
  const fx = bed.world.inside.market('okx', 'USDC/USDT').book;
  const found: number[] = [];
  for (let i = 0; i < (seconds * 1000) / SLOT_MS; i += 1) {
    bed.clock.advance(SLOT_MS);
    const { outAmountRaw } = bed.world.inside.dex.quote(USDC.mint, token.mint, 10_000_000, false)!;
    const dexPx = 10 / (outAmountRaw / 10 ** token.decimals);
    // One tick of USDC/USDT is one basis point.
    const fxBps = (fx.bestTick('bid') + fx.bestTick('ask')) / 2 - 1e4;
    found.push(((book.bestTick('bid') * instrument.tickSize - dexPx) / dexPx) * 1e4 - fxBps);
  }
  return found;
}

/** Lengths in ms of the stretches at or above `bps`. */
function stretches(values: readonly number[], bps: number): number[] {
  const lengths: number[] = [];
  let run = 0;
  for (const value of [...values, Number.NEGATIVE_INFINITY]) {
    if (value >= bps) run += SLOT_MS;
    else if (run > 0) {
      lengths.push(run);
      run = 0;
    }
  }
  return lengths;
}

describe.each([
  { token: SOL, seed: 1 },
  { token: SOL, seed: 7 },
  { token: RAY, seed: 7 },
  { token: RAY, seed: 42 },
])('the DEX pool of $token.symbol (seed $seed)', ({ token, seed }) => {
  it('opens chances above 40 bps long enough for two hits, closes them, and shows smaller and opposite ones', () => {
    const found = edges(startTestbed(seed), token, 120);
    const chances = stretches(found, 42).filter((ms) => ms >= 2500);
    expect(chances.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...chances)).toBeLessThan(14_000);
    expect(Math.max(...found)).toBeLessThan(115);
    expect(Math.min(...found)).toBeLessThan(-25);
    expect(found.filter((edge) => edge > 10 && edge < 38).length).toBeGreaterThan(5);
    expect(found.filter((edge) => edge < 0).length).toBeGreaterThan(found.length / 4);
    // The first chance comes soon enough for a run of one minute.
    expect(stretches(found.slice(0, 75), 42).some((ms) => ms >= 2500)).toBe(true);
  });

  it('follows the CEXes without any chance while dexLag is off', () => {
    const found = edges(startTestbed(seed, { dexLag: 'false' }), token, 120);
    expect(Math.max(...found)).toBeLessThan(10);
    expect(Math.min(...found)).toBeGreaterThan(-15);
  });
});

describe('swaps', () => {
  const terms = (bed: Testbed, minShare = 0.99) => {
    const { body } = bed.get('jupiter', quoteTarget(USDC.mint, SOL.mint, 10_000_000));
    return {
      inputMint: USDC.mint,
      outputMint: SOL.mint,
      inAmountRaw: 10_000_000,
      minOutAmountRaw: Math.round(Number(body.outAmount) * minShare),
      slippageBps: 20,
      contextSlot: body.contextSlot,
    };
  };
  const wallet = (bed: Testbed) =>
    Object.fromEntries(
      bed
        .get('jupiter', '/sim/wallet')
        .body.map(({ asset, raw }: { asset: string; raw: string }) => [asset, Number(raw)]),
    );
  const find = (bed: Testbed) => bed.get('jupiter', '/sim/swap?clientOrderId=njswap1').body;

  it('land some slots later, move the wallet by exactly what they report, and happen once per client id', () => {
    const bed = startTestbed(41, { dexLag: 'false', swapDropShare: '0' });
    const before = wallet(bed);
    const swap = { clientOrderId: 'njswap1', ...terms(bed) };
    const { body } = bed.post('jupiter', '/sim/swap', swap);
    expect(body).toMatchObject({ status: 'processing', settledAtMs: null });
    expect(body.signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{88}$/);
    expect(bed.post('jupiter', '/sim/swap', swap).body).toEqual(body);
    bed.clock.advance(390);
    expect(find(bed).status).toBe('processing');
    bed.clock.advance(820);
    const landed = find(bed);
    expect(landed).toMatchObject({ status: 'landed', inAmountRaw: 10_000_000, err: null, feeLamports: 13_000 });
    expect(landed.outAmountRaw).toBeGreaterThanOrEqual(swap.minOutAmountRaw);
    const after = wallet(bed);
    expect(after.USDC).toBe(before.USDC - 10_000_000);
    expect(after.SOL).toBe(before.SOL + landed.outAmountRaw - 13_000);
    expect(bed.get('jupiter', '/sim/orders').body).toMatchObject([
      { venue: 'jupiter', clientOrderId: 'njswap1', symbol: 'SOL/USDC', side: 'buy', type: 'swap', status: 'landed' },
    ]);
  });

  it('fail with 6001 when the pool would give less, at the cost of the fee alone', () => {
    const bed = startTestbed(42, { swapDropShare: '0' });
    const before = wallet(bed);
    bed.post('jupiter', '/sim/swap', { clientOrderId: 'njswap1', ...terms(bed, 1.02) });
    bed.clock.advance(1300);
    expect(find(bed)).toMatchObject({
      status: 'failed',
      outAmountRaw: 0,
      err: { InstructionError: [2, { Custom: 6001 }] },
    });
    expect(wallet(bed)).toEqual({ ...before, SOL: before.SOL - 13_000 });
  });

  it('expire without a trace in the wallet when they are dropped', () => {
    const bed = startTestbed(43, { swapDropShare: '1' });
    const before = wallet(bed);
    bed.post('jupiter', '/sim/swap', { clientOrderId: 'njswap1', ...terms(bed) });
    bed.clock.advance(59_000);
    expect(find(bed).status).toBe('processing');
    bed.clock.advance(2000);
    expect(find(bed)).toMatchObject({ status: 'expired', feeLamports: 0 });
    expect(wallet(bed)).toEqual(before);
  });

  it('are refused when malformed or without a route', () => {
    const bed = startTestbed(44);
    expect(bed.post('jupiter', '/sim/swap', { clientOrderId: '', ...terms(bed) }).body.rejected.reason).toContain(
      'clientOrderId',
    );
    expect(
      bed.post('jupiter', '/sim/swap', { clientOrderId: 'a', ...terms(bed), inAmountRaw: 1.5 }).body.rejected.reason,
    ).toContain('1.5');
    expect(bed.post('jupiter', '/sim/swap', { clientOrderId: 'a', ...terms(bed), outputMint: 'x' }).status).toBe(400);
    expect(bed.get('jupiter', '/sim/swap?clientOrderId=a').status).toBe(404);
  });
});
