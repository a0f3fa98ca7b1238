import { z } from 'zod';
import { plainIssues } from './plainIssues.ts';

/** Observations of one request. */
const MAX_OBSERVATIONS = 100;

const name = z.string().regex(/^[a-z][A-Za-z0-9_.]{0,63}$/, 'letters, digits, "_" and ".", at most 64');
const observation = z.strictObject({
  name,
  value: z.number(),
  /** When it was made; UTC. */
  at: z.iso.datetime().optional(),
});
const request = z.strictObject({
  id: z.string().min(1).max(100).optional(),
  bot: z.string().min(1).max(64).optional(),
  observations: z.array(observation).min(1).max(MAX_OBSERVATIONS),
});

export interface WarmObservations {
  readonly id: string | null;
  readonly bot: string | null;
  /** For the journal: each with its source, so that no report takes it for something that was seen live. */
  readonly observations: readonly {
    readonly name: string;
    readonly value: number;
    readonly at?: string | undefined;
    readonly source: 'warm';
  }[];
}

/** The body of `POST /emit`: what an earlier run or a study observed. @returns or what is wrong: field, value, remedy */
export function parseWarmObservations(body: unknown): WarmObservations | string {
  const parsed = request.safeParse(body);
  if (!parsed.success) {
    return `not {"bot"?, "observations": [{"name", "value", "at"?}]}: ${plainIssues(parsed.error)}`;
  }
  const { id = null, bot = null, observations } = parsed.data;
  return { id, bot, observations: observations.map((one) => ({ ...one, source: 'warm' })) };
}
