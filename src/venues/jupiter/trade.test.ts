import { describe, expect, it } from 'vitest';
import { NightjarError } from '../../domain/errors.ts';
import type { OrderIntent, OrderRef } from '../../domain/orders.ts';
import type { Clock, HttpRequest, Transport } from '../../domain/ports.ts';
import { TOKENS } from '../../domain/tokens.ts';
import { silentMetrics } from '../../telemetry/metricSink.ts';
import { ORDER_VALID_MS } from '../orderExpiry.ts';
import { createJupiterSwap } from './trade.ts';

const SOL = TOKENS.SOL!.mint;
const USDC = TOKENS.USDC!.mint;

const intent: OrderIntent = {
  clientOrderId: 'njswap',
  bot: 'arb:SOL',
  botSlot: 0,
  epoch: 1,
  attempt: 1,
  leg: 'dex',
  venue: 'jupiter',
  account: 'main',
  pair: 'SOL/USDT',
  side: 'buy',
  type: 'swap',
  effect: 'opening',
  qty: '0.066',
  swap: {
    inputMint: USDC,
    outputMint: SOL,
    inAmountRaw: 10_000_000,
    minOutAmountRaw: 66_000_000,
    slippageBps: 20,
    contextSlot: 5,
  },
  decidedAtMs: 0,
};
const ref: OrderRef = intent;

const state = (changes: Record<string, unknown>) => ({
  clientOrderId: 'njswap',
  signature: '5sig',
  status: 'processing',
  inputMint: USDC,
  outputMint: SOL,
  inAmountRaw: 0,
  outAmountRaw: 0,
  feeLamports: 0,
  err: null,
  slot: null,
  receivedAtMs: 1_000,
  settledAtMs: null,
  ...changes,
});

/** The door answers each request with the next reaction: `[status, body]`, text for what is no JSON, or an error code. */
function startPort(...reactions: ([number, unknown] | 'net.timeout' | 'net.refused' | 'net.cut')[]) {
  const requests: HttpRequest[] = [];
  const time = { nowMs: 0 };
  const transport: Transport = {
    request: async (request) => {
      requests.push(request);
      const reaction = reactions[Math.min(requests.length, reactions.length) - 1]!;
      if (typeof reaction === 'string') throw new NightjarError(reaction, reaction);
      const [status, body] = reaction;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: {}, body: new TextEncoder().encode(text) };
    },
    openSocket: () => {
      throw new Error('no sockets here');
    },
  };
  const clock = { nowMs: () => time.nowMs } as Clock;
  const port = createJupiterSwap({ transport, clock, rest: 'http://door', account: 'main', metrics: silentMetrics });
  return { port, requests, time };
}

