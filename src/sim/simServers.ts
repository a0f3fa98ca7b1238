import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { NightjarError } from '../domain/errors.ts';
import type { Venue } from '../domain/instruments.ts';
import type { VenueEndpoints } from '../domain/ports.ts';
import type { SimWorld } from './simWorld.ts';

const HOST = '127.0.0.1';
/** Order of the ports when a base port is given: base, +1, +2, +3. */
const SERVED: readonly Venue[] = ['binance', 'okx', 'bybit', 'jupiter'];
const LARGEST_BODY_BYTES = 1 << 20;
/** A reader that lags this far behind is cut, as the venues do. */
const LARGEST_BACKLOG_BYTES = 8 << 20;

export interface SimServers {
  readonly endpoints: VenueEndpoints;
  /** Connections cut because their reader lagged. */
  slowReadersCut(): number;
  close(): Promise<void>;
}

/**
 * The world on loopback: one HTTP and WebSocket server per venue.
 * @param port  base port, 0 = any free ones
 * @throws NightjarError port.busy naming the port and the remedy
 */
export async function startSimServers(world: SimWorld, { port }: { readonly port: number }): Promise<SimServers> {
  const slow = { cut: 0 };
  const servers: VenueServer[] = [];
  const ports: number[] = [];
  const closeAll = async () => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const [index, venue] of SERVED.entries()) {
      const server = serveVenue(world, venue, slow);
      servers.push(server);
      ports.push(await listen(server.http, port === 0 ? 0 : port + index, venue));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  const [binance, okx, bybit, jupiter] = ports;
  const both = (at: number | undefined) => ({ rest: `http://${HOST}:${at}`, ws: `ws://${HOST}:${at}` });
  return {
    endpoints: {
      binance: both(binance),
      okx: both(okx),
      bybit: both(bybit),
      jupiter: { rest: `http://${HOST}:${jupiter}` },
    },
    slowReadersCut: () => slow.cut,
    close: closeAll,
  };
}

function listen(server: Server, port: number, venue: Venue): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      const message = `port ${port} for the embedded ${venue} is ${error.code === 'EACCES' ? 'not allowed' : 'in use'}`;
      const remedy = 'give another --port, or --port 0 for any free ones';
      reject(busy ? new NightjarError('port.busy', message, { port, venue, remedy }, error) : error);
    });
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port));
  });
}

interface VenueServer {
  readonly http: Server;
  readonly sockets: WebSocketServer;
}

function closeServer({ http, sockets }: VenueServer): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
    // Upgraded connections are no longer the HTTP server's: it would wait for them for ever.
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
  });
}

function serveVenue(world: SimWorld, venue: Venue, slow: { cut: number }): VenueServer {
  const server = createServer((request, response) => void answer(world, venue, request, response));
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: LARGEST_BODY_BYTES });
  server.on('upgrade', (request, stream, head) => {
    if (venue === 'jupiter') {
      stream.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => attach(world, venue, request.url ?? '/', socket, slow));
  });
  return { http: server, sockets };
}

async function answer(
  world: SimWorld,
  venue: Venue,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const body = await readBody(request);
    if (body === null) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    const result = world.handleHttp(venue, {
      method: request.method ?? 'GET',
      target: request.url ?? '/',
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(',') : (value ?? ''),
        ]),
      ),
      body,
    });
    if (result.delivery === 'silence') return;
    if (result.delivery === 'cut') return void request.socket.destroy();
    response.writeHead(result.status, { ...result.headers, 'content-length': Buffer.byteLength(result.body) });
    response.end(result.body);
  } catch (error) {
    // A fault of the simulator must not look like a venue's answer.
    process.stderr.write(`sim ${venue}: ${request.method} ${request.url}: ${String(error)}\n`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('simulator fault');
  }
}

/** @returns null when the body is larger than any request that a venue takes */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function attach(world: SimWorld, venue: Venue, target: string, socket: WebSocket, slow: { cut: number }): void {
  const session = world.openSocket(venue, target, {
    send(text) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > LARGEST_BACKLOG_BYTES) {
        slow.cut += 1;
        socket.terminate();
        return;
      }
      socket.send(text);
    },
    ping() {
      if (socket.readyState === socket.OPEN) socket.ping();
    },
    close: (code, reason) => socket.close(code, reason),
  });
  if (session === null) {
    socket.close(1008, 'no stream here');
    return;
  }
  socket.on('message', (data, isBinary) => {
    if (!isBinary) session.onText(data.toString());
  });
  socket.on('pong', () => session.onPong());
  socket.on('ping', () => session.onPong());
  socket.on('close', () => session.onClose());
  // Broken frames and resets end in `close`; without a listener they would end the process.
  socket.on('error', () => socket.terminate());
}
