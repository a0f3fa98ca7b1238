import type { LatchState } from '../domain/control.ts';
import { closePermits, flattenPermits, isKill, openPermits, standingLevel } from './latchState.ts';
import { NOT_COVERED, PERMIT_VERBS, type PermitAction } from './permitVerbs.ts';
import type { LatchedBot } from './targets.ts';

export interface PermitPlan {
  readonly plan: true;
  readonly action: PermitAction;
  readonly scope: readonly string[];
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly consequences: readonly string[];
  readonly needs: { readonly role: string; readonly phrase: boolean };
  /** What the core knows to be under way, per bot; null when it does not answer. */
  readonly inFlight: unknown;
  readonly notCovered: readonly string[];
}

export interface PlanInput {
  readonly action: PermitAction;
  readonly state: LatchState;
  readonly targets: readonly LatchedBot[];
  readonly bots: readonly LatchedBot[];
  readonly everyBot: boolean;
  readonly needsPhrase: boolean;
  readonly inFlight: unknown;
}

/** What a permit verb would do, from the same functions that do it; nothing is changed. */
export function planPermit(input: PlanInput): PermitPlan {
  const { action, state, targets, bots, everyBot } = input;
  const killed = targets.some(({ id }) => isKill(standingLevel(state, id)));
  const verb = PERMIT_VERBS[action];
  const others = bots.filter((bot) => !targets.includes(bot)).map(({ name }) => name);
  return {
    plan: true,
    action,
    scope: targets.map(({ name }) => name),
    before: levels(state, bots),
    after: levels(stateAfter(input), bots),
    consequences: verb.consequences,
    needs: {
      role: killed && (action === 'enable_live' || action === 'flatten') ? 'kill' : verb.role,
      phrase: input.needsPhrase,
    },
    inFlight: input.inFlight,
    notCovered: [
      ...(everyBot || others.length === 0 ? [] : [`other bots go on as they are: ${others.join(', ')}`]),
      ...NOT_COVERED,
      ...(input.inFlight === null ? ['the core does not answer: what is in flight is unknown'] : []),
    ],
  };
}

function stateAfter({ action, state, targets, bots, everyBot }: PlanInput): LatchState {
  const closure = { reason: 'plan', by: 'plan', atMs: 0 } as const;
  switch (action) {
    case 'enable_live':
      return openPermits(state, targets, bots, everyBot);
    case 'flatten':
      return flattenPermits(state, targets, closure, everyBot);
    default:
      return closePermits(state, targets, { ...closure, level: action === 'kill' ? 'kill' : 'permit' }, everyBot);
  }
}

const levels = (state: LatchState, bots: readonly LatchedBot[]) =>
  Object.fromEntries(bots.map(({ id, name }) => [name, standingLevel(state, id)]));
