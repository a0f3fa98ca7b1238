import { type PlainError, toPlainError } from '../domain/errors.ts';
import type { SupervisorConfig } from './supervisor/childSpec.ts';
import type { ManualResult, Refusal, SupervisorEvent } from './supervisor/supervisorEvents.ts';
import { adoptChange, changedConfig } from './treeChange.ts';
import { dependentsRun, type SupervisorNode } from './treeNodes.ts';
import type { SupervisorSpec } from './treeSpec.ts';

export type ManualAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly refusal: Refusal | 'dependents_running' | 'failed'; readonly error?: PlainError };

interface CallableTree {
  readonly nodes: ReadonlyMap<string, SupervisorNode>;
  /** The supervisor of each child. */
  readonly parents: Map<string, SupervisorNode>;
  readonly incarnationBefore: (id: string) => number;
  readonly post: (node: SupervisorNode, event: SupervisorEvent) => void;
}

/** What operators and bots ask of a running tree. A call whose answer takes time has begun when it answers `ok`. */
export function createManualCalls({ nodes, parents, incarnationBefore, post }: CallableTree) {
  const replies = new Map<string, ManualResult>();
  let calls = 0;

  function call(node: SupervisorNode | undefined, eventOf: (ref: string) => SupervisorEvent): ManualAnswer {
    if (node === undefined) return { ok: false, refusal: 'not_found' };
    calls += 1;
    const ref = `manual/${calls}`;
    post(node, eventOf(ref));
    const result = replies.get(ref);
    replies.clear();
    if (result === undefined || result.ok) return { ok: true };
    if ('refusal' in result) return { ok: false, refusal: result.refusal };
    return { ok: false, refusal: 'failed', error: result.error };
  }

  /** Orderly stop and start, with the siblings that the strategy names; spends no restart. */
  function restartChild(id: string): ManualAnswer {
    return call(parents.get(id), (ref) => ({ type: 'child.cycle', ref, id }));
  }

  /** Stops one child. Refused while siblings run that must not outlive it (rest_for_one, one_for_all). */
  function stopChild(id: string): ManualAnswer {
    const node = parents.get(id);
    if (node !== undefined && dependentsRun(node.state, id)) return { ok: false, refusal: 'dependents_running' };
    return call(node, (ref) => ({ type: 'child.terminate', ref, id }));
  }

  /** Starts a child that stands still. */
  function startChild(id: string): ManualAnswer {
    return call(parents.get(id), (ref) => ({ type: 'child.restart', ref, id }));
  }

  /** Starts an instance of a dynamic supervisor's template. */
  function startInstance(supervisorId: string, id: string): ManualAnswer {
    const node = nodes.get(supervisorId);
    if (node?.state.config.strategy !== 'dynamic') return { ok: false, refusal: 'not_found' };
    const owner = parents.get(id);
    if (nodes.has(id) || (owner !== undefined && owner !== node)) return { ok: false, refusal: 'already_present' };
    if (owner === undefined) parents.set(id, node);
    return call(node, (ref) => ({ type: 'child.add', ref, spec: { id }, incarnationBefore: incarnationBefore(id) }));
  }

  /** Ends an instance; one that has ended already is fine, one of another supervisor is not found. */
  function stopInstance(supervisorId: string, id: string): ManualAnswer {
    const node = nodes.get(supervisorId);
    const isOurs = node?.state.config.strategy === 'dynamic' && parents.get(id) === node;
    return call(isOurs ? node : undefined, (ref) => ({ type: 'child.terminate', ref, id }));
  }

  /**
   * New flags and specs for a running supervisor: children that stay keep running, new ones stand still until they
   * are started, those not listed any more run on. What cannot work changes nothing.
   */
  function changeSupervisor(id: string, spec: SupervisorSpec): ManualAnswer {
    const node = nodes.get(id);
    if (node === undefined) return { ok: false, refusal: 'not_found' };
    let config: SupervisorConfig;
    try {
      config = changedConfig(node, spec, nodes, parents);
    } catch (error) {
      return { ok: false, refusal: 'failed', error: toPlainError(error) };
    }
    const incarnationsBefore = Object.fromEntries(
      spec.children.map((child) => [child.id, incarnationBefore(child.id)]),
    );
    const answer = call(node, (ref) => ({ type: 'change', ref, config, incarnationsBefore }));
    if (answer.ok) adoptChange(node, spec, nodes, parents);
    return answer;
  }

  return {
    calls: { restartChild, stopChild, startChild, startInstance, stopInstance, changeSupervisor },
    /** A supervisor's reply to one of them. */
    replied: (ref: string, result: ManualResult): void => {
      replies.set(ref, result);
    },
  };
}
