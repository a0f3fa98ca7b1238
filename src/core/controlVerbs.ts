import type { ManualAnswer, SupervisionTree } from '../actors/supervisionTree.ts';
import type { TreeNode } from '../actors/treeStatus.ts';
import type { Logger } from '../domain/ports.ts';
import type { ArbBot } from './arb/arbBotTypes.ts';
import type { OtherCommand } from './commands.ts';
import type { ControlMessage, InputPayload } from './inputs.ts';
import type { OrderDesk } from './orderDesk.ts';
import type { Permits } from './permits.ts';
import type { RowWriter } from './rowWriter.ts';
import { answerThreadDrill } from './threadDrillVerb.ts';

export interface ControlContext {
  readonly tree: SupervisionTree;
  readonly bots: ReadonlyMap<string, ArbBot>;
  readonly desk: Pick<OrderDesk, 'unresolved'>;
  readonly rows: RowWriter;
  readonly log: Logger;
  command(command: OtherCommand): void;
}

/** Said by the edge for the journal: the input itself is the record. */
const NOTED_ACTIONS: ReadonlySet<string> = new Set(['alert', 'emit']);

type Verb = (target: string, message: ControlMessage, context: ControlContext) => Reply;
interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const done = (body: unknown): Reply => ({ status: 200, body });
const manual = (answer: ManualAnswer, body: unknown): Reply =>
  answer.ok ? done(body) : refuse(409, `refused: ${answer.refusal}`, []);

/** Verbs on tree ids that the core answers itself; permits are the edge thread's. */
const TREE_VERBS: Readonly<Record<string, Verb>> = {
  crash: (target, _message, { tree }) => {
    return tree.crash(target) ? done({ crashed: target }) : refuse(409, `${target} does not run: nothing to crash`, []);
  },
  stop: (target, _message, { tree }) => {
    return manual(tree.stopChild(target), { stopping: target });
  },
  start: (target, _message, { tree }) => {
    return manual(tree.startChild(target), { starting: target });
  },
  restart: (target, _message, { tree }) => {
    return manual(tree.restartChild(target), { restarting: target });
  },
};

const BOT_VERBS: Readonly<Record<string, (bot: ArbBot, message: ControlMessage, context: ControlContext) => unknown>> =
  {
    suspend: (bot) => {
      bot.suspend();
      return { suspended: bot.config.id };
    },
    resume: (bot) => {
      bot.resume();
      return { resumed: bot.config.id };
    },
    release: (bot, message, { rows, log }) => {
      const released = bot.release();
      if (released.length > 0) rows.write('decisions', bot.config.id, 'released', { released, by: message.by });
      for (const one of released) log.log('warn', 'risk', `${bot.config.id}: "${one}" is delivered again`);
      return { released };
    },
    status: (bot) => bot.view(),
    getState: (bot) => bot.view(),
    snapshot: (bot) => bot.view(),
    trace: (bot, message) => ({ events: bot.trace(Number(message.args.n ?? 20)) }),
  };

/** A bot that an operator stopped neither looks nor rests; one that waits for its restart is held or let go all the same. */
const HOLDING_VERBS: ReadonlySet<string> = new Set(['suspend', 'resume']);

export const CORE_ACTIONS: readonly string[] = [...Object.keys(TREE_VERBS), ...Object.keys(BOT_VERBS), 'error-sim'];

/** Answers one control message: always exactly one reply, also for what it cannot do. */
export function answerControl(message: ControlMessage, context: ControlContext): void {
  const reply = act(message, context);
  context.rows.write('decisions', 'control', 'control', { message, status: reply.status });
  context.command({ type: 'control.reply', id: message.id, status: reply.status, body: reply.body });
}

/** Takes the new latch over and says who changed which permit from what to what: the journal's record of it. */
export function permitAudit(
  permits: Permits,
  bots: readonly string[],
  { latch, cause }: Extract<InputPayload, { type: 'latch.changed' }>,
) {
  const levels = () => Object.fromEntries(bots.map((id) => [id, permits.level(id)]));
  const before = levels();
  permits.update(latch, cause.action === 'enable_live', cause.target);
  return { latch, cause, before, after: levels() };
}

