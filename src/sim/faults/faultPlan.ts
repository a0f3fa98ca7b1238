import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { NightjarError } from '../../domain/errors.ts';
import type { Venue } from '../../domain/instruments.ts';
import type { Random } from '../../domain/ports.ts';
import { createRandom } from '../../domain/random.ts';
import { FAULT_KINDS, FAULTS_NOT_PLAYED, faultNamed } from './faultKinds.ts';

/** One fault, ready to be played. */
export interface PlannedFault {
  readonly fault: string;
  readonly venue: Venue;
  /** From the start of the venues. */
  readonly atMs: number;
  readonly forMs: number;
  readonly times: number;
  /** Of the occasions within the time: which part is hit. */
  readonly share: number;
  /** A variety; empty where the fault has none. */
  readonly how: string;
  readonly byMs: number;
}

const MOST_FAULTS = 10_000;
const LONGEST_MS = 7 * 86_400_000;

const entry = z.strictObject({
  fault: z.string(),
  venue: z.enum(['binance', 'okx', 'bybit', 'jupiter']),
  atMs: z.number().int().min(0).max(LONGEST_MS),
  forMs: z.number().int().min(1).max(LONGEST_MS).optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
  share: z.number().gt(0).max(1).optional(),
  how: z.string().optional(),
  byMs: z.number().int().min(-86_400_000).max(86_400_000).optional(),
});
const planFile = z.strictObject({ faults: z.array(entry).min(1).max(MOST_FAULTS) });

const refuse = (where: string, message: string) =>
  new NightjarError('config.invalid', `--faults ${where}: ${message}`, { where });

/**
 * The plan that `--faults` names: a file, or `seed:N` for one drawn from that seed.
 * @throws NightjarError config.invalid naming field, value and remedy
 */
export function readFaultPlan(text: string): readonly PlannedFault[] {
  const seed = /^seed:(.*)$/.exec(text)?.[1];
  if (seed !== undefined) {
    if (/^\d{1,15}$/.test(seed)) return drawFaultPlan(createRandom(Number(seed)).fork('faults'));
    throw refuse(text, `seed "${seed}" is no whole number; give one, like seed:42`);
  }
  let body: string;
  try {
    body = readFileSync(text, 'utf8');
  } catch (error) {
    throw refuse(
      text,
      `the file cannot be read (${(error as NodeJS.ErrnoException).code}); give a file, seed:N or list`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    throw refuse(text, `the file is no JSON (${(error as Error).message}); give {"faults":[{"fault","venue","atMs"}]}`);
  }
  return checkFaultPlan(value, text);
}

/** @throws NightjarError config.invalid naming field, value and remedy */
export function checkFaultPlan(value: unknown, where: string): readonly PlannedFault[] {
  const parsed = planFile.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const at = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
    const shown = at === undefined ? 'missing' : (JSON.stringify(at)?.slice(0, 80) ?? String(at));
    throw refuse(where, `${path.join('.') || 'the plan'} = ${shown}: ${message}; see nightjar sim --faults list`);
  }
  return parsed.data.faults.map((one, index) => complete(one, `faults.${index}`, where));
}

function complete(one: z.infer<typeof entry>, path: string, where: string): PlannedFault {
  const kind = faultNamed(one.fault);
  if (kind === undefined) {
    const missing = FAULTS_NOT_PLAYED.get(one.fault);
    const why = missing === undefined ? 'there is no such fault' : `not played here, ${missing}`;
    throw refuse(where, `${path}.fault = "${one.fault}": ${why}; nightjar sim --faults list has the names`);
  }
  if (!kind.venues.includes(one.venue)) {
    throw refuse(where, `${path}.venue = "${one.venue}": ${one.fault} exists at ${kind.venues.join(', ')} only`);
  }
  if (one.how !== undefined && kind.how?.includes(one.how) !== true) {
    const remedy = kind.how === undefined ? 'leave it out' : `give one of ${kind.how.join(', ')}`;
    throw refuse(where, `${path}.how = "${one.how}": ${one.fault} has no such variety; ${remedy}`);
  }
  if (one.byMs !== undefined && kind.byMs === undefined) {
    throw refuse(where, `${path}.byMs = ${one.byMs}: ${one.fault} has no such figure; leave it out`);
  }
  return {
    ...{ fault: one.fault, venue: one.venue, atMs: one.atMs, share: one.share ?? 1 },
    ...{ forMs: one.forMs ?? kind.forMs, times: one.times ?? kind.times },
    ...{ how: one.how ?? kind.how?.[0] ?? '', byMs: one.byMs ?? kind.byMs ?? 0 },
  };
}

/** A fault in the words of a plan file, without what its kind does not take. */
export function playable({ fault, venue, atMs, forMs, times, share, how, byMs }: PlannedFault): object {
  const kind = faultNamed(fault)!;
  return {
    ...{ fault, venue, atMs, forMs, share, times },
    ...(kind.how === undefined ? {} : { how }),
    ...(kind.byMs === undefined ? {} : { byMs }),
  };
}

/** From 5 s on one fault each 6 s on average, for an hour: any fault at any of its venues, in any variety. */
export function drawFaultPlan(random: Random): readonly PlannedFault[] {
  const faults: PlannedFault[] = [];
  for (let atMs = 5_000; atMs < 3_600_000; atMs += 1_000 + Math.round(random.exponential(5_000))) {
    const kind = FAULT_KINDS[random.int(FAULT_KINDS.length)]!;
    const venue = kind.venues[random.int(kind.venues.length)]!;
    const how = kind.how?.[random.int(kind.how.length)] ?? '';
    const { name: fault, forMs, times, byMs = 0 } = kind;
    faults.push({ fault, venue, atMs, forMs: Math.min(forMs, 20_000), times, share: 1, how, byMs });
  }
  return faults;
}
