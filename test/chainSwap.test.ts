import '../src/workers/noNativeSockets.ts';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NightjarError } from '../src/domain/errors.ts';
import type { LookupOutcome, OrderIntent, OrderRef } from '../src/domain/orders.ts';
import type { HttpRequest, Transport } from '../src/domain/ports.ts';
import { TOKENS } from '../src/domain/tokens.ts';
import { openChainDoor, ratesOf } from '../src/sim/chain/chainDoor.ts';
import { simWallet } from '../src/sim/chain/chainKeys.ts';
import { type ChainProcess, startChainProcess } from '../src/sim/chain/chainProcess.ts';
import { SIM_WALLET_SECRET } from '../src/sim/simKeys.ts';
import { startTestbed } from '../src/sim/simTestbed.ts';
import { createChainSwap } from '../src/venues/jupiter/chainSwap.ts';
import { openSignedSwaps } from '../src/venues/solana/signedSwaps.ts';
import { createWallClock } from '../src/workers/wallClock.ts';
import { createWallTransport } from '../src/workers/wallTransport.ts';

const JUPITER = 'http://jupiter.test';
const [SOL, USDC] = [TOKENS.SOL!.mint, TOKENS.USDC!.mint];
const WAIT = { timeout: 30_000, interval: 20 };

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Wire {
  /** Requests to the chain by method, in order, and those that have been answered. */
  readonly asked: string[];
  readonly answered: string[];
  /** Swallows the node's answer to this method: the node has heard it all the same. */
  loseAnswerOf: string | null;
  /** Stands between the gateway and Jupiter's transaction. */
  tamper: ((transaction: string) => string) | null;
}

const startChain = (slotMs: number) =>
  startChainProcess({
    seed: 5,
    firstSlot: 440_657_000,
    slotMs,
    dropShare: 0,
    balances: { SOL: 10, RAY: 1000, USDC: 500 },
    rates: {},
  });
let shared: ChainProcess;
beforeAll(async () => {
  shared = await startChain(60);
}, 60_000);
afterAll(() => shared.close());

