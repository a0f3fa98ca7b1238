import http from 'node:http';
import https from 'node:https';
import { NightjarError } from '../domain/errors.ts';
import type { HttpRequest, HttpResponse, Transport } from '../domain/ports.ts';
import { openWallSocket } from './wallSocket.ts';

/** A body beyond this is not one of ours to read (Binance's full exchangeInfo is about 16 MB). */
const longestBodyBytes = 64 * 1024 * 1024;

/** Sockets per host at a time; requests beyond wait in the agent, under their own deadline. */
const socketsPerHost = 32;

/** Failures before a single byte could leave: the other side has certainly not seen the request. */
const refusedCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ERR_INVALID_URL',
  'ERR_INVALID_PROTOCOL',
  'ERR_INVALID_CHAR',
  'ERR_UNESCAPED_CHARACTERS',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

export interface WallTransport extends Transport {
  /** Ends idle connections and every request in flight (they reject with net.cut). Sockets are closed by their owners. */
  close(): void;
}

/** The live network: keep-alive HTTP(S) and WebSockets. */
export function createWallTransport(): WallTransport {
  const lookups = createAgents();
  const orders = createAgents();

  const request = async (wanted: HttpRequest): Promise<HttpResponse> => {
    const agents = wanted.isOrder === true ? orders : lookups;
    const signal = AbortSignal.timeout(wanted.timeoutMs);
    try {
      return await exchange(wanted, agents, signal);
    } catch (error) {
      // An idle connection that the server closed in the same moment: safe to repeat only what changes nothing.
      if (wanted.method !== 'GET' || !(error instanceof StaleConnection)) throw asNetError(error, wanted, signal);
    }
    try {
      return await exchange(wanted, agents, signal);
    } catch (error) {
      throw asNetError(error, wanted, signal);
    }
  };

  return {
    request,
    openSocket: openWallSocket,
    close: () => {
      for (const agents of [lookups, orders]) {
        agents['http:'].destroy();
        agents['https:'].destroy();
      }
    },
  };
}

/** The request died on a reused connection before any byte of an answer. */
class StaleConnection extends Error {}

/** Kept back on a connected socket: not a byte of it was written. */
class KeptBack extends Error {}

type Agents = { readonly 'http:': http.Agent; readonly 'https:': https.Agent };

function createAgents(): Agents {
  const options = { keepAlive: true, maxSockets: socketsPerHost, maxFreeSockets: 8 };
  return { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
}

function exchange(wanted: HttpRequest, agents: Agents, signal: AbortSignal): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const secure = wanted.url.startsWith('https:');
    const body = wanted.body === undefined ? undefined : Buffer.from(wanted.body, 'utf8');
    const headers: Record<string, string> = { ...wanted.headers };
    if (body !== undefined || wanted.method !== 'GET') headers['content-length'] = String(body?.length ?? 0);
    const send = secure ? https.request : http.request;
    const agent = secure ? agents['https:'] : agents['http:'];
    const outgoing = send(wanted.url, { method: wanted.method, headers, agent, signal }, (answer) => {
      collect(answer).then(
        (bytes) => resolve({ status: answer.statusCode ?? 0, headers: flatten(answer.headers), body: bytes }),
        reject,
      );
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    const { refusedNow } = wanted;
    if (refusedNow === undefined) outgoing.end(body);
    else {
      // Not one byte before `end`: what is written earlier waits inside Node until the socket connects, unasked.
      onConnected(outgoing, secure, () => {
        const refusal = refusedNow();
        if (refusal === null) outgoing.end(body);
        else outgoing.destroy(new KeptBack(refusal));
      });
    }
  });
}

/** Calls `then` in the turn in which what it writes goes to the operating system; never when the request ends before. */
function onConnected(outgoing: http.ClientRequest, secure: boolean, then: () => void): void {
  outgoing.once('socket', (socket) => {
    // Of a TLS socket the TCP connect is half the way; Node tells the other half by this property alone.
    const isConnecting = socket.connecting || (secure && (socket as { secureConnecting?: boolean }).secureConnecting);
    if (isConnecting !== true) return then();
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      if (!outgoing.destroyed) then();
    });
  });
}

async function collect(answer: http.IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestBodyBytes) throw new Error(`body is longer than ${longestBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

function flatten(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function asNetError(error: unknown, wanted: HttpRequest, signal: AbortSignal): NightjarError {
  const { method, url, timeoutMs } = wanted;
  // The query may hold a signature or an address: the path names the request well enough.
  const shown = url.split('?', 1)[0]!;
  const details = { method, url: shown, timeoutMs };
  if (signal.aborted && !(error instanceof KeptBack)) {
    return new NightjarError(
      'net.timeout',
      `${method} ${shown} had no whole answer in ${timeoutMs} ms`,
      details,
      error,
    );
  }
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = error instanceof Error ? error.message : String(error);
  const netCode = error instanceof KeptBack || refusedCodes.has(code) ? 'net.refused' : 'net.cut';
  return new NightjarError(netCode, `${method} ${shown}: ${reason || code}`, { ...details, code }, error);
}
