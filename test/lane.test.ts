import { describe, expect, it } from 'vitest';
import type { Clock } from '../src/domain/ports.ts';
import { tokenOf } from '../src/domain/tokens.ts';
import { EvaluationFlag, EvaluationKind, EvaluationTrigger } from '../src/strategies/arb/arbEvaluation.ts';
import type { ArbReason } from '../src/strategies/arb/arbStages.ts';
import { type LaneWorld, startLaneWorld, VENUES } from './laneWorld.ts';

const SOL = tokenOf('SOL').mint;
/** DEX price of SOL at which the raw edge over a bid of 149.995 is this many bps of the DEX price. */
const dexPxFor = (edgeBps: number) => 149.995 / (1 + edgeBps / 1e4);

async function firstLook(setUp: (world: LaneWorld) => void, knobs = {}) {
  const world = startLaneWorld({ knobs });
  setUp(world);
  world.everyFeed('SOL', {});
  await world.run(400);
  return { world, look: world.looks()[0]! };
}

describe('the stages of a look', () => {
  const reachable: [ArbReason | 'hit', (world: LaneWorld) => void][] = [
    ['unit_mismatch', ({ jupiter }) => (jupiter.pxByMint[SOL] = 75)],
    ['gross0', ({ jupiter }) => (jupiter.pxByMint[SOL] = dexPxFor(-1))],
    ['gross10', ({ jupiter }) => (jupiter.pxByMint[SOL] = dexPxFor(9))],
    [
      'depth',
      (world) => {
        world.jupiter.pxByMint[SOL] = dexPxFor(60);
        world.everyFeed('SOL', { depth: 5 });
      },
    ],
    ['dry8', ({ jupiter }) => (jupiter.pxByMint[SOL] = dexPxFor(39))],
    [
      'preok_false',
      ({ jupiter }) => {
        jupiter.pxByMint[SOL] = dexPxFor(60);
        jupiter.firmExtra = 0.5;
      },
    ],
    ['hit', ({ jupiter }) => (jupiter.pxByMint[SOL] = dexPxFor(60))],
  ];

  it.each(reachable)('ends as %s', async (reason, setUp) => {
    const { world, look } = await firstLook(setUp);
    expect(world.reasonOf(look)).toBe(reason);
    const asksFirm = reason === 'hit' || reason === 'preok_false';
    expect(world.jupiter.asked.filter(({ firm }) => firm)).toHaveLength(asksFirm ? 1 : 0);
    expect(look.dqFirmPx === null).toBe(!asksFirm);
  });

  it('ends as stale, and goes on polling, when every book is old', async () => {
    const world = startLaneWorld();
    world.everyFeed('SOL', {});
    await world.run(400);
    world.everyFeed('SOL', { ageMs: 1001 });
    await world.run(3000);

    const later = world.looks().slice(1);
    expect(later.map((look) => world.reasonOf(look))).toEqual(['stale', 'stale', 'stale']);
    expect(later[0]!.bookAgeMs).toBe(1001);
  });

  it('ends as stale when no venue has a live USDC/USDT book', async () => {
    const world = startLaneWorld();
    world.everyFeed('SOL', {});
    await world.run(400);
    world.everyFeed('USDC', { trust: 'gap' });
    await world.run(1000);
    expect(world.reasonOf(world.looks().at(-1)!)).toBe('stale');
  });

  it('prices from the other venues when one goes bad', async () => {
    const { world, look } = await firstLook((each) => each.feed('okx').move({ trust: 'crossed', bid: 900 }));
    expect(look.cbVenue).toBe(1);
    expect(world.reasonOf(look)).not.toBe('stale');
  });

  it('publishes a failed firm quote as one record that says so', async () => {
    const world = startLaneWorld();
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.jupiter.firmSilent = true;
    world.everyFeed('SOL', {});
    await world.run(500);
    expect(world.looks()).toHaveLength(0);
    await world.run(400);
    const look = world.looks()[0]!;
    expect(look.flags).toBe(EvaluationFlag.firmFailed);
    expect(world.reasonOf(look)).toBe('preok_false');
  });
});

