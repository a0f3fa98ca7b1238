import { join } from 'node:path';
import type { Fill, OrderIntent } from '../../../src/domain/orders.ts';
import { openJournalReader } from '../../../src/journal/journalReader.ts';
import { type Books, brokenAttempts, brokenBalances } from '../../invariants/books.ts';
import { type LatchWindow, type SentOrder, sendsAfterLatch } from '../../invariants/latchWindows.ts';
import { brokenLooks } from '../../invariants/looks.ts';
import { brokenFates } from '../../invariants/orderFates.ts';
import { brokenIdentities } from '../../invariants/orderIdentity.ts';
import type { VenueState } from '../../killPointBooks.ts';
import { brokenSums, nightjar, readJson, type Summary } from '../../nightjarProcess.ts';

/** From the core's decision over the journal and the wire to the venue's log, on a loaded machine. */
const WIRE_MS = 3000;

export interface Ended {
  readonly dataDir: string;
  readonly runDir: string;
  readonly before: VenueState;
  readonly after: VenueState;
  readonly windows: readonly LatchWindow[];
}

export interface Judgement {
  readonly checks: readonly string[];
  readonly problems: readonly string[];
}

/** Asks every invariant of a run that has ended and come to rest. */
export async function judge(ended: Ended): Promise<Judgement> {
  const checks: string[] = [];
  const problems: string[] = [];
  const ask = (name: string, broken: readonly string[]) => {
    checks.push(name);
    problems.push(...broken.map((what) => `${name}: ${what}`));
  };
  const reader = openJournalReader(ended.runDir);
  try {
    const decisions = [...reader.rows('decisions')];
    const placed = [...reader.rows('intents')].filter(({ kind }) => kind === 'order.place');
    const intents = placed.map(({ payload }) => payload as OrderIntent);
    const books = { fills: [...reader.rows('fills')], reports: [...reader.rows('reports')], decisions };
    ask('one effect per intent', brokenIdentities(ended.after.orders, intents));
    ask('one fate per intent', brokenFates(intents, reader.rows('transitions'), true));
    ask('position = fills = venues', brokenBalances(books, ended.before.balances, ended.after.balances));
    ask('each attempt closed once, flat', [...brokenAttempts(books), ...residues(decisions)]);
    ask('fills = what closed attempts hold', brokenResidues(books));
    ask('one reason per look', brokenLooks(decisions, reader.coreStarts(), true));
    const byId = new Map(intents.map((intent) => [intent.clientOrderId, intent]));
    const arrived = ended.after.orders.flatMap(({ clientOrderId, receivedMs }): SentOrder[] => {
      const intent = byId.get(clientOrderId);
      return intent === undefined ? [] : [{ clientOrderId, bot: intent.bot, effect: intent.effect, atMs: receivedMs }];
    });
    ask('no send after a latch', sendsAfterLatch(arrived, ended.windows, WIRE_MS));
    const reached = new Set(arrived.map(({ clientOrderId }) => clientOrderId));
    const decided = placed.map(({ payload, timeMs }): SentOrder => {
      const { clientOrderId, bot, effect } = payload as OrderIntent;
      return { clientOrderId, bot, effect, atMs: timeMs };
    });
    ask(
      'no order decided under a latch arrives',
      sendsAfterLatch(
        decided.filter(({ clientOrderId }) => reached.has(clientOrderId)),
        ended.windows,
        0,
      ),
    );
    ask(
      'no own order left',
      ended.after.open.map(({ clientOrderId }) => `order ${clientOrderId} is open`),
    );
  } finally {
    reader.close();
  }
  ask('the sums of the summary', brokenSums(readJson<Summary>(join(ended.dataDir, 'summary.json'))));
  const verified = await nightjar('journal', 'verify', '--data', ended.dataDir);
  ask('journal and audit whole', verified.code === 0 ? [] : [verified.stdout + verified.stderr]);
  const replayed = await nightjar('replay', ended.runDir, '--verify');
  ask('replay equal', replayed.code === 0 ? [] : [replayed.stdout + replayed.stderr]);
  return { checks, problems };
}

/** By asset: what was bought and not sold again is what the closed attempts say that they were left with. */
function brokenResidues({ fills, decisions }: Pick<Books, 'fills' | 'decisions'>): string[] {
  const left = new Map<string, number>();
  const add = (asset: string, qty: number) => left.set(asset, (left.get(asset) ?? 0) + qty);
  for (const { payload } of fills) {
    const { pair, side, qty } = payload as Fill;
    add(pair.split('/')[0]!, side === 'buy' ? qty : -qty);
  }
  for (const { kind, subject, payload } of decisions) {
    if (kind !== 'attempt.closed') continue;
    add(subject.split(':').at(-1)!, -(payload as { residualBaseQty: number }).residualBaseQty);
  }
  return [...left]
    .filter(([, qty]) => Math.abs(qty) > 1e-9)
    .map(([asset, qty]) => `${asset}: ${qty} more than the closed attempts say`);
}

function residues(decisions: readonly { kind: string; subject: string; payload: unknown }[]): string[] {
  return decisions
    .filter(({ kind, payload }) => kind === 'attempt.closed' && (payload as { residual: boolean }).residual)
    .map(({ subject, payload }) => `${subject} #${(payload as { attempt: number }).attempt} was not unwound`);
}