function act(message: ControlMessage, context: ControlContext): Reply {
  if (NOTED_ACTIONS.has(message.action)) return done({ noted: true });
  if (message.args.plan === true) return done(inFlight(message, context));
  if (message.action === 'error-sim') return answerThreadDrill(message, context.tree.status(), context.command);
  const target = resolveTarget(message.target, context);
  const treeVerb = TREE_VERBS[message.action];
  if (treeVerb !== undefined) {
    if (message.target === undefined)
      return refuse(
        400,
        `"${message.action}" needs a target: one of ${knownIds(context).join(', ')}`,
        knownIds(context),
      );
    if (target === null)
      return refuse(
        404,
        `unknown target "${message.target}": use one of ${knownIds(context).join(', ')}`,
        knownIds(context),
      );
    if (message.action === 'stop' && context.bots.get(target)?.attemptOpen() === true) {
      return refuse(409, `${target} has an attempt under way, which nobody would finish: drain it first`, []);
    }
    return treeVerb(target, message, context);
  }
  const botVerb = BOT_VERBS[message.action];
  if (botVerb === undefined) return refuse(400, `unknown action "${message.action}"`, CORE_ACTIONS);
  const bots = message.target === undefined ? [...context.bots.values()] : [context.bots.get(target ?? '')];
  if (bots.some((bot) => bot === undefined)) {
    return refuse(
      404,
      `"${message.target}" is not a bot: use ${[...context.bots.keys()].join(', ')}, or none for every bot`,
      [...context.bots.keys()],
    );
  }
  const asleep = HOLDING_VERBS.has(message.action) ? bots.find((bot) => isStopped(bot!.config.id, context)) : undefined;
  if (asleep !== undefined) {
    const { id } = asleep.config;
    return refuse(409, `${id} is stopped: nothing to ${message.action}, start it first ("ctl start ${id}")`, []);
  }
  return done(Object.fromEntries(bots.map((bot) => [bot!.config.id, botVerb(bot!, message, context)])));
}

/** What a stop would meet, per bot: its state and its orders whose fate is not proven. For `ctl kill --plan`. */
function inFlight(message: ControlMessage, context: ControlContext) {
  const target = resolveTarget(message.target, context);
  return [...context.bots.values()]
    .filter(({ config }) => message.target === undefined || config.id === target)
    .map((bot) => ({
      bot: bot.config.id,
      state: bot.view().state,
      attemptOpen: bot.attemptOpen(),
      orders: context.desk.unresolved(bot.config.id).map(({ intent, filledQty, state, unknownSinceMs }) => ({
        clientOrderId: intent.clientOrderId,
        venue: intent.venue,
        pair: intent.pair,
        side: intent.side,
        effect: intent.effect,
        qty: intent.qty,
        filledQty,
        state,
        unknownSinceMs,
      })),
    }));
}

/** Accepts tree ids and, for bots, the short form `arb:SOL`. */
function resolveTarget(target: string | undefined, context: ControlContext): string | null {
  if (target === undefined) return null;
  const ids = knownIds(context);
  if (ids.includes(target)) return target;
  return ids.includes(`bot:${target}`) ? `bot:${target}` : null;
}

function knownIds({ tree }: ControlContext): string[] {
  const ids: string[] = [];
  const walk = (nodes: readonly TreeNode[]) => {
    for (const node of nodes) {
      ids.push(node.id);
      walk(node.children);
    }
  };
  walk(tree.status().children);
  return ids;
}

function isStopped(id: string, { tree }: ControlContext): boolean {
  const find = (nodes: readonly TreeNode[]): TreeNode | undefined => {
    for (const node of nodes) {
      const found = node.id === id ? node : find(node.children);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const state = find(tree.status().children)?.state;
  return state === 'stopped' || state === 'stopping';
}

const refuse = (status: number, error: string, known: readonly string[]): Reply => ({ status, body: { error, known } });
