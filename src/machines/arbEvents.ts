import type { ArbReason, StageVerdict } from '../strategies/arb/arbStages.ts';

/** What the arbitrage chart hears. Numbers are judged before they arrive: the chart holds states, not formulas. */
export type ArbEvent =
  | {
      readonly type: 'evaluated';
      readonly lookId: number;
      /** The first failed stage, `time_slot` and `permit` included; null = every stage passed. */
      readonly failed: StageVerdict | null;
      /** Every stage up to preok passed: with an open slot and permit this is a hit. */
      readonly slotOpen: boolean;
      /** Price still missing; 0 once a firm quote passed preok; null while unknown. */
      readonly needDeltaPx: number | null;
      readonly quoteId: number;
    }
  | { readonly type: 'receded'; readonly needDeltaPx: number | null }
  | { readonly type: 'lastLook.answered'; readonly requestId: number; readonly verdict: StageVerdict | null }
  | {
      readonly type: 'leg.done';
      readonly leg: ArbLeg;
      readonly fate: LegFate;
      /** The attempt's net base quantity is under what can be traded. */
      readonly flat: boolean;
      /** Something of this attempt filled. */
      readonly anyFill: boolean;
    }
  | { readonly type: 'prices.answered'; readonly requestId: number; readonly usable: boolean }
  | { readonly type: 'permit.closed' }
  /** Venue truth is known and no order of ours is unresolved. */
  | { readonly type: 'reconciled'; readonly flat: boolean };

export type ArbLeg = 'dex' | 'cex' | 'unwind';

/** `nothing`: the venue proved that no fill came of it. `risk` and `permit`: never sent. */
export type LegFate = 'filled' | 'nothing' | 'risk' | 'permit';

/** What the chart asks for. The bot's host turns these into journal rows and commands. */
export type ArbEmitted =
  | {
      readonly type: 'look.ended';
      readonly lookId: number;
      readonly end: ArbReason | 'trade';
      readonly verdict: StageVerdict | null;
    }
  | { readonly type: 'look.pending'; readonly lookId: number }
  /** The evaluation was the second hit: not a look of its own. */
  | { readonly type: 'look.served'; readonly lookId: number }
  /** `first`: not yet counted in this near-episode. */
  | { readonly type: 'episode'; readonly stage: 'near' | 'auto' | 'go'; readonly first: boolean }
  | { readonly type: 'cooldown.lift' }
  | { readonly type: 'lastLook.wanted'; readonly requestId: number }
  | { readonly type: 'prices.wanted'; readonly requestId: number }
  | { readonly type: 'attempt.began'; readonly lookId: number }
  | { readonly type: 'order.wanted'; readonly leg: ArbLeg }
  | { readonly type: 'attempt.ended'; readonly residual: boolean };
