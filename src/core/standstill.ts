import { closerText } from '../domain/control.ts';
import type { ArbBotView } from './arb/arbBotTypes.ts';
import { JOURNAL_FAILED } from './journalFailure.ts';
import { OVERLOAD_REASONS } from './overload.ts';
import { OVERLOAD_CALM_MS } from './overloadProbe.ts';
import type { Permits } from './permits.ts';

/** What a bot's permit and life look like, for the one question that an operator asks first. */
export interface Standing {
  readonly bot: Pick<ArbBotView, 'id' | 'state' | 'suspended' | 'slotOpen' | 'quarantined'>;
  readonly closure: ReturnType<Permits['closure']>;
  readonly killed: boolean;
  /** Own orders without a proven fate. */
  readonly unresolved: number;
}

const PASSES_BY_ITSELF: ReadonlySet<string> = new Set(Object.values(OVERLOAD_REASONS));

/** "Why does it not trade?" in one line, with what ends it; null = nothing holds it but the market. */
export function standstillOf({ bot, closure, killed, unresolved }: Standing): string | null {
  const name = bot.id.replace(/^bot:/, '');
  if (closure !== null) {
    const what = killed ? 'killed' : 'permit closed';
    return `${what} by ${closerText(closure.by)} (${closure.reason}): ${remedyOf(closure.reason, closure.by, name)}`;
  }
  if (bot.state === 'starting') return 'starting: the supervisor has not come to it yet';
  if (bot.state === 'down') return 'its chart is down: the supervisor starts it again';
  if (bot.state === 'recovering') {
    const waits = unresolved === 0 ? 'the venues to say what it holds' : `the fate of ${unresolved} orders`;
    return `recovering: waits for ${waits}`;
  }
  if (bot.suspended) return `suspended: "nightjar ctl resume ${name}" lets it go on`;
  if (bot.quarantined.length > 0) {
    const messages = bot.quarantined.map(({ message }) => `"${message}"`).join(', ');
    return `deaf to ${messages}, which killed it: "nightjar ctl release ${name}" lets them through`;
  }
  return bot.slotOpen ? null : 'outside its time slot (bots.arb.slot)';
}

function remedyOf(reason: string, by: string, name: string): string {
  if (by === 'stop') return 'the run is ending';
  if (PASSES_BY_ITSELF.has(reason) && by === 'core') {
    return `opens by itself after ${OVERLOAD_CALM_MS / 1000} s of calm, unless the latch is closed too`;
  }
  const opens = `"nightjar ctl enable_live ${name}" opens it`;
  return reason === JOURNAL_FAILED ? `free the disk, "nightjar ctl restart journal", then ${opens}` : opens;
}
