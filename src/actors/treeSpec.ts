import { NightjarError, toPlainError } from '../domain/errors.ts';
import { type BackoffPolicy, DEFAULT_BACKOFF } from './supervisor/backoff.ts';
import {
  type AutoShutdown,
  type ChildSpecInput,
  checkSupervisorConfig,
  type RestartType,
  type ShutdownBudget,
  type Strategy,
  type SupervisorConfig,
} from './supervisor/childSpec.ts';

/** How a child is kept by its supervisor; OTP's defaults where absent (permanent; 5 s for a worker, else infinity). */
interface KeptAs {
  readonly id: string;
  readonly restart?: RestartType;
  readonly shutdownMs?: ShutdownBudget;
  readonly significant?: boolean;
}

export type WorkerSpec = KeptAs;

export interface SupervisorSpec extends KeptAs {
  readonly strategy: Strategy;
  /** Default 10 restarts … */
  readonly intensity?: number;
  /** … in 60 s. */
  readonly periodMs?: number;
  readonly autoShutdown?: AutoShutdown;
  readonly backoff?: Partial<BackoffPolicy>;
  /** In start order; for `dynamic` the one template, whose id is only a label. */
  readonly children: readonly (WorkerSpec | SupervisorSpec)[];
  /**
   * Asked at every start of this supervisor: flags that take the place of those here, or `ignore`, and then nothing of
   * it runs. Must answer the same in a replay.
   */
  readonly init?: () => unknown;
}

/** What `init` may answer. */
export type SupervisorFlags = Partial<
  Pick<SupervisorSpec, 'strategy' | 'intensity' | 'periodMs' | 'autoShutdown' | 'backoff'>
>;

const DEFAULT_INTENSITY = 10;
const DEFAULT_PERIOD_MS = 60_000;

export const isSupervisorSpec = (spec: WorkerSpec | SupervisorSpec): spec is SupervisorSpec => 'strategy' in spec;

/**
 * One supervisor of a tree, checked.
 * @throws NightjarError config.invalid, naming field, value and remedy
 */
export function configOf(spec: SupervisorSpec): SupervisorConfig {
  const { id, strategy, autoShutdown, backoff } = spec;
  if (strategy === 'dynamic' && spec.children.some(isSupervisorSpec)) {
    const remedy = 'use a worker as the template of a dynamic supervisor';
    throw new NightjarError('config.invalid', `supervisor ${id}: children: ${remedy}`, { field: 'children', remedy });
  }
  const { intensity = DEFAULT_INTENSITY, periodMs = DEFAULT_PERIOD_MS } = spec;
  const children = spec.children.map(childSpecOf);
  return checkSupervisorConfig({
    id,
    strategy,
    intensity,
    periodMs,
    children,
    ...(autoShutdown === undefined ? {} : { autoShutdown }),
    ...(backoff === undefined ? {} : { backoff: { ...DEFAULT_BACKOFF, ...backoff } }),
  });
}

/**
 * What a supervisor starts as this time.
 * @throws NightjarError config.invalid on an answer of `init` that cannot work; actor.crashed, with the cause, when it throws
 */
export function runInit(spec: SupervisorSpec): SupervisorConfig | 'ignore' {
  if (spec.init === undefined) return configOf(spec);
  const answer = askInit(spec.id, spec.init);
  if (answer === 'ignore') return answer;
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    const remedy = "answer flags as an object, or 'ignore'";
    const message = `supervisor ${spec.id}: init answered ${String(answer)}: ${remedy}`;
    throw new NightjarError('config.invalid', message, { field: 'init', value: String(answer), remedy });
  }
  const { strategy, intensity, periodMs, autoShutdown, backoff } = { ...spec, ...(answer as SupervisorFlags) };
  return configOf({
    ...spec,
    strategy,
    ...(intensity === undefined ? {} : { intensity }),
    ...(periodMs === undefined ? {} : { periodMs }),
    ...(autoShutdown === undefined ? {} : { autoShutdown }),
    ...(backoff === undefined ? {} : { backoff }),
  });
}

function askInit(id: string, init: () => unknown): unknown {
  try {
    return init();
  } catch (error) {
    const { message } = toPlainError(error);
    throw new NightjarError('actor.crashed', `supervisor ${id}: init threw: ${message}`, { supervisor: id }, error);
  }
}

function childSpecOf(spec: WorkerSpec | SupervisorSpec): ChildSpecInput {
  const { id, restart, shutdownMs, significant } = spec;
  const type = isSupervisorSpec(spec) ? 'supervisor' : 'worker';
  return {
    id,
    type,
    start: type,
    ...(restart === undefined ? {} : { restart }),
    ...(shutdownMs === undefined ? {} : { shutdownMs }),
    ...(significant === undefined ? {} : { significant }),
  };
}
