import type { CexVenue } from '../../domain/instruments.ts';
import type { Clock } from '../../domain/ports.ts';
import type { SimConnection, SimSession } from '../streamHub.ts';
import type { PlannedFault } from './faultPlan.ts';
import type { FaultSchedule } from './faultSchedule.ts';
import { createFaultyConnection, type FaultyConnection } from './faultyConnection.ts';

/** How each venue ends a connection whose client gave no sign of life. */
const PONG_MISSED: Readonly<Record<CexVenue, readonly [number, string]>> = {
  binance: [1008, 'Pong timeout'],
  okx: [4004, 'No data received in 30s'],
  bybit: [1000, ''],
};

/** The notice before an announced end; Bybit gives none. */
const NOTICES: Readonly<Record<CexVenue, ((nowMs: number) => object) | null>> = {
  binance: (nowMs) => ({ e: 'serverShutdown', E: nowMs }),
  okx: () => ({
    event: 'notice',
    code: '64008',
    msg: 'The connection will soon be closed for a service upgrade. Please reconnect.',
    connId: 'a4d3ae55',
  }),
  bybit: null,
};

type OpenSocket = (venue: CexVenue, target: string, connection: SimConnection) => SimSession | null;

/** Connections that break, fall silent, or never come to carry anything. */
export function withSocketFaults(open: OpenSocket, schedule: FaultSchedule, clock: Clock): OpenSocket {
  const live: Record<CexVenue, Set<FaultyConnection>> = { binance: new Set(), okx: new Set(), bybit: new Set() };
  const cut = (connection: FaultyConnection, code: number, reason: string) => connection.close(code, reason);

  schedule.onBegin((planned) => {
    const venue = planned.venue as CexVenue;
    for (const connection of [...(live[venue] ?? [])]) begin(planned, venue, connection);
  });

  function begin({ fault, how, byMs }: PlannedFault, venue: CexVenue, connection: FaultyConnection): void {
    switch (fault) {
      case 'silent-socket':
        if (schedule.hit(fault, venue) !== null) connection.silent = true;
        break;
      case 'ping-missed':
        if (schedule.hit(fault, venue) !== null) cut(connection, ...PONG_MISSED[venue]);
        break;
      case 'forced-disconnect': {
        if (schedule.hit(fault, venue) === null) break;
        const notice = how === 'notice' ? NOTICES[venue] : null;
        if (notice === null) {
          cut(connection, 1000, '');
          break;
        }
        connection.send(JSON.stringify(notice(Math.floor(clock.nowMs()))));
        clock.after(byMs, () => live[venue].has(connection) && cut(connection, 1000, ''));
        break;
      }
      // These meet a client only when it connects again, or asks for the next snapshot.
      case 'refused-subscription':
      case 'too-many-connects':
      case 'stale-snapshot':
      case 'snapshot-fails':
        cut(connection, 1000, '');
        break;
    }
  }

  return (venue, target, carrier) => {
    if (schedule.hit('too-many-connects', venue) !== null) {
      // After the handshake, as the venues do: the client has to bear both.
      clock.after(0, () => carrier.close(1008, 'Too many requests'));
      return { onText: () => {}, onPong: () => {}, onClose: () => {} };
    }
    const connection = createFaultyConnection(venue, carrier, { schedule, clock });
    const session = open(venue, target, connection);
    if (session === null) return null;
    connection.session = session;
    live[venue].add(connection);
    if (venue === 'binance' && schedule.hit('refused-subscription', venue) !== null) connection.deaf = true;
    return {
      onText(text) {
        if (connection.silent) return;
        if (text.includes('"subscribe"') && schedule.hit('refused-subscription', venue) !== null) {
          return carrier.send(JSON.stringify(refusedSubscription(venue, text)));
        }
        session.onText(text);
      },
      onPong: () => connection.silent || session.onPong(),
      onClose() {
        live[venue].delete(connection);
        session.onClose();
      },
    };
  };
}

function refusedSubscription(venue: CexVenue, text: string): object {
  const asked = JSON.parse(text) as { readonly req_id?: unknown };
  return venue === 'okx'
    ? {
        event: 'error',
        code: '60018',
        msg: "Wrong URL or channel:books,instId:SOL-USDT doesn't exist.",
        connId: 'a4d3ae55',
      }
    : {
        success: false,
        ret_msg: 'error:handler not found',
        conn_id: 'sim',
        req_id: asked.req_id ?? '',
        op: 'subscribe',
      };
}
