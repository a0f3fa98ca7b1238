import { assign, emit, setup } from 'xstate';
import type { ArbKnobs } from '../strategies/arb/arbKnobs.ts';
import type { StageVerdict } from '../strategies/arb/arbStages.ts';
import type { ArbEmitted, ArbEvent, LegFate } from './arbEvents.ts';

export interface ArbMachineInput {
  readonly knobs: Pick<ArbKnobs, 'nearPx' | 'autoPx' | 'hitTtlMs' | 'unwindMs' | 'maxAgeMs' | 'legOrder'>;
}

interface ArbContext {
  readonly knobs: ArbMachineInput['knobs'];
  /** Stages of the running near-episode that were already counted. */
  readonly episode: { readonly near: boolean; readonly auto: boolean };
  /** The look that is a first hit, until it ends as a trade or a later stage. */
  readonly pending: { readonly lookId: number; readonly quoteId: number } | null;
  readonly requestId: number;
  /** Fate of the CEX leg when it came before the DEX leg's (legOrder both). */
  readonly cexFate: LegFate | null;
  readonly dexFate: LegFate | null;
  readonly unwindInFlight: boolean;
  readonly unwindOverdue: boolean;
}

const NO_EPISODE = { near: false, auto: false } as const;
const NO_ATTEMPT = { cexFate: null, dexFate: null, unwindInFlight: false, unwindOverdue: false } as const;

/** Pause between two tries to unwind, so that an empty book is not hammered. */
export const UNWIND_RETRY_MS = 250;

/** Time in which the lane must answer a last look: the firm quote's age limit and a margin for the way. */
export const lastLookTimeoutMs = (maxAgeMs: number) => maxAgeMs + 500;

type Evaluated = Extract<ArbEvent, { type: 'evaluated' }>;
type LegDone = Extract<ArbEvent, { type: 'leg.done' }>;

const isHit = (event: ArbEvent): event is Evaluated => event.type === 'evaluated' && event.failed === null;
const need = (event: ArbEvent) => ('needDeltaPx' in event ? event.needDeltaPx : null);
const legDone = (event: ArbEvent) => event as LegDone;

