import type { AnyEventObject, StateValue } from 'xstate';
import type { CrashDetails } from '../../actors/crashRecord.ts';
import { Mailbox, type MailboxMessage, type MailboxOptions } from '../../actors/mailbox.ts';
import { stateName } from '../../actors/stateNames.ts';
import type { ArbEvent } from '../../machines/arbEvents.ts';
import { createQuarantine, type QuarantineEntry } from '../quarantine.ts';
import type { ArbBotConfig, ArbBotDeps } from './arbBotTypes.ts';

/** Why its permit closes when a message about an order is set aside. */
export const POISON = 'poison';

/** Without these nothing is lost but a chance; all others carry what became of money, or of a permit. */
const ONLY_CHANCES: ReadonlySet<string> = new Set(['evaluated', 'receded', 'lastLook.answered']);

/** Messages that kill this bot's chart again and again: set aside, reported, and what they are about made safe. */
export interface ArbPoison {
  crashed(details: Pick<CrashDetails, 'lastEvent' | 'stateValue'>): void;
  /** A mailbox that withholds what is set aside when it comes to its turn, and hands it to `onWithheld`. */
  mailbox(
    options: MailboxOptions<AnyEventObject>,
    state: () => StateValue | null,
    onWithheld: (message: MailboxMessage<AnyEventObject>) => void,
  ): Mailbox<AnyEventObject>;
  release(): readonly string[];
  entries(): readonly QuarantineEntry[];
}

export function createArbPoison(
  { id, pair }: Pick<ArbBotConfig, 'id' | 'pair'>,
  deps: Pick<ArbBotDeps, 'nowMs' | 'rows' | 'desk' | 'log' | 'metrics'>,
): ArbPoison {
  const quarantine = createQuarantine();
  const deadLetters = deps.metrics.counter('nightjar_dead_letters_total', { reason: POISON });

  const setAside = (message: string, event: ArbEvent) => {
    const [entry] = quarantine.entries().filter((one) => one.message === message);
    const needsEyes = !ONLY_CHANCES.has(event.type);
    deps.rows.write('decisions', id, 'quarantined', { ...entry, event, symbolPaused: needsEyes });
    const what = `"${message}" has ended ${entry!.kills} incarnations and is not delivered any more`;
    const next = needsEyes ? 'its permit closes' : 'other messages pass';
    deps.log.log('error', 'risk', `${id} POISON ${what}; ${next}; "ctl release ${id}" lets it through again`, {
      message,
    });
    if (!needsEyes) return;
    deps.rows.write('reports', id, 'evidence', { kind: POISON, detail: what, report: event });
    deps.desk.pause(pair, id, POISON);
  };

  return {
    crashed({ lastEvent, stateValue }) {
      const event = lastEvent as ArbEvent;
      const message = fingerprint(event, pair, (stateValue ?? null) as StateValue | null);
      if (message !== null && quarantine.killed(message, deps.nowMs())) setAside(message, event);
    },
    mailbox: (options, state, onWithheld) =>
      new SieveMailbox(options, (next) => {
        const message = fingerprint(next.event as ArbEvent, pair, state());
        if (message === null || !quarantine.holds(message)) return false;
        quarantine.withheld(message);
        deadLetters.inc();
        onWithheld(next);
        return true;
      }),
    release: () => quarantine.release(),
    entries: () => quarantine.entries(),
  };
}

/** Takes no message that `withhold` keeps. */
class SieveMailbox extends Mailbox<AnyEventObject> {
  private readonly withhold: (message: MailboxMessage<AnyEventObject>) => boolean;

  constructor(options: MailboxOptions<AnyEventObject>, withhold: (message: MailboxMessage<AnyEventObject>) => boolean) {
    super(options);
    this.withhold = withhold;
  }

  override take(): MailboxMessage<AnyEventObject> | undefined {
    for (;;) {
      const next = super.take();
      if (next === undefined || !this.withhold(next)) return next;
    }
  }
}

/**
 * What like messages have in common: kind, instrument and the part of the content that decides the chart's way, without
 * numbers that rise. A timer has no content but the state that waited for it. Null: no message, or a host's verb.
 */
export function fingerprint(
  event: ArbEvent | { readonly type: 'host.timer' },
  pair: string,
  state: StateValue | null,
): string | null {
  switch (event.type) {
    case 'evaluated':
      return `evaluated ${pair} ${event.failed?.reason ?? 'hit'}`;
    case 'receded':
      return `receded ${pair} ${event.needDeltaPx === null ? 'unknown' : 'known'}`;
    case 'lastLook.answered':
      return `lastLook.answered ${pair} ${event.verdict?.reason ?? 'passed'}`;
    case 'leg.done':
      return `leg.done ${pair} ${event.leg} ${event.fate}${event.flat ? ' flat' : ''}`;
    case 'prices.answered':
      return `prices.answered ${pair} ${event.usable ? 'usable' : 'unusable'}`;
    case 'reconciled':
      return `reconciled ${pair} ${event.flat ? 'flat' : 'holding'}`;
    case 'permit.closed':
      return `permit.closed ${pair}`;
    case 'host.timer':
      return state === null ? null : `timer ${pair} ${stateName(state)}`;
    default:
      return null;
  }
}
