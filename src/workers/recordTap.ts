import type { Clock, SocketHandlers, Transport } from '../domain/ports.ts';
import type { RecordedMarket } from '../journal/recordingManifest.ts';
import type { RecordBuffer, RecordPost } from './recordBuffer.ts';

export interface TapPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly buffer: RecordBuffer;
  readonly post: RecordPost;
  /** A number that no connection had before. */
  readonly nextConnection: () => number;
}

/**
 * The network of one feed with an ear on it: every frame goes to the recording before anybody decodes it, each socket as
 * a connection of its own. Snapshots by REST stand among the frames of the connection that they belong to: the newest of
 * the address that the feed opened first, its book's.
 */
export function tapTransport(of: RecordedMarket, ports: TapPorts): Transport {
  const { clock, transport, buffer, post } = ports;
  let bookUrl: string | null = null;
  let bookConnection: number | null = null;
  return {
    async request(wanted) {
      const answer = await transport.request(wanted);
      if (answer.status === 200 && bookConnection !== null) buffer.take(bookConnection, clock.nowMs(), answer.body);
      return answer;
    },
    openSocket(url, handlers) {
      const connection = ports.nextConnection();
      bookUrl ??= url;
      const tapped: SocketHandlers = {
        onOpen() {
          post({ type: 'open', connection, of }, []);
          if (url === bookUrl) bookConnection = connection;
          handlers.onOpen();
        },
        onMessage(data, isBinary) {
          buffer.take(connection, clock.nowMs(), data);
          handlers.onMessage(data, isBinary);
        },
        onHeartbeat: () => handlers.onHeartbeat(),
        onClose(code, reason) {
          // What it brought goes first.
          buffer.flush();
          post({ type: 'close', connection }, []);
          handlers.onClose(code, reason);
        },
      };
      return transport.openSocket(url, tapped);
    },
  };
}
