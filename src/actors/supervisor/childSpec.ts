import { NightjarError } from '../../domain/errors.ts';
import { type BackoffPolicy, DEFAULT_BACKOFF } from './backoff.ts';

export type RestartType = 'permanent' | 'transient' | 'temporary';
export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one' | 'dynamic';
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';
/** Milliseconds between asking and killing; `brutal` kills without asking, `infinity` only asks. */
export type ShutdownBudget = number | 'brutal' | 'infinity';

/** A child as its supervisor knows it. `start` is opaque here: the shell knows how to start it. */
export interface ChildSpec {
  readonly id: string;
  readonly start: unknown;
  readonly restart: RestartType;
  readonly shutdownMs: ShutdownBudget;
  readonly type: 'worker' | 'supervisor';
  readonly significant: boolean;
}

/** `id` and `start` must be given; OTP's defaults fill the rest. */
export type ChildSpecInput = Pick<ChildSpec, 'id' | 'start'> & Partial<ChildSpec>;

export interface SupervisorConfig {
  readonly id: string;
  readonly strategy: Strategy;
  /** This many restarts are allowed within `periodMs`; the next one ends the supervisor. */
  readonly intensity: number;
  readonly periodMs: number;
  readonly autoShutdown: AutoShutdown;
  readonly backoff: BackoffPolicy;
  /** In start order. `dynamic` takes exactly one: the template. */
  readonly children: readonly ChildSpec[];
}

export type SupervisorConfigInput = Pick<SupervisorConfig, 'id'> &
  Partial<Omit<SupervisorConfig, 'children'>> & { readonly children: readonly ChildSpecInput[] };

const RESTART_TYPES: readonly unknown[] = ['permanent', 'transient', 'temporary'];
const STRATEGIES: readonly unknown[] = ['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'];
const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'any_significant', 'all_significant'];
const WORKER_SHUTDOWN_MS = 5000;

/**
 * Fills OTP's defaults and refuses what cannot work. Keys it does not know are ignored.
 * @throws NightjarError config.invalid, naming the field, the value and the remedy
 */
export function checkSupervisorConfig(input: SupervisorConfigInput): SupervisorConfig {
  const at = `supervisor ${String(input.id)}`;
  demand(isName(input.id), 'supervisor.id', input.id, 'give a non-empty string');
  const { strategy = 'one_for_one', intensity = 1, periodMs = 5000, autoShutdown = 'never' } = input;
  demand(STRATEGIES.includes(strategy), `${at}: strategy`, strategy, `use one of ${STRATEGIES.join(', ')}`);
  demand(
    Number.isInteger(intensity) && intensity >= 0,
    `${at}: intensity`,
    intensity,
    'give a whole number of restarts, 0 or more',
  );
  demand(
    Number.isFinite(periodMs) && periodMs > 0,
    `${at}: periodMs`,
    periodMs,
    'give a finite time above 0 in milliseconds',
  );
  demand(
    AUTO_SHUTDOWNS.includes(autoShutdown),
    `${at}: autoShutdown`,
    autoShutdown,
    `use one of ${AUTO_SHUTDOWNS.join(', ')}`,
  );
  demand(Array.isArray(input.children), `${at}: children`, input.children, 'give a list of child specs');
  const children = checkChildSpecs(input.children, autoShutdown, at);
  demand(
    strategy !== 'dynamic' || children.length === 1,
    `${at}: children`,
    `${children.length} specs`,
    'a dynamic supervisor takes exactly one spec, its template',
  );
  const backoff = { ...DEFAULT_BACKOFF, ...input.backoff };
  return { id: input.id, strategy, intensity, periodMs, autoShutdown, backoff, children };
}

/** @throws NightjarError config.invalid, also on ids given twice */
export function checkChildSpecs(
  inputs: readonly ChildSpecInput[],
  autoShutdown: AutoShutdown = 'never',
  at = 'child specs',
): readonly ChildSpec[] {
  const seen = new Set<string>();
  return inputs.map((input) => {
    const spec = checkChildSpec(input, autoShutdown, at);
    demand(!seen.has(spec.id), `${at}: child id`, spec.id, 'each child needs an id of its own');
    seen.add(spec.id);
    return spec;
  });
}

/** @throws NightjarError config.invalid */
export function checkChildSpec(input: ChildSpecInput, autoShutdown: AutoShutdown, at: string): ChildSpec {
  demand(typeof input === 'object' && input !== null, `${at}: child`, input, 'give an object with id and start');
  demand(isName(input.id), `${at}: child id`, input.id, 'give a non-empty string');
  const child = `${at}: child ${input.id}`;
  demand('start' in input && input.start !== undefined, `${child}: start`, input.start, 'say what is started');
  const { restart = 'permanent', type = 'worker', significant = false } = input;
  const shutdownMs = input.shutdownMs ?? (type === 'supervisor' ? 'infinity' : WORKER_SHUTDOWN_MS);
  demand(RESTART_TYPES.includes(restart), `${child}: restart`, restart, `use one of ${RESTART_TYPES.join(', ')}`);
  demand(type === 'worker' || type === 'supervisor', `${child}: type`, type, 'use worker or supervisor');
  demand(
    shutdownMs === 'brutal' || shutdownMs === 'infinity' || (Number.isFinite(shutdownMs) && shutdownMs >= 0),
    `${child}: shutdownMs`,
    shutdownMs,
    'give milliseconds, 0 or more, or brutal or infinity',
  );
  demand(typeof significant === 'boolean', `${child}: significant`, significant, 'use true or false');
  demand(
    !(significant && restart === 'permanent'),
    `${child}: significant`,
    significant,
    'a permanent child never ends by itself: make it transient or temporary',
  );
  demand(
    !(significant && autoShutdown === 'never'),
    `${child}: significant`,
    significant,
    'set autoShutdown to any_significant or all_significant',
  );
  return { id: input.id, start: input.start, restart, shutdownMs, type, significant };
}

const isName = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

function demand(holds: boolean, field: string, value: unknown, remedy: string): asserts holds {
  if (holds) return;
  throw new NightjarError('config.invalid', `${field} = ${String(value)}: ${remedy}`, { field, value, remedy });
}
