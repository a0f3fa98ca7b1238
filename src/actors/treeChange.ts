import { NightjarError } from '../domain/errors.ts';
import type { SupervisorConfig } from './supervisor/childSpec.ts';
import type { SupervisorNode } from './treeNodes.ts';
import { isSupervisorSpec, runInit, type SupervisorSpec } from './treeSpec.ts';

/**
 * What a live change of one supervisor comes to; changes nothing itself.
 * @throws NightjarError config.invalid, also on children that another supervisor has and on new inner supervisors
 */
export function changedConfig(
  node: SupervisorNode,
  spec: SupervisorSpec,
  nodes: ReadonlyMap<string, SupervisorNode>,
  parents: ReadonlyMap<string, SupervisorNode>,
): SupervisorConfig {
  for (const child of spec.strategy === 'dynamic' ? [] : spec.children) {
    const owner = parents.get(child.id);
    const isKnown = owner === node;
    if (!isKnown && (owner !== undefined || nodes.has(child.id))) {
      refuse(spec.id, child.id, 'ids are unique in the whole tree: rename it');
    }
    if (isSupervisorSpec(child) !== nodes.has(child.id)) {
      refuse(spec.id, child.id, 'a live change brings workers only: an inner supervisor comes and goes with a restart');
    }
  }
  const config = runInit(spec);
  return config === 'ignore' ? node.state.config : config;
}

/** The next start of the supervisor goes by the new spec, its inner supervisors by theirs. */
export function adoptChange(
  node: SupervisorNode,
  spec: SupervisorSpec,
  nodes: ReadonlyMap<string, SupervisorNode>,
  parents: Map<string, SupervisorNode>,
): void {
  node.spec = spec;
  for (const child of spec.strategy === 'dynamic' ? [] : spec.children) {
    parents.set(child.id, node);
    if (isSupervisorSpec(child)) nodes.get(child.id)!.spec = { ...nodes.get(child.id)!.spec, ...flagsOf(child) };
  }
}

/** Children of an inner supervisor change by a change of its own. */
const flagsOf = ({ children: _children, ...flags }: SupervisorSpec) => flags;

function refuse(supervisor: string, id: string, remedy: string): never {
  const message = `supervisor ${supervisor}: child id = ${id}: ${remedy}`;
  throw new NightjarError('config.invalid', message, { field: 'children', id, remedy });
}
