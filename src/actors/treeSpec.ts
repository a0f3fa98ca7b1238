import { NightjarError } from '../domain/errors.ts';
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
}

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
