import type { CexVenue } from '../../domain/instruments.ts';
import type { SimConnection, SimSession } from '../streamHub.ts';
import type { FaultSchedule } from './faultSchedule.ts';
import { sentKind, topicOf } from './wireFrames.ts';

type OpenSocket = (venue: CexVenue, target: string, connection: SimConnection) => SimSession | null;

/** A new subscription gets the whole book of some time ago: the first that this stream ever sent. */
export function withStaleStreams(open: OpenSocket, schedule: FaultSchedule): OpenSocket {
  const first = new Map<string, string>();
  return (venue, target, connection) =>
    open(venue, target, {
      ...connection,
      ping: () => connection.ping(),
      close: (code, reason) => connection.close(code, reason),
      send(text) {
        if (sentKind(venue, text) !== 'snapshot') return connection.send(text);
        const key = `${venue} ${topicOf(venue, text)}`;
        const old = first.get(key);
        if (old !== undefined && schedule.hit('stale-snapshot', venue) !== null) return connection.send(old);
        if (old === undefined) first.set(key, text);
        connection.send(text);
      },
    });
}