describe('a firm quote in flight', () => {
  async function untilFirmIsOut() {
    const world = startLaneWorld();
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.everyFeed('SOL', {});
    await world.run(70);
    expect(world.jupiter.asked.filter(({ firm }) => firm)).toHaveLength(1);
    expect(world.looks()).toHaveLength(0);
    return world;
  }

  it('is judged on the book at its arrival, for the quantity that it was asked for', async () => {
    const world = await untilFirmIsOut();
    world.everyFeed('SOL', { bid: 140, ask: 140.01 });
    await world.run(100);
    expect(world.looks()).toMatchObject([{ cbPx: 140, orderQty: 0.067 }]);
  });

  it('finds a book that went old without a change', async () => {
    const world = await untilFirmIsOut();
    for (const venue of VENUES) world.feed(venue).market.ageMs = 5000;
    await world.run(100);
    expect(world.looks().map((look) => world.reasonOf(look))).toEqual(['stale']);
  });

  it('leaves a look that begins meanwhile its own record, at once', async () => {
    const world = await untilFirmIsOut();
    world.everyFeed('SOL', { bid: 149, ask: 149.01 });
    world.everyFeed('SOL', { bid: 151, ask: 151.01 });
    const [crossing, ...more] = world.looks();
    expect(more).toEqual([]);
    expect(crossing!.trigger).toBe(EvaluationTrigger.crossedZero);
    expect(world.reasonOf(crossing!)).toBe('rate_guard');
    await world.run(100);
    expect(world.looks().map((look) => look.trigger)).toEqual([EvaluationTrigger.crossedZero, EvaluationTrigger.quote]);
  });
});

describe('a poll', () => {
  it('opens no look when both of its quotes fail, and is followed by the next', async () => {
    const world = startLaneWorld();
    world.jupiter.failures.push(400, 'timeout');
    world.everyFeed('SOL', {});
    await world.run(950);
    expect(world.looks()).toHaveLength(0);
    await world.run(500);
    expect(world.looks()).toHaveLength(1);
  });
});

describe('prices', () => {
  it('gives equal tops to the first venue in tie order and takes the best VWAP, whoever has it', async () => {
    const { look } = await firstLook((world) => {
      world.feed('okx').move({ slope: 0.05 });
      world.feed('bybit').move({ slope: 0.02 });
      world.feed('binance').move({ slope: 0.03 });
    });
    expect(look.cbTopVenue).toBe(0);
    expect(look.cbTopPx).toBe(149.995);
    expect(look.cbVenue).toBe(2);
    expect(look.cbPx).toBeCloseTo(149.975, 9);
  });

  it('takes fx from the venue that gave cb, else from the first live one', async () => {
    const setUp = (world: LaneWorld) => {
      world.feed('bybit').move({ bid: 150.1, ask: 150.2 });
      world.feed('bybit', 'USDC').move({ bid: 1.0009, ask: 1.0011 });
      world.feed('binance', 'USDC').move({ bid: 1.0019, ask: 1.0021 });
      world.feed('okx', 'USDC').move({ trust: 'syncing' });
    };
    const same = await firstLook(setUp);
    expect(same.look.fxBps).toBeCloseTo(10, 6);
    expect(same.look.midPx).toBeCloseTo(150.15, 9);

    const other = await firstLook((world) => {
      setUp(world);
      world.feed('bybit', 'USDC').move({ trust: 'stale' });
    });
    expect(other.look.fxBps).toBeCloseTo(20, 6);
  });

  it('counts the lower of the direct and the best route, the higher one for the mirror', async () => {
    const lower = await firstLook(({ jupiter }) => (jupiter.bestRouteExtra = -0.25));
    expect(lower.look.dqPx).toBeCloseTo(149.75, 4);
    const direct = await firstLook(({ jupiter }) => (jupiter.bestRouteExtra = 0.25));
    expect(direct.look.dqPx).toBeCloseTo(150, 4);
    const mirror = await firstLook(({ jupiter }) => (jupiter.bestRouteExtra = 0.25), { direction: 'sellDex' });
    expect(mirror.look.dqPx).toBeCloseTo(150.25, 4);
    expect(mirror.look.cbTopPx).toBe(150.005);
  });

  it('counts the one that answered when the other failed', async () => {
    const { look } = await firstLook(({ jupiter }) => jupiter.failures.push(400));
    expect(look.quoteId).toBe(1);
  });

  it('sizes a purchase by mid and fx, and the firm one so that the order quantity comes out', async () => {
    const { world, look } = await firstLook((each) => {
      // Set before the first change is heard, so that the first poll knows it.
      for (const venue of VENUES) Object.assign(each.feed(venue, 'USDC').market, { bid: 1.0019, ask: 1.0021 });
      each.jupiter.pxByMint[SOL] = dexPxFor(90);
    });
    const [direct, best, firm] = world.jupiter.asked;
    expect(direct).toMatchObject({ direct: true, firm: false });
    expect(best).toMatchObject({ direct: false, firm: false, amountRaw: direct!.amountRaw });
    expect(direct!.amountRaw).toBe(Math.round((0.8 * 150 * 1e6) / 1.002));
    expect(look.orderQty).toBe(0.067);
    expect(firm!.amountRaw).toBe(Math.round(0.067 * look.dqPx! * 1e6));
    expect(look.firmInRaw).toBe(firm!.amountRaw);
    expect(look.firmOutRaw! / 1e9).toBeCloseTo(0.067, 6);
    expect(look.firmMinOutRaw).toBe(Math.ceil(look.firmOutRaw! * (1 - 20 / 1e4)));
  });

  it('asks as much RAY as the SOL instance is worth, by the mids at the start', async () => {
    const world = startLaneWorld({ symbols: ['SOL', 'RAY'] });
    world.everyFeed('SOL', {});
    world.everyFeed('RAY', {});
    await world.run(2500);
    const ray = world.jupiter.asked.find(({ outputMint }) => outputMint === tokenOf('RAY').mint)!;
    expect(ray.amountRaw / 1e6).toBeCloseTo(0.8 * 150, 1);
  });
});

