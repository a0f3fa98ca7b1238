import { NightjarError, type PlainError } from '../domain/errors.ts';
import type { Random } from '../domain/ports.ts';
import { createSupervisorState, isAlive, type SupervisorState } from './supervisor/supervisorState.ts';
import { configOf, isSupervisorSpec, type SupervisorSpec } from './treeSpec.ts';

/** A supervisor of the tree and what it knows now. */
export interface SupervisorNode {
  readonly id: string;
  readonly parent: SupervisorNode | null;
  readonly random: Random;
  /** What its next start goes by. */
  spec: SupervisorSpec;
  state: SupervisorState;
  /** A drill ended it: its parent must see a crash. */
  drilled: boolean;
}

/**
 * A node per supervisor, and the supervisor of each child. Each node draws from a generator of its own, so that one
 * supervisor's crashes do not change another's backoff.
 *
 * @throws NightjarError config.invalid
 */
export function growNodes(rootSpec: SupervisorSpec, random: Random, incarnationBefore: (id: string) => number) {
  const nodes = new Map<string, SupervisorNode>();
  const parents = new Map<string, SupervisorNode>();

  function add(spec: SupervisorSpec, parent: SupervisorNode | null): SupervisorNode {
    assertNew(spec.id);
    const { id } = spec;
    const state = createSupervisorState(configOf(spec), 0, incarnationBefore);
    const node = { id, parent, random: random.fork(`supervisor/${id}`), spec, state, drilled: false };
    nodes.set(id, node);
    if (parent !== null) parents.set(id, parent);
    for (const child of spec.children) {
      if (isSupervisorSpec(child)) {
        add(child, node);
      } else if (spec.strategy !== 'dynamic') {
        assertNew(child.id);
        parents.set(child.id, node);
      }
    }
    return node;
  }

  function assertNew(id: string): void {
    if (!nodes.has(id) && !parents.has(id)) return;
    const remedy = 'ids are unique in the whole tree: rename one';
    throw new NightjarError('config.invalid', `child id = ${id} is used twice: ${remedy}`, { field: 'id', id, remedy });
  }

  return { root: add(rootSpec, null), nodes, parents };
}

/** A supervisor's error, then the newest one of the child that brought it down, and so on. */
export function errorsUnder(
  nodes: ReadonlyMap<string, SupervisorNode>,
  id: string,
  error: PlainError,
): readonly PlainError[] {
  const culprit = nodes.get(id)?.state.children.get(String(error.details.child));
  if (!culprit?.lastError || culprit.lastError === error) return [error];
  return [error, ...errorsUnder(nodes, culprit.spec.id, culprit.lastError)];
}

/** True while siblings run, or are about to, that must not outlive this child. */
export function dependentsRun(state: SupervisorState, id: string): boolean {
  const { strategy } = state.config;
  if (strategy !== 'rest_for_one' && strategy !== 'one_for_all') return false;
  const children = [...state.children.values()];
  const index = children.findIndex((child) => child.spec.id === id);
  const dependents = children.filter((_, at) => (strategy === 'one_for_all' ? at !== index : at > index));
  return state.walk !== null || dependents.some((child) => isAlive(child) || child.phase === 'backingOff');
}
