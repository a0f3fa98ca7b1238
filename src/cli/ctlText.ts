import type { ClientReply } from './client.ts';

/** What a permit verb would do, as `--plan` prints it. */
export function planText(body: unknown): string {
  const plan = body as Partial<PlanBody>;
  if (plan.plan !== true) return JSON.stringify(body);
  const { action, scope = [], before = {}, after = {}, consequences = [], needs, inFlight, notCovered = [] } = plan;
  return [
    `PLAN ${action} ${scope.join(', ')}: nothing was done`,
    ...Object.keys(after).map((bot) => `  permit    ${bot}: ${levelText(before[bot])} → ${levelText(after[bot])}`),
    ...consequences.map((line) => `  means     ${line}`),
    ...(inFlight ?? []).flatMap(inFlightLines),
    ...notCovered.map((line) => `  not       ${line}`),
    `  needs     role ${needs?.role}${needs?.phrase === true ? ' and a typed phrase' : ''}`,
  ].join('\n');
}

function inFlightLines({ bot, state, attemptOpen, orders }: InFlightBot): string[] {
  return [
    `  in flight ${bot}: ${state}, ${attemptOpen ? 'an attempt is open' : 'no attempt'}, ${orders.length} orders`,
    ...orders.map(
      ({ clientOrderId, venue, pair, side, effect, qty, filledQty }) =>
        `              ${clientOrderId} ${venue} ${side} ${qty} ${pair} (${effect}, filled ${filledQty})`,
    ),
  ];
}

/** The command that opens what the phrase was asked for: the one just given, phrase added, fit to be pasted into a shell. */
export function phraseCommand(
  verb: string,
  target: string | undefined,
  phrase: string,
  { reason, data }: { readonly reason?: string; readonly data: string },
): string {
  const option = (name: string, value: string) => [name, `'${value.replaceAll("'", "'\\''")}'`];
  return [
    ...['nightjar ctl', verb],
    ...(target === undefined ? [] : [target]),
    ...(reason === undefined ? [] : option('--reason', reason)),
    ...(data === './data' ? [] : option('--data', data)),
    ...option('--phrase', phrase),
  ].join(' ');
}

/** A permit verb that was done: scope, who, before → after, and what it means. Null for any other answer. */
export function permitText({ body }: ClientReply): string | null {
  const done = body as Partial<PlanBody> & { readonly by?: string; readonly from?: string };
  if (done.consequences === undefined || done.after === undefined) return null;
  return [
    ...Object.keys(done.after).map(
      (bot) => `  permit    ${bot}: ${levelText(done.before?.[bot])} → ${levelText(done.after?.[bot])}`,
    ),
    ...done.consequences.map((line) => `  means     ${line}`),
    `  by        ${done.by} from ${done.from}`,
  ].join('\n');
}

/** The level that refuses opening orders is called `permit` after what it takes; a person reads that it is closed. */
const levelText = (level: string | undefined) => (level === 'permit' ? 'closed' : level);

interface PlanBody {
  readonly plan: true;
  readonly action: string;
  readonly scope: readonly string[];
  readonly before: Readonly<Record<string, string>>;
  readonly after: Readonly<Record<string, string>>;
  readonly consequences: readonly string[];
  readonly needs: { readonly role: string; readonly phrase: boolean };
  readonly inFlight: readonly InFlightBot[] | null;
  readonly notCovered: readonly string[];
}

interface InFlightBot {
  readonly bot: string;
  readonly state: string;
  readonly attemptOpen: boolean;
  readonly orders: readonly {
    readonly clientOrderId: string;
    readonly venue: string;
    readonly pair: string;
    readonly side: string;
    readonly effect: string;
    readonly qty: string;
    readonly filledQty: number;
  }[];
}