describe('what begins a look', () => {
  /** A quote whose missing price is `needPx`, and books that then move the bid. */
  async function startAt(needPx: number, options = {}) {
    const world = startLaneWorld({ knobs: { guardMs: 60_000, ...options } });
    // need = 38 bps of mid − (cb − dq)
    world.jupiter.pxByMint[SOL] = 149.995 - 0.0038 * 150 + needPx;
    world.everyFeed('SOL', {});
    await world.run(400);
    world.published.length = 0;
    return world;
  }
  const raise = (world: LaneWorld, byPx: number) => {
    const { bid, ask } = world.feed('okx').market;
    world.feed('okx').move({ bid: bid + byPx, ask: ask + byPx });
  };

  it.each([
    ['nearPx', 0.06, 0.02, EvaluationTrigger.crossedNear],
    ['autoPx', 0.03, 0.02, EvaluationTrigger.crossedAuto],
    ['0', 0.01, 0.02, EvaluationTrigger.crossedZero],
    ['all three at once', 0.2, 0.3, EvaluationTrigger.crossedZero],
  ])('a book change that carries the missing price down over %s', async (_line, needPx, byPx, trigger) => {
    const world = await startAt(needPx);
    raise(world, byPx);
    raise(world, 0.001);
    expect(world.looks()).toHaveLength(1);
    expect(world.looks()[0]).toMatchObject({ trigger, quoteId: 1 });
  });

  it.each([
    ['over nearPx', 0.04, EvaluationTrigger.crossedNear],
    ['over autoPx', 0.01, EvaluationTrigger.crossedAuto],
  ])('none by a rise %s, which is told as receding', async (_line, needPx, trigger) => {
    const world = await startAt(needPx);
    world.everyFeed('SOL', { bid: 149.975, ask: 149.985 });
    expect(world.looks()).toHaveLength(0);
    expect(world.ofKind(EvaluationKind.recede).map((each) => each.trigger)).toEqual([trigger]);
  });

  it('none by changes between the lines, at any number of ticks', async () => {
    const world = await startAt(0.04);
    for (let i = 0; i < 50; i += 1) raise(world, i % 2 === 0 ? 0.01 : -0.01);
    expect(world.published).toHaveLength(0);
  });

  it('a change of the USDC/USDT book too', async () => {
    const world = await startAt(0.06);
    world.everyFeed('USDC', { bid: 0.9998, ask: 0.9999 });
    expect(world.looks().map((each) => each.trigger)).toEqual([EvaluationTrigger.crossedNear]);
  });

  it('the same lines in the mirror direction, on asks', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 60_000, direction: 'sellDex' } });
    world.jupiter.pxByMint[SOL] = 150.005 + 0.0038 * 150 - 0.06;
    world.everyFeed('SOL', {});
    await world.run(400);
    world.published.length = 0;
    world.feed('bybit').move({ bid: 149.975, ask: 149.985 });
    expect(world.looks()).toMatchObject([{ trigger: EvaluationTrigger.crossedNear, cbTopPx: 149.985, cbTopVenue: 2 }]);
  });

  it('what was crossed while nothing could be priced, once it can be again', async () => {
    const world = await startAt(0.06);
    world.everyFeed('SOL', { trust: 'gap' });
    world.everyFeed('SOL', { bid: 150.015, ask: 150.025 });
    expect(world.published).toHaveLength(0);
    world.feed('okx').move({ trust: 'live' });
    expect(world.looks().map((each) => each.trigger)).toEqual([EvaluationTrigger.crossedNear]);
  });

  it('each new quote, once', async () => {
    const world = startLaneWorld();
    world.everyFeed('SOL', {});
    await world.run(5500);
    expect(world.looks().map((each) => each.quoteId)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.looks().every((each) => each.trigger === EvaluationTrigger.quote)).toBe(true);
  });

  it('numbers its records without a hole', async () => {
    const world = await startAt(0.06);
    raise(world, 0.02);
    raise(world, -0.02);
    world.lane.handle({ type: 'prices', botSlot: 0, requestId: 9 });
    const seqs = world.published.map((each) => each.laneSeq);
    expect(seqs).toEqual([2, 3, 4]);
  });
});