const machineSetup = setup({
  types: {} as { input: ArbMachineInput; context: ArbContext; events: ArbEvent; emitted: ArbEmitted },
  guards: {
    needUnknown: ({ event }) => need(event) === null,
    withinNear: ({ context, event }) => (need(event) ?? Infinity) <= context.knobs.nearPx,
    withinAuto: ({ context, event }) =>
      event.type === 'evaluated' && event.slotOpen && (need(event) ?? Infinity) <= context.knobs.autoPx,
    stillWithinAuto: ({ context, event }) => (need(event) ?? Infinity) <= context.knobs.autoPx,
    hit: ({ event }) => isHit(event),
    secondHit: ({ context, event }) =>
      isHit(event) && context.pending !== null && event.quoteId > context.pending.quoteId,
    answersRequest: ({ context, event }) =>
      (event.type === 'lastLook.answered' || event.type === 'prices.answered') && event.requestId === context.requestId,
    lastLookPassed: ({ context, event }) =>
      event.type === 'lastLook.answered' && event.requestId === context.requestId && event.verdict === null,
    pricesUsable: ({ context, event }) =>
      event.type === 'prices.answered' && event.requestId === context.requestId && event.usable,
    flatAlready: ({ event }) => event.type === 'reconciled' && event.flat,
    lastLookPassedDexFirst: ({ context, event }) =>
      event.type === 'lastLook.answered' &&
      event.requestId === context.requestId &&
      event.verdict === null &&
      context.knobs.legOrder === 'dexFirst',
    dexFilledFirst: ({ context, event }) =>
      legDone(event).leg === 'dex' && legDone(event).fate === 'filled' && context.knobs.legOrder === 'dexFirst',
    dexFailedFirst: ({ context, event }) =>
      legDone(event).leg === 'dex' && legDone(event).fate !== 'filled' && context.knobs.legOrder === 'dexFirst',
    dexDone: ({ event }) => legDone(event).leg === 'dex',
    flatNow: ({ event }) => legDone(event).flat,
    bothDone: ({ context, event }) =>
      (legDone(event).leg === 'dex' && context.cexFate !== null) ||
      (legDone(event).leg === 'cex' && context.dexFate !== null),
    bothDoneAndFlat: ({ context, event }) =>
      ((legDone(event).leg === 'dex' && context.cexFate !== null) ||
        (legDone(event).leg === 'cex' && context.dexFate !== null)) &&
      legDone(event).flat,
    unwoundFlat: ({ event }) => legDone(event).leg === 'unwind' && legDone(event).flat,
    unwindDone: ({ event }) => legDone(event).leg === 'unwind',
    unwindOverdueNow: ({ context, event }) => legDone(event).leg === 'unwind' && context.unwindOverdue,
    unwindInFlight: ({ context }) => context.unwindInFlight,
  },
  delays: {
    hitTtlMs: ({ context }) => context.knobs.hitTtlMs,
    lastLookTimeoutMs: ({ context }) => lastLookTimeoutMs(context.knobs.maxAgeMs),
    unwindMs: ({ context }) => context.knobs.unwindMs,
    unwindRetryMs: () => UNWIND_RETRY_MS,
  },
  actions: {
    // A look that failed a stage ends with it; one that passed all while the bot is occupied was not taken: busy.
    endLook: emit(({ event }): ArbEmitted => {
      const { lookId, failed } = event as Evaluated;
      return { type: 'look.ended', lookId, end: failed?.reason ?? 'busy', verdict: failed };
    }),
    holdLook: emit(({ event }): ArbEmitted => ({ type: 'look.pending', lookId: (event as Evaluated).lookId })),
    rememberHit: assign({
      pending: ({ event }) => ({ lookId: (event as Evaluated).lookId, quoteId: (event as Evaluated).quoteId }),
    }),
    serveLook: emit(({ event }): ArbEmitted => ({ type: 'look.served', lookId: (event as Evaluated).lookId })),
    pendingTimedOut: emit(({ context }): ArbEmitted => endPending(context, 'second_hit_timeout')),
    pendingLostPermit: emit(({ context }): ArbEmitted => endPending(context, 'permit')),
    pendingLostLastLook: emit(({ context, event }): ArbEmitted => {
      const verdict = event.type === 'lastLook.answered' ? event.verdict : null;
      return endPending(context, verdict?.reason ?? 'last_look', verdict);
    }),
    forgetPending: assign({ pending: null }),
    enterNear: emit(({ context }): ArbEmitted => ({ type: 'episode', stage: 'near', first: !context.episode.near })),
    enterAuto: emit(({ context }): ArbEmitted => ({ type: 'episode', stage: 'auto', first: !context.episode.auto })),
    enterGo: emit((): ArbEmitted => ({ type: 'episode', stage: 'go', first: true })),
    countNear: assign({ episode: ({ context }) => ({ ...context.episode, near: true }) }),
    countAuto: assign({ episode: { near: true, auto: true } }),
    endEpisode: assign({ episode: NO_EPISODE }),
    liftCooldown: emit((): ArbEmitted => ({ type: 'cooldown.lift' })),
    nextRequest: assign({ requestId: ({ context }) => context.requestId + 1 }),
    askLastLook: emit(({ context }): ArbEmitted => ({ type: 'lastLook.wanted', requestId: context.requestId })),
    askPrices: emit(({ context }): ArbEmitted => ({ type: 'prices.wanted', requestId: context.requestId })),
    beginAttempt: emit(({ context }): ArbEmitted => ({ type: 'attempt.began', lookId: context.pending?.lookId ?? 0 })),
    clearAttempt: assign({ ...NO_ATTEMPT }),
    sendDex: emit((): ArbEmitted => ({ type: 'order.wanted', leg: 'dex' })),
    sendCex: emit((): ArbEmitted => ({ type: 'order.wanted', leg: 'cex' })),
    sendUnwind: emit((): ArbEmitted => ({ type: 'order.wanted', leg: 'unwind' })),
    noteLeg: assign(({ context, event }) => {
      const { leg, fate } = legDone(event);
      return { cexFate: leg === 'cex' ? fate : context.cexFate, dexFate: leg === 'dex' ? fate : context.dexFate };
    }),
    noteUnwindSent: assign({ unwindInFlight: true }),
    noteUnwindDone: assign({ unwindInFlight: false }),
    noteUnwindOverdue: assign({ unwindOverdue: true }),
    // The pending look of a fired attempt: a trade if anything filled, else the reason why nothing did.
    endAttemptLook: emit(({ context, event }): ArbEmitted => {
      const { anyFill, fate } = legDone(event);
      if (anyFill) return endPending(context, 'trade');
      return endPending(context, fate === 'risk' || fate === 'permit' ? fate : 'not_filled');
    }),
    attemptEnded: emit((): ArbEmitted => ({ type: 'attempt.ended', residual: false })),
    attemptEndedWithResidual: emit((): ArbEmitted => ({ type: 'attempt.ended', residual: true })),
    // What filled and could not be brought back is no trade: its result is not known while the position is open.
    lookIncomplete: emit(({ context }): ArbEmitted => endPending(context, 'incomplete')),
  },
});