/** A market that stands still, the chain in its process with shorter slots, and the gateway's port for swaps. */
async function startSwaps(given?: ChainProcess) {
  const bed = startTestbed(7);
  bed.clock.advance(5_000);
  const { dex } = bed.world.inside;
  const chain = given ?? shared;
  chain.setRates(ratesOf(dex));
  bed.world.settleOnChain((pools, log, clock) => openChainDoor({ chain, pools, log, clock }));
  const wall = createWallTransport();
  stops.push(() => wall.close());
  const wire: Wire = { asked: [], answered: [], loseAnswerOf: null, tamper: null };
  const transport: Transport = {
    openSocket: wall.openSocket.bind(wall),
    async request(request: HttpRequest) {
      if (request.url.startsWith(JUPITER)) return fromJupiter(request);
      const { method } = JSON.parse(request.body!) as { method: string };
      wire.asked.push(method);
      const answer = await wall.request(request);
      wire.answered.push(method);
      if (method === wire.loseAnswerOf) throw new NightjarError('net.cut', 'cut by the test');
      return answer;
    },
  };
  const fromJupiter = ({ method, url, body = '' }: HttpRequest) => {
    const target = url.slice(JUPITER.length);
    const answer = bed.world.handleHttp('jupiter', { method, target, headers: {}, body });
    const content = JSON.parse(answer.body) as { swapTransaction?: string };
    if (content.swapTransaction !== undefined && wire.tamper !== null) {
      content.swapTransaction = wire.tamper(content.swapTransaction);
    }
    return { ...answer, body: new TextEncoder().encode(JSON.stringify(content)) };
  };
  const folder = mkdtempSync(join(tmpdir(), 'nightjar-chain-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'signed-swaps.jsonl');
  const openPort = () => {
    const port = createChainSwap({
      transport,
      clock: createWallClock(),
      rest: JUPITER,
      chain,
      walletSecret: SIM_WALLET_SECRET,
      signed: openSignedSwaps(path),
      account: 'main',
    });
    stops.push(() => port.close().catch(() => {}));
    return port;
  };
  const port = openPort();
  await port.open();

  /** Buys SOL for 15 USDC, or sells 0.1 SOL. */
  const order = (clientOrderId: string, side: 'buy' | 'sell' = 'buy'): OrderIntent => {
    const [inputMint, outputMint] = side === 'buy' ? [USDC, SOL] : [SOL, USDC];
    const inAmountRaw = side === 'buy' ? 15_000_000 : 100_000_000;
    const outRaw = dex.quote(inputMint, outputMint, inAmountRaw, false)!.outAmountRaw;
    return {
      clientOrderId,
      bot: 'arb:SOL',
      botSlot: 0,
      epoch: 1,
      attempt: 1,
      leg: 'dex',
      venue: 'jupiter',
      account: 'main',
      pair: 'SOL/USDT',
      side,
      type: 'swap',
      effect: 'opening',
      qty: '0.1',
      swap: {
        inputMint,
        outputMint,
        inAmountRaw,
        minOutAmountRaw: Math.floor(outRaw * 0.995),
        slippageBps: 50,
        contextSlot: dex.slot(),
      },
      decidedAtMs: 0,
    };
  };
  return { bed, chain, wire, port, openPort, order, path };
}

const refOf = ({ clientOrderId, venue, account, pair, type }: OrderIntent): OrderRef => {
  return { clientOrderId, venue, account, pair, type };
};

async function fateOf(port: ReturnType<typeof createChainSwap>, intent: OrderIntent) {
  let last: LookupOutcome | undefined;
  const status = async () => {
    last = await port.lookup(refOf(intent));
    return last.found === 'yes' ? last.report.status : last.found;
  };
  await expect.poll(status, WAIT).not.toBe('open');
  return last as Extract<LookupOutcome, { found: 'yes' }>;
}

it('a swap is a signed transaction: signature, slot, balances before and after in what is journalled', async () => {
  const { port, order, bed } = await startSwaps();
  for (const side of ['buy', 'sell'] as const) {
    const [before, midBefore] = [await port.balances(), bed.world.inside.dex.midOf('SOL')];
    const placed = await port.place(order(side, side));
    expect(placed).toMatchObject({ outcome: 'confirmed', report: { status: 'open' } });
    const { report, raw } = await fateOf(port, order(side, side));
    const after = await port.balances();
    expect(report).toMatchObject({ status: 'filled', fills: [{ side, fee: 0.000013, feeCurrency: 'SOL' }] });
    expect(raw).toMatchObject({ signature: report.venueOrderId, slot: expect.any(Number), feeLamports: 13_000 });
    const free = (all: typeof before, asset: string) => all.find((one) => one.asset === asset)!.free;
    const sign = side === 'buy' ? 1 : -1;
    const change = (asset: string) => free(after, asset) - free(before, asset);
    expect(change('SOL')).toBeCloseTo(sign * report.filledQty - 0.000013, 9);
    expect(change('USDC')).toBeCloseTo(-sign * report.filledQty * report.avgPrice!, 6);
    const held = raw as { before: Record<string, number>; after: Record<string, number> };
    expect(held.before.SOL! / 1e9).toBeCloseTo(free(before, 'SOL'), 9);
    expect(held.after.USDC! / 1e6).toBeCloseTo(free(after, 'USDC'), 6);
    // It moved the pool against the next one.
    bed.clock.advance(400);
    expect(bed.world.inside.dex.midOf('SOL')).not.toBe(midBefore);
  }
});

it('a price that moves between signing and landing fails the swap on the chain: a fee, no fill', async () => {
  const { port, order, chain, bed } = await startSwaps();
  chain.setFaults({ holdLanding: true });
  const intent = order('late');
  expect(await port.place(intent)).toMatchObject({ outcome: 'confirmed' });
  const fallen = Object.entries(ratesOf(bed.world.inside.dex)).map(([name, rate]) => [name, Math.floor(rate * 0.99)]);
  chain.setRates(Object.fromEntries(fallen));
  chain.setFaults({ holdLanding: false });
  const { report, raw } = await fateOf(port, intent);
  expect(report).toMatchObject({ status: 'rejected', filledQty: 0, fills: [], failedChainFee: 0.000013 });
  expect(raw).toMatchObject({ err: { InstructionError: [2, { Custom: 6001 }] } });
  // The next one is refused by its simulation, before anything is signed.
  expect(await port.place(order('later'))).toMatchObject({ outcome: 'rejected', code: 'slippage' });
  expect(await port.lookup(refOf(order('later')))).toMatchObject({ found: 'no' });
});

it('a dropped transaction stays open until its blockhash has expired, and no second one is signed before or after', async () => {
  const fast = await startChain(20);
  stops.push(() => fast.close());
  const { port, order, chain, wire } = await startSwaps(fast);
  chain.setFaults({ dropShare: 1 });
  const intent = order('dropped');
  const placed = await port.place(intent);
  expect(placed).toMatchObject({ outcome: 'confirmed' });
  const { lastValidBlockHeight } = (placed as { raw: { lastValidBlockHeight: number } }).raw;
  const again = await port.place(intent);
  expect(again).toMatchObject({ outcome: 'unknown', code: 'signed-before' });
  let heightWhenOpen = 0;
  let fate = await port.lookup(refOf(intent));
  while (fate.found === 'yes' && fate.report.status === 'open') {
    heightWhenOpen = (fate.raw as { blockHeight: number }).blockHeight;
    expect(heightWhenOpen).toBeLessThanOrEqual(lastValidBlockHeight);
    fate = await port.lookup(refOf(intent));
  }
  expect(fate).toMatchObject({ found: 'yes', report: { status: 'expired', filledQty: 0 } });
  expect((fate as { raw: { blockHeight: number } }).raw.blockHeight).toBeGreaterThan(lastValidBlockHeight);
  expect(heightWhenOpen).toBeGreaterThan(0);
  expect(await port.place(intent)).toMatchObject({ outcome: 'unknown', code: 'signed-before' });
  expect(wire.asked.filter((method) => method === 'sendTransaction')).toHaveLength(1);
});

it('a confirmation that PubSub brings needs no question; one that is lost is found by asking', async () => {
  const { port, order, chain, wire } = await startSwaps();
  await port.place(order('told'));
  // Nobody looks the order up: the notification alone fetches its fate.
  await expect.poll(() => wire.answered.at(-1), WAIT).toBe('getTransaction');
  const askedBefore = wire.asked.length;
  expect(await fateOf(port, order('told'))).toMatchObject({ report: { status: 'filled' } });
  expect(wire.asked.length).toBe(askedBefore);

  chain.setFaults({ muteNotifications: true });
  await port.place(order('mute'));
  expect(await fateOf(port, order('mute'))).toMatchObject({ report: { status: 'filled' } });
  chain.setFaults({ muteNotifications: false });
});

it('a lost answer to the send is unknown, and the gateway that follows finds the swap by the signature on disk', async () => {
  const { port, openPort, order, wire, path } = await startSwaps();
  wire.loseAnswerOf = 'sendTransaction';
  const intent = order('cut');
  expect(await port.place(intent)).toMatchObject({ outcome: 'unknown', code: 'net.cut' });
  await port.close();
  wire.loseAnswerOf = null;
  appendFileSync(path, '{"clientOrderId":"torn","signa');
  const next = openPort();
  expect(await fateOf(next, intent)).toMatchObject({ report: { status: 'filled' } });
  expect(await next.lookup(refOf(order('torn')))).toMatchObject({ found: 'no' });
  expect(await next.place(intent)).toMatchObject({ outcome: 'unknown', code: 'signed-before' });
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(1);
  appendFileSync(path, 'garbage\n');
  expect(() => openSignedSwaps(path)).toThrow('line 2 is no signed swap');
});

it('a permit that closes while the swap is made ready stops it: signed, not sent, and never again', async () => {
  const { port, order, wire } = await startSwaps();
  const intent = order('stopped');
  const placed = await port.place(intent, () => 'killed');
  expect(placed).toMatchObject({ outcome: 'rejected', code: 'not-sent', reason: 'killed' });
  expect(wire.asked).not.toContain('sendTransaction');
  expect(await port.lookup(refOf(intent))).toMatchObject({ found: 'no' });
  expect(await port.place(intent)).toMatchObject({ outcome: 'unknown', code: 'signed-before' });
});

it('what Jupiter sends is not signed when it does anything else than the swap', async () => {
  const { port, order, wire } = await startSwaps();
  const thief = Keypair.generate();
  const wallet = simWallet().publicKey;
  const other = (change: (message: TransactionMessage) => void) => (text: string) => {
    const { message } = VersionedTransaction.deserialize(Buffer.from(text, 'base64'));
    const opened = TransactionMessage.decompile(message);
    change(opened);
    const changed = new VersionedTransaction(opened.compileToV0Message());
    return Buffer.from(changed.serialize()).toString('base64');
  };
  const attacks: Record<string, [RegExp, (message: TransactionMessage) => void]> = {
    'somebody else pays': [/fee payer/, (message) => Object.assign(message, { payerKey: thief.publicKey })],
    'takes SOL': [
      /takes SOL from us/,
      ({ instructions }) =>
        instructions.push(SystemProgram.transfer({ fromPubkey: wallet, toPubkey: thief.publicKey, lamports: 1 })),
    ],
    'calls what nobody knows': [
      /unknown program/,
      ({ instructions }) => Object.assign(instructions[2]!, { programId: thief.publicKey }),
    ],
    'takes more': [/pays out/, ({ instructions }) => instructions[3]!.data.writeBigUInt64LE(15_000_001n, 1)],
    'takes rights': [/none that a swap needs/, ({ instructions }) => void instructions[3]!.data.fill(4, 0, 1)],
    'dear priority': [/priority fee/, ({ instructions }) => instructions[1]!.data.writeBigUInt64LE(10_000_000n, 1)],
    // The pool's half: only the simulation can know what comes out.
    'gives less': [/it would give/, ({ instructions }) => instructions[4]!.data.writeUInt32LE(1000, 4)],
  };
  for (const [name, [reason, change]] of Object.entries(attacks)) {
    wire.tamper = other(change);
    const placed = await port.place(order(name));
    expect(placed, name).toMatchObject({ outcome: 'rejected', code: 'unsafe-transaction' });
    expect((placed as { reason: string }).reason, name).toMatch(reason);
  }
  expect(wire.asked).not.toContain('sendTransaction');
  wire.tamper = null;
  expect(await port.place(order('honest'))).toMatchObject({ outcome: 'confirmed' });
});
