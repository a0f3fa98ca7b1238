import type { CexVenue } from '../../domain/instruments.ts';
import type { Clock } from '../../domain/ports.ts';
import type { SimConnection, SimSession } from '../streamHub.ts';
import type { FaultSchedule } from './faultSchedule.ts';
import { breakFrame, idOf, moveIds, priceTooHigh, sentKind, shiftTimes, topicOf, withBid } from './wireFrames.ts';

/** Id of the first book message behind a restart of OKX' counter. */
const FIRST_ID_AFTER_RESET = 5;

/** One connection of a client as the faults see it: what leaves passes here. */
export interface FaultyConnection extends SimConnection {
  /** The venue's session behind it; known once the world has opened it. */
  session: SimSession | null;
  /** Nothing passes any more, in either direction. */
  silent: boolean;
  /** Subscriptions are taken and nothing comes of them. */
  deaf: boolean;
}

export function createFaultyConnection(
  venue: CexVenue,
  carrier: SimConnection,
  deps: { readonly schedule: FaultSchedule; readonly clock: Clock },
): FaultyConnection {
  const { schedule, clock } = deps;
  /** Per stream, by how much its ids lie below the world's since the last reset. */
  const idOffsets = new Map<string, number>();
  /** Bybit: streams whose next snapshot restarts the ids; its acknowledgement is not the client's. */
  const resets = new Set<string>();
  let repliesToDrop = 0;
  const lastChanges = new Map<string, string[]>();
  let lastDueMs = 0;
  /** Per stream, the bid above the ask that the next change takes away. */
  const crossedAt = new Map<string, string>();

  const pass = (text: string) => {
    const nowMs = clock.nowMs();
    // At the very moment at which what was held back is due it has not left yet.
    if (lastDueMs < nowMs) return carrier.send(text);
    clock.after(lastDueMs - nowMs, () => carrier.send(text));
  };

  const renumbered = (text: string, kind: string): string => {
    const topic = topicOf(venue, text);
    if (kind === 'snapshot' && resets.delete(topic)) idOffsets.set(topic, idOf(venue, text) - 1);
    const before = idOffsets.get(topic) ?? 0;
    if (kind === 'change' && venue === 'okx' && schedule.hit('legal-jump', venue) !== null) {
      const offset = idOf(venue, text) - FIRST_ID_AFTER_RESET;
      idOffsets.set(topic, offset);
      return moveIds(venue, text, offset, before);
    }
    return before === 0 ? text : moveIds(venue, text, before, before);
  };

  const restartBybit = (topic: string) => {
    resets.add(topic);
    repliesToDrop += 1;
    connection.session?.onText(JSON.stringify({ req_id: 'reset', op: 'subscribe', args: [topic] }));
  };

  /** The change that takes a momentary cross away again. */
  const uncross = (text: string): string | null => {
    const topic = topicOf(venue, text);
    const price = crossedAt.get(topic);
    if (price === undefined) return null;
    crossedAt.delete(topic);
    return withBid(venue, text, price, '0');
  };

  /** @returns the frames that leave instead of this one */
  const spoil = (sent: string, kind: 'change' | 'snapshot' | 'trade'): string[] => {
    const base = schedule.running('symbol-silence', venue) === null ? '' : 'SOL';
    if (base !== '' && topicOf(venue, sent).includes(base) && schedule.hit('symbol-silence', venue) !== null) return [];
    const jump = schedule.hit('clock-jump', venue);
    const text = kind === 'trade' ? sent : renumbered(sent, kind);
    const timed = jump === null ? text : shiftTimes(venue, text, jump.byMs);
    if (kind !== 'change')
      return kind === 'trade' && schedule.hit('duplicate-message', venue) ? [timed, timed] : [timed];
    if (schedule.hit('sequence-gap', venue) !== null) return [];
    const broken = schedule.hit('broken-frame', venue);
    if (broken !== null) return [breakFrame(timed, broken.how)];
    if (schedule.hit('checksum-garbage', venue) !== null)
      return [timed.replace('"checksum":0', '"checksum":-855196043')];
    const uncrossed = uncross(timed);
    if (uncrossed !== null) return [uncrossed];
    const tooHigh = schedule.running('crossed-book', venue) === null ? null : priceTooHigh(timed);
    const cross = tooHigh === null ? null : schedule.hit('crossed-book', venue);
    if (tooHigh !== null && cross !== null) {
      if (cross.how === 'momentary') crossedAt.set(topicOf(venue, timed), tooHigh);
      return [withBid(venue, timed, tooHigh, '1')];
    }
    return schedule.hit('duplicate-message', venue) !== null ? [timed, timed] : [timed];
  };

  /** An event from before the last one: Binance may repeat it, and its ids say that it is old. */
  const older = (text: string): string | null => {
    const topic = topicOf(venue, text);
    const last = lastChanges.get(topic) ?? [];
    lastChanges.set(topic, [...last.slice(-2), text]);
    return last.length < 2 ? null : last[0]!;
  };

  const connection: FaultyConnection = {
    session: null,
    silent: false,
    deaf: false,
    send(text) {
      if (connection.silent) return;
      const kind = sentKind(venue, text);
      if (kind === 'reply') {
        if (repliesToDrop > 0 && text.includes('"req_id":"reset"')) repliesToDrop -= 1;
        else pass(text);
        return;
      }
      if (connection.deaf) return;
      const isChange = kind === 'change';
      const previous = isChange && venue === 'binance' ? older(text) : null;
      if (previous !== null && schedule.hit('legal-jump', venue) !== null) carrier.send(previous);
      const lag = isChange ? schedule.hit('streams-out-of-order', venue) : null;
      // What is late keeps its order: nothing of the book overtakes what was held back.
      if (lag !== null) lastDueMs = Math.max(lastDueMs, clock.nowMs() + lag.byMs);
      for (const frame of spoil(text, kind)) {
        if (kind === 'trade') carrier.send(frame);
        else pass(frame);
      }
      if (isChange && venue === 'bybit' && schedule.hit('legal-jump', venue) !== null)
        restartBybit(topicOf(venue, text));
    },
    ping: () => connection.silent || carrier.ping(),
    close: (code, reason) => carrier.close(code, reason),
  };
  return connection;
}