function endPending(
  context: ArbContext,
  end: Extract<ArbEmitted, { type: 'look.ended' }>['end'],
  verdict: StageVerdict | null = null,
): ArbEmitted {
  // lookId 0 is nobody's: a recovered attempt has no look left to end.
  return { type: 'look.ended', lookId: context.pending?.lookId ?? 0, end, verdict };
}

const finishTrade = ['endAttemptLook', 'attemptEnded', 'forgetPending', 'clearAttempt', 'endEpisode'] as const;

/** Arbitrage between a DEX and several CEXes; `docs/BOTS.md` has stages, formulas and knobs. */
export const arbMachine = machineSetup.createMachine({
  id: 'arb',
  context: ({ input }) => ({
    knobs: input.knobs,
    episode: NO_EPISODE,
    pending: null,
    requestId: 0,
    ...NO_ATTEMPT,
  }),
  initial: 'recovering',
  states: {
    recovering: {
      description: 'Waits for venue truth: open orders, fates of what was sent, the net position.',
      on: {
        evaluated: { actions: 'endLook' },
        reconciled: [{ guard: 'flatAlready', target: 'idle' }, { target: 'go.unwinding' }],
      },
    },
    idle: {
      description: 'No chance in sight.',
      entry: 'endEpisode',
      on: {
        evaluated: [
          { guard: 'needUnknown', actions: 'endLook' },
          {
            guard: 'hit',
            target: 'auto.firstHit',
            actions: ['enterNear', 'enterAuto', 'countAuto', 'holdLook', 'rememberHit'],
          },
          { guard: 'withinAuto', target: 'auto', actions: ['enterNear', 'enterAuto', 'countAuto', 'endLook'] },
          { guard: 'withinNear', target: 'near', actions: ['enterNear', 'countNear', 'endLook'] },
          { actions: 'endLook' },
        ],
      },
    },
    near: {
      description: 'The execution line is close: notified once per episode.',
      on: {
        evaluated: [
          { guard: 'needUnknown', actions: 'endLook' },
          { guard: 'hit', target: 'auto.firstHit', actions: ['enterAuto', 'countAuto', 'holdLook', 'rememberHit'] },
          { guard: 'withinAuto', target: 'auto', actions: ['enterAuto', 'countAuto', 'endLook'] },
          { guard: 'withinNear', actions: 'endLook' },
          { target: 'idle', actions: 'endLook' },
        ],
        receded: [{ guard: 'needUnknown' }, { guard: 'withinNear' }, { target: 'idle' }],
      },
    },
    auto: {
      description: 'Armed: a first hit, then a second from a newer quote.',
      initial: 'armed',
      states: {
        armed: {
          on: {
            evaluated: [
              { guard: 'needUnknown', actions: 'endLook' },
              { guard: 'hit', target: 'firstHit', actions: ['holdLook', 'rememberHit'] },
              { guard: 'withinAuto', actions: 'endLook' },
              { guard: 'withinNear', target: '#arb.near', actions: 'endLook' },
              { target: '#arb.idle', actions: 'endLook' },
            ],
            receded: [
              { guard: 'needUnknown' },
              { guard: 'stillWithinAuto' },
              { guard: 'withinNear', target: '#arb.near' },
              { target: '#arb.idle' },
            ],
          },
        },
        firstHit: {
          entry: 'liftCooldown',
          on: {
            evaluated: [
              { guard: 'secondHit', target: '#arb.go.lastLook', actions: ['serveLook', 'enterGo'] },
              { guard: 'needUnknown', actions: 'endLook' },
              { guard: 'hit', actions: 'endLook' },
              { guard: 'withinAuto', actions: 'endLook' },
              // Leaving auto takes the first hit along: there is no second hit without auto.
              { guard: 'withinNear', target: '#arb.near', actions: ['pendingTimedOut', 'forgetPending', 'endLook'] },
              { target: '#arb.idle', actions: ['pendingTimedOut', 'forgetPending', 'endLook'] },
            ],
            receded: [
              { guard: 'needUnknown' },
              { guard: 'stillWithinAuto' },
              { guard: 'withinNear', target: '#arb.near', actions: ['pendingTimedOut', 'forgetPending'] },
              { target: '#arb.idle', actions: ['pendingTimedOut', 'forgetPending'] },
            ],
            'permit.closed': { target: 'armed', actions: ['pendingLostPermit', 'forgetPending'] },
          },
          after: { hitTtlMs: { target: 'armed', actions: ['pendingTimedOut', 'forgetPending'] } },
        },
      },
    },
    go: {
      description: 'One attempt, from the last look to flat.',
      initial: 'lastLook',
      on: { evaluated: { actions: 'endLook' } },
      states: {
        lastLook: {
          entry: ['nextRequest', 'askLastLook'],
          on: {
            'lastLook.answered': [
              {
                guard: 'lastLookPassedDexFirst',
                target: 'firing',
                actions: ['clearAttempt', 'beginAttempt', 'sendDex'],
              },
              {
                guard: 'lastLookPassed',
                target: 'firing',
                actions: ['clearAttempt', 'beginAttempt', 'sendDex', 'sendCex'],
              },
              { guard: 'answersRequest', target: '#arb.idle', actions: ['pendingLostLastLook', 'forgetPending'] },
            ],
            'permit.closed': { target: '#arb.idle', actions: ['pendingLostPermit', 'forgetPending'] },
          },
          after: { lastLookTimeoutMs: { target: '#arb.idle', actions: ['pendingLostLastLook', 'forgetPending'] } },
        },
        firing: {
          description: 'The DEX leg is on its way (legOrder both: the CEX leg as well).',
          on: {
            'leg.done': [
              { guard: 'dexFilledFirst', target: 'settling', actions: ['noteLeg', 'sendCex'] },
              { guard: 'dexFailedFirst', target: '#arb.idle', actions: [...finishTrade] },
              { guard: 'bothDoneAndFlat', target: '#arb.idle', actions: [...finishTrade] },
              { guard: 'bothDone', target: 'unwinding', actions: 'noteLeg' },
              { guard: 'dexDone', target: 'settling', actions: 'noteLeg' },
              { actions: 'noteLeg' },
            ],
          },
        },
        settling: {
          description: "The DEX leg's fate is proven; waits for the CEX leg's.",
          on: {
            'leg.done': [
              { guard: 'flatNow', target: '#arb.idle', actions: [...finishTrade] },
              { target: 'unwinding', actions: 'noteLeg' },
            ],
          },
        },
        unwinding: {
          description: 'Brings the net base quantity of the attempt back to zero on the CEXes.',
          initial: 'pricing',
          after: {
            unwindMs: [
              { guard: 'unwindInFlight', actions: 'noteUnwindOverdue' },
              {
                target: '#arb.idle',
                actions: ['lookIncomplete', 'attemptEndedWithResidual', 'forgetPending', 'clearAttempt'],
              },
            ],
          },
          states: {
            pricing: {
              entry: ['nextRequest', 'askPrices'],
              on: { 'prices.answered': { guard: 'pricesUsable', target: 'sending' } },
              after: { unwindRetryMs: { target: 'pricing', reenter: true } },
            },
            sending: {
              entry: ['noteUnwindSent', 'sendUnwind'],
              on: {
                'leg.done': [
                  { guard: 'unwoundFlat', target: '#arb.idle', actions: [...finishTrade] },
                  {
                    guard: 'unwindOverdueNow',
                    target: '#arb.idle',
                    actions: ['lookIncomplete', 'attemptEndedWithResidual', 'forgetPending', 'clearAttempt'],
                  },
                  { guard: 'unwindDone', target: 'pausing', actions: 'noteUnwindDone' },
                ],
              },
            },
            pausing: { after: { unwindRetryMs: 'pricing' } },
          },
        },
      },
    },
  },
});