describe('the rate guard', () => {
  it('holds back the firm quote of a look that no poll opened', async () => {
    const world = startLaneWorld({ knobs: { preNetMinBps: 0, slippageBps: 0 } });
    world.jupiter.pxByMint[SOL] = dexPxFor(37);
    world.everyFeed('SOL', {});
    await world.run(400);
    const before = world.jupiter.asked.length;
    world.everyFeed('SOL', { bid: 150.195, ask: 150.205 });

    const look = world.looks().at(-1)!;
    expect(look.trigger).toBe(EvaluationTrigger.crossedZero);
    expect(world.reasonOf(look)).toBe('rate_guard');
    expect(world.jupiter.asked).toHaveLength(before);
  });

  it('meets a look whose quote is too old while the next one is held', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 5000 } });
    world.jupiter.pxByMint[SOL] = 149.995 - 0.0038 * 150 + 0.06;
    world.everyFeed('SOL', {});
    await world.run(2000);
    world.feed('okx').move({ bid: 150.015, ask: 150.025 });
    const look = world.looks().at(-1)!;
    expect(look.quoteAgeMs).toBeGreaterThan(1000);
    expect(look.flags).toBe(EvaluationFlag.rateGuard);
    expect(world.reasonOf(look)).toBe('rate_guard');
  });

  it('calls it stale when the next quote is out and late', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 1000 } });
    world.jupiter.pxByMint[SOL] = 149.995 - 0.0038 * 150 + 0.06;
    world.everyFeed('SOL', {});
    await world.run(900);
    world.jupiter.failures.push('timeout', 'timeout');
    await world.run(600);
    world.feed('okx').move({ bid: 150.015, ask: 150.025 });
    expect(world.looks().at(-1)!.flags).toBe(EvaluationFlag.stale);
  });

  it('sends both quotes and the firm one in one slot, and the next slot an interval later', async () => {
    const world = startLaneWorld();
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.everyFeed('SOL', {});
    const startMs = world.clock.nowMs();
    await world.run(1500);
    expect(world.jupiter.asked.map(({ atMs }) => atMs - startMs)).toEqual([0, 0, 50, 1000, 1000, 1050]);
  });

  it('takes two bots in turn', async () => {
    const world = startLaneWorld({ symbols: ['SOL', 'RAY'] });
    world.everyFeed('SOL', {});
    world.everyFeed('RAY', {});
    await world.run(4500);
    const bySlot = world.looks().map((each) => each.botSlot);
    expect(bySlot).toEqual([0, 1, 0, 1, 0]);
  });

  it('widens at a 429, holds that look’s firm quote back and tells the interval', async () => {
    const world = startLaneWorld();
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.jupiter.failures.push(429);
    world.everyFeed('SOL', {});
    await world.run(400);
    const look = world.looks()[0]!;
    expect(world.reasonOf(look)).toBe('rate_guard');
    expect(look.guardIntervalMs).toBe(2000);
    await world.run(1500);
    expect(world.looks()).toHaveLength(1);
    await world.run(300);
    expect(world.looks()[1]!.guardIntervalMs).toBe(1000);
  });

  it('lets the bot of a first hit poll at once', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 10_000 } });
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.everyFeed('SOL', {});
    await world.run(400);
    world.lane.handle({ type: 'liftCooldown', botSlot: 0 });
    await world.run(400);
    expect(world.looks().map((each) => world.reasonOf(each))).toEqual(['hit', 'hit']);
    expect(world.looks()[1]!.quoteId).toBeGreaterThan(world.looks()[0]!.quoteId!);
    await world.run(2000);
    expect(world.looks()).toHaveLength(2);
  });
});

