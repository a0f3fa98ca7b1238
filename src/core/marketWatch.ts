import type { Instrument, MarketRules, Venue } from '../domain/instruments.ts';
import type { Logger } from '../domain/ports.ts';
import type { OtherCommand } from './commands.ts';
import type { InputPayload } from './inputs.ts';
import type { OrderDesk } from './orderDesk.ts';
import type { RowWriter } from './rowWriter.ts';

/** The venues are asked for their rules so often, and at each start of the gateway. */
export const MARKETS_MS = 600_000;
const TIMER = 'markets';
/** Why a symbol is paused whose rules have changed: orders sized by the old ones would be refused, or worse. */
export const METADATA_CHANGED = 'metadata_changed';
const FIELDS = ['tickSize', 'stepSize', 'minQty', 'minNotional'] as const;

/** Compares what the venues say about their markets with what sizes our orders. */
export interface MarketWatch {
  ask(): void;
  stated(input: Extract<InputPayload, { type: 'markets' }>): void;
  /** @returns false when the timer is another's */
  timerDue(key: string): boolean;
}

export interface RuleChange {
  readonly venue: Venue;
  readonly pair: string;
  readonly field: (typeof FIELDS)[number];
  readonly before: number;
  readonly now: number;
}

export function createMarketWatch(deps: {
  readonly instruments: readonly Instrument[];
  readonly bots: readonly { readonly id: string; readonly pair: string }[];
  readonly desk: Pick<OrderDesk, 'pause'>;
  readonly rows: RowWriter;
  readonly log: Logger;
  command(command: OtherCommand): void;
  armTimer(key: string, delayMs: number): void;
}): MarketWatch {
  const ask = () => {
    deps.command({ type: 'gateway.markets' });
    deps.armTimer(TIMER, MARKETS_MS);
  };
  let told = '';
  return {
    ask,
    stated({ markets, failures }) {
      if (failures.length > 0) deps.log.log('warn', 'risk', `market rules are incomplete: ${failures.join('; ')}`);
      const changes = changesOf(deps.instruments, markets);
      // Until somebody restarts it with the new rules, each answer shows the same: once is enough.
      const text = changes.map(changeText).join(', ');
      if (text === told) return;
      told = text;
      if (changes.length === 0) return;
      deps.rows.write('decisions', 'core', 'markets.changed', { changes });
      deps.log.log('error', 'risk', `MARKET RULES CHANGED: ${text}; restart to size orders by them`, { changes });
      for (const { id, pair } of deps.bots) {
        const own = changes.filter((change) => change.pair === pair);
        if (own.length === 0) continue;
        const detail = own.map(changeText).join(', ');
        deps.rows.write('reports', id, 'evidence', { kind: METADATA_CHANGED, detail, report: own });
        deps.desk.pause(pair, id, METADATA_CHANGED);
      }
    },
    timerDue(key) {
      if (key !== TIMER) return false;
      ask();
      return true;
    },
  };
}

/** Markets that no answer names changed nothing: a venue that is silent proves nothing. */
function changesOf(instruments: readonly Instrument[], markets: readonly MarketRules[]): RuleChange[] {
  return instruments.flatMap((before) => {
    const now = markets.find(({ venue, pair }) => venue === before.venue && pair === before.pair);
    if (now === undefined) return [];
    const { venue, pair } = before;
    return FIELDS.filter((field) => now[field] !== before[field]).map((field) => ({
      ...{ venue, pair, field, before: before[field], now: now[field] },
    }));
  });
}

const changeText = ({ venue, pair, field, before, now }: RuleChange) => `${venue} ${pair} ${field} ${before} → ${now}`;
