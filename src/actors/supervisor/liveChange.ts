import { NightjarError } from '../../domain/errors.ts';
import { type ChildSpec, checkSupervisorConfig, type SupervisorConfig } from './childSpec.ts';
import { type Draft, reply } from './draft.ts';
import type { SupervisorEvent } from './supervisorEvents.ts';
import { type ChildState, createChildState } from './supervisorState.ts';

/**
 * New flags and specs for a supervisor whose children run. Nothing is started or stopped by it: children that both
 * lists have keep what runs of them under the new spec, new ones stand still until they are started or cycled, those
 * that are not listed any more stay behind the listed ones. What cannot work changes nothing.
 *
 * @source Erlang/OTP supervisor:code_change/3
 */
export function changeLive(draft: Draft, call: Extract<SupervisorEvent, { readonly type: 'change' }>): void {
  let config: SupervisorConfig;
  try {
    config = checkChange(draft.config, checkSupervisorConfig(call.config));
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    reply(draft, call.ref, { ok: false, error: error.toPlain() });
    return;
  }
  // A cycle under way goes by the old strategy and order; one that only waits for its backoff has none yet.
  const { walk } = draft;
  if (walk !== null && (walk.stage !== 'wait' || config.strategy !== draft.config.strategy)) {
    reply(draft, call.ref, { ok: false, refusal: 'restarting' });
    return;
  }
  draft.config = config;
  if (config.strategy === 'dynamic') changeTemplate(draft, config.children[0]!);
  else changeSpecs(draft, call.incarnationsBefore ?? {});
  reply(draft, call.ref, { ok: true });
}

function checkChange(before: SupervisorConfig, after: SupervisorConfig): SupervisorConfig {
  demandSame('id', before.id, after.id, `a change is for the supervisor it names: use ${before.id}`);
  if (before.strategy === 'dynamic' || after.strategy === 'dynamic') {
    demandSame('strategy', before.strategy, after.strategy, 'instances and named children do not become each other');
  }
  return after;
}

function demandSame(field: string, before: string, after: string, remedy: string): void {
  if (before === after) return;
  throw new NightjarError('config.invalid', `${field} = ${after} (was ${before}): ${remedy}`, {
    field,
    value: after,
    remedy,
  });
}

/** Instances are kept as the new template says; what each is started with was fixed when it was added. */
function changeTemplate(draft: Draft, template: ChildSpec): void {
  for (const child of [...draft.children.values()]) {
    const { id, start } = child.spec;
    setChild(draft, { ...child, spec: { ...template, id, start } });
  }
}

function changeSpecs(draft: Draft, incarnationsBefore: Readonly<Record<string, number>>): void {
  const old = new Map([...draft.children.values()].map((child) => [child.spec.id, child]));
  for (const id of old.keys()) draft.children.delete(id);
  for (const spec of draft.config.children) {
    const known = old.get(spec.id);
    old.delete(spec.id);
    setChild(
      draft,
      known === undefined ? createChildState(spec, incarnationsBefore[spec.id] ?? 0) : { ...known, spec },
    );
  }
  for (const child of old.values()) setChild(draft, child);
}

function setChild(draft: Draft, child: ChildState): void {
  draft.children.set(child.spec.id, child);
}