describe('a swap', () => {
  it('is sent once with its terms and is open until it lands', async () => {
    const { port, requests } = startPort([200, state({})]);
    const placed = await port.place(intent);
    expect(placed).toMatchObject({ outcome: 'confirmed', report: { status: 'open', venueOrderId: '5sig', fills: [] } });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', url: 'http://door/sim/swap' });
    expect(JSON.parse(requests[0]!.body!)).toEqual({
      ...{ clientOrderId: 'njswap', ...intent.swap },
      expiresAtMs: ORDER_VALID_MS,
    });
  });

  it('that landed is one fill, priced in USDC per base, its fee in SOL', async () => {
    const landed = state({
      status: 'landed',
      inAmountRaw: 10_000_000,
      outAmountRaw: 66_500_000,
      feeLamports: 13_000,
      settledAtMs: 1_900,
    });
    const { port } = startPort([200, landed]);
    const found = await port.lookup(ref);
    expect(found).toMatchObject({
      found: 'yes',
      report: {
        status: 'filled',
        filledQty: 0.0665,
        fills: [{ tradeId: '5sig', side: 'buy', qty: 0.0665, fee: 0.000013, feeCurrency: 'SOL', venueTimeMs: 1_900 }],
      },
    });
    if (found.found === 'yes') expect(found.report.avgPrice).toBeCloseTo(10 / 0.0665, 9);
  });

  it('that sold the base is a sale', async () => {
    const sold = {
      status: 'landed',
      inputMint: SOL,
      outputMint: USDC,
      inAmountRaw: 100_000_000,
      outAmountRaw: 15_000_000,
      settledAtMs: 2,
    };
    const { port } = startPort([200, state(sold)]);
    expect(await port.lookup(ref)).toMatchObject({
      report: { avgPrice: 150, fills: [{ side: 'sell', qty: 0.1, price: 150 }] },
    });
  });

  it.each([
    ['failed', 'rejected', 0.000013],
    ['expired', 'expired', undefined],
  ])('that %s on chain is %s, without a fill, at a fee of %s SOL', async (status, ended, failedChainFee) => {
    const { port } = startPort([200, state({ status, settledAtMs: 2, feeLamports: 13_000 })]);
    expect(await port.lookup(ref)).toMatchObject({
      found: 'yes',
      report: { status: ended, filledQty: 0, fills: [], ...(failedChainFee === undefined ? {} : { failedChainFee }) },
    });
  });

  it.each<[string, [number, unknown] | 'net.timeout' | 'net.refused' | 'net.cut', string]>([
    ['no answer', 'net.timeout', 'unknown'],
    ['a cut', 'net.cut', 'unknown'],
    ['a refused connection', 'net.refused', 'rejected'],
    ['a 502', [502, 'Bad Gateway'], 'unknown'],
    ['garbage', [200, '{"sig'], 'unknown'],
    ['an answer without a state', [200, {}], 'unknown'],
    ['a state of next year', [200, state({ status: 'teleported' })], 'unknown'],
    ['no route', [400, { error: 'Could not find any route', errorCode: 'COULD_NOT_FIND_ANY_ROUTE' }], 'rejected'],
    ["the door's refusal", [400, { rejected: { code: 'bad-request', reason: 'amount' } }], 'rejected'],
    ['a 429', [429, { code: 429, message: 'Too many requests' }], 'rejected'],
  ])('answered by %s has the outcome %s%s', async (_, reaction, outcome) => {
    const { port, requests } = startPort(reaction);
    expect((await port.place(intent)).outcome).toBe(outcome);
    expect(requests).toHaveLength(1);
  });

  it('is not sent while the venue limits us', async () => {
    const { port, requests, time } = startPort([429, { code: 429, message: 'Too many requests' }], [200, state({})]);
    await port.place(intent);
    expect(await port.place(intent)).toMatchObject({ outcome: 'rejected', code: 'not-sent' });
    expect(requests).toHaveLength(1);
    time.nowMs = 1_001;
    expect(await port.place(intent)).toMatchObject({ outcome: 'confirmed' });
  });

  it.each([0, -1, 1.5, 2 ** 60])('of %d raw units is not sent', async (inAmountRaw) => {
    const { port, requests } = startPort([200, state({})]);
    const placed = await port.place({ ...intent, swap: { ...intent.swap!, inAmountRaw } });
    expect(placed).toMatchObject({
      outcome: 'rejected',
      code: 'not-sent',
      reason: expect.stringContaining('inAmountRaw'),
    });
    expect(requests).toEqual([]);
  });
});

describe('looking for a swap', () => {
  it("believes a no only in the door's own words", async () => {
    const { port } = startPort(
      [404, { rejected: { code: 'not-found', reason: 'no swap' } }],
      [404, '<html>'],
      'net.refused',
    );
    expect(await port.lookup(ref)).toMatchObject({ found: 'no' });
    expect(await port.lookup(ref)).toMatchObject({ found: 'unknown' });
    expect(await port.lookup(ref)).toMatchObject({ found: 'unknown', code: 'net.refused' });
  });

  it('does not take an impostor mint for a token it knows', async () => {
    const impostor = `${SOL.slice(0, -1)}3`;
    const { port } = startPort([
      200,
      state({ status: 'landed', outputMint: impostor, inAmountRaw: 1, outAmountRaw: 1, settledAtMs: 2 }),
    ]);
    expect(await port.lookup(ref)).toMatchObject({ found: 'unknown', reason: expect.stringContaining(impostor) });
  });
});

it('reads the wallet, and rejects when there is no answer', async () => {
  const { port } = startPort(
    [200, [{ venue: 'jupiter', asset: 'SOL', free: 3.5, locked: 0, raw: '3500000000' }]],
    [502, ''],
  );
  expect(await port.balances()).toEqual([{ venue: 'jupiter', asset: 'SOL', free: 3.5, locked: 0 }]);
  await expect(port.balances()).rejects.toMatchObject({ code: 'venue.unavailable' });
});