describe('requests of the core', () => {
  it('answers a last look with a new firm quote on the book at its arrival', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 10_000 } });
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.everyFeed('SOL', {});
    await world.run(400);
    world.lane.handle({ type: 'lastLook', botSlot: 0, requestId: 41 });
    await world.run(20);
    world.everyFeed('SOL', { bid: 149.5, ask: 149.51 });
    expect(world.ofKind(EvaluationKind.lastLook)).toHaveLength(0);
    await world.run(100);

    const [answer] = world.ofKind(EvaluationKind.lastLook);
    expect(answer).toMatchObject({ requestId: 41, cbPx: 149.5, flags: 0, trigger: EvaluationTrigger.request });
    expect(answer!.firmQuoteId).toBeGreaterThan(world.looks()[0]!.firmQuoteId!);
    expect(answer!.dqFirmPx).toBeCloseTo(dexPxFor(60), 3);
  });

  it('answers within the quote timeout when the firm quote does not come', async () => {
    const world = startLaneWorld({ knobs: { guardMs: 10_000 } });
    world.everyFeed('SOL', {});
    await world.run(400);
    world.jupiter.firmSilent = true;
    world.lane.handle({ type: 'lastLook', botSlot: 0, requestId: 5 });
    await world.run(900);
    expect(world.ofKind(EvaluationKind.lastLook)).toMatchObject([
      { requestId: 5, dqFirmPx: null, flags: EvaluationFlag.firmFailed },
    ]);
  });

  it('refuses a last look at once while a 429 has put the cooldown back', async () => {
    const world = startLaneWorld();
    world.jupiter.failures.push(429, 429);
    world.everyFeed('SOL', {});
    await world.run(400);
    world.lane.handle({ type: 'lastLook', botSlot: 0, requestId: 6 });
    expect(world.ofKind(EvaluationKind.lastLook)).toMatchObject([
      { requestId: 6, flags: EvaluationFlag.firmFailed | EvaluationFlag.rateGuard },
    ]);
  });

  it('answers prices at once, without a quote', async () => {
    const world = startLaneWorld();
    world.everyFeed('SOL', {});
    const before = world.jupiter.asked.length;
    world.lane.handle({ type: 'prices', botSlot: 0, requestId: 8 });
    expect(world.ofKind(EvaluationKind.prices)).toMatchObject([
      {
        requestId: 8,
        bestBidPx: 149.995,
        bestBidVenue: 0,
        bestAskPx: 150.005,
        bestAskVenue: 0,
        flags: 0,
        solMidPx: 150,
      },
    ]);
    expect(world.jupiter.asked).toHaveLength(before);
  });

  it('logs a request for a bot that it does not run', () => {
    const world = startLaneWorld();
    world.lane.handle({ type: 'prices', botSlot: 9, requestId: 1 });
    expect(world.logs).toEqual(['lane:0: prices for bot slot 9, which it does not run']);
  });

  it('is silent after stop, whatever was in flight, and leaves no timer', async () => {
    const world = startLaneWorld();
    world.jupiter.pxByMint[SOL] = dexPxFor(60);
    world.everyFeed('SOL', {});
    world.lane.handle({ type: 'lastLook', botSlot: 0, requestId: 7 });
    world.lane.stop();
    await world.run(5000);
    expect(world.published).toEqual([]);
    expect(world.feeds.some(({ running }) => running)).toBe(false);
    expect(world.clock.pendingTimers()).toBe(0);
  });
});

describe('polling on a real clock', () => {
  it('goes on when a timer fires early and time moves between two readings', async () => {
    const world = startLaneWorld({ laneClock: hastyClock });
    world.everyFeed('SOL', {});
    await world.run(30_000);
    // Two quotes a second, give or take the first and last.
    expect(world.jupiter.asked.length).toBeGreaterThan(50);
  });
});

/** Timers fire 0.35 ms before their time, and each reading within one instant is 0.3 ms later than the one before. */
function hastyClock(clock: Clock): Clock {
  let instantMs = Number.NaN;
  let readings = 0;
  return {
    nowMs() {
      const nowMs = clock.nowMs();
      readings = nowMs === instantMs ? readings + 1 : 1;
      instantMs = nowMs;
      return nowMs + 0.3 * readings;
    },
    after: (delayMs, fn) => clock.after(Math.max(0, delayMs - 0.35), fn),
    every: clock.every,
  };
}
