import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NightjarError } from '../domain/errors.ts';
import type { Caller } from './controlDoor.ts';
import {
  type Access,
  allowedHosts,
  checkToken,
  isLoopback,
  MAX_BODY_BYTES,
  presentedToken,
  type Refusal,
  refuseHost,
  refuseOrigin,
  type TokenGuardDeps,
} from './requestGuards.ts';

const METHODS = ['GET', 'HEAD', 'POST'];
const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 64;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** Node looks for requests that are too slow this often; its own 30 s would make the two limits above void. */
const CHECK_EVERY_MS = 1_000;
/** A reader that takes nothing of its answer for this long is cut. */
const IDLE_MS = 10_000;

export interface HttpServerDeps {
  readonly host: string;
  readonly port: number;
  readonly guard: TokenGuardDeps;
  readonly accessOf: (method: string, path: string) => Access;
  readonly handle: (request: Request, caller: Caller) => Response | Promise<Response>;
  /** An upgrade of `/live` whose Host and Origin are right; nobody has shown a token yet. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, source: string) => void;
  readonly onRefused: (refusal: Refusal, source: string) => void;
  readonly onAnswered: (path: string, status: number) => void;
  readonly onError: (error: unknown, path: string) => void;
}

export interface EdgeServer {
  readonly port: number;
  readonly address: string;
  close(): Promise<void>;
}

/**
 * node:http in front of a fetch-style handler. Before the handler sees anything: Host, Origin, size of the body, token,
 * in this order. Nothing a request does can throw out of here.
 *
 * @throws NightjarError port.busy
 */
export async function startHttpServer(deps: HttpServerDeps): Promise<EdgeServer> {
  if (deps.host !== 'localhost' && !isLoopback(deps.host)) {
    const remedy = 'put a reverse proxy with TLS in front of the loopback address';
    throw new NightjarError(
      'config.invalid',
      `host ${deps.host}: the control plane listens on loopback only; ${remedy}`,
      {
        host: deps.host,
      },
    );
  }
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  server.maxHeadersCount = MAX_HEADERS;
  server.timeout = IDLE_MS;
  const trusted = limitConnections(server);
  let allowed: ReadonlySet<string> = new Set();

  server.on('request', (request, response) => {
    // Errors of a connection that went away; without a listener they would end the thread.
    request.on('error', () => {});
    response.on('error', () => {});
    const path = targetOf(request)?.path ?? '';
    answer(deps, allowed, request, response, trusted).catch((error: unknown) => {
      deps.onError(error, path);
      if (!response.headersSent) sendJson(response, 500, { error: 'unexpected' });
      else response.destroy();
    });
    response.on('finish', () => deps.onAnswered(path, response.statusCode));
  });
  server.on('clientError', (_error, socket) => {
    // No request came of it, and still somebody tried: it counts.
    deps.onAnswered('', 400);
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const source = request.socket.remoteAddress ?? 'unknown';
    // Before the 101: afterwards a foreign page would hold an open socket.
    const refused = refuseHost(hostsOf(request), allowed) ?? refuseOrigin(request.headers.origin, allowed);
    if (refused !== null) deps.onRefused(refused, source);
    const status = refused?.status ?? (targetOf(request)?.path === '/live' ? null : 404);
    if (status === null) deps.onUpgrade(request, socket, head, source);
    else socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });

  await listen(server, deps.host, deps.port);
  const { port } = server.address() as AddressInfo;
  allowed = allowedHosts(port);
  return {
    port,
    address: `http://${deps.host.includes(':') ? `[${deps.host}]` : deps.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Beyond `MAX_CONNECTIONS` the oldest one that never showed a right token is cut, not the new one refused: whoever fills
 * the table must not keep the operator's stop out.
 *
 * @returns marks a connection as an operator's
 */
function limitConnections(server: Server): (socket: Socket) => void {
  const strangers = new Set<Socket>();
  const known = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    strangers.add(socket);
    socket.on('close', () => {
      strangers.delete(socket);
      known.delete(socket);
    });
    if (strangers.size + known.size > MAX_CONNECTIONS) [...strangers, ...known][0]!.destroy();
  });
  return (socket) => {
    if (strangers.delete(socket)) known.add(socket);
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE' || error.code === 'EACCES';
      const message = busy
        ? `port ${port} on ${host} is busy (${error.code}): stop what listens there, or choose another with --port (0 = any free one)`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new NightjarError('port.busy', message, { host, port, code: error.code }, error));
    });
    server.listen(port, host, resolve);
  });
}

async function answer(
  deps: HttpServerDeps,
  allowed: ReadonlySet<string>,
  request: IncomingMessage,
  response: ServerResponse,
  trusted: (socket: Socket) => void,
): Promise<void> {
  const source = request.socket.remoteAddress ?? 'unknown';
  const method = request.method ?? 'GET';
  const refuse = (refusal: Refusal) => {
    deps.onRefused(refusal, source);
    const headers = refusal.retryAfterSeconds === undefined ? {} : { 'retry-after': String(refusal.retryAfterSeconds) };
    sendJson(response, refusal.status, { error: refusal.message }, headers);
  };

  const refused = refuseHost(hostsOf(request), allowed) ?? refuseOrigin(request.headers.origin, allowed);
  if (refused !== null) return refuse(refused);

  const body = await readBody(request);
  if (body === 'too large') {
    // Read on and forgotten, so that the sender gets to see the answer; the connection ends with it.
    request.resume();
    return sendJson(
      response,
      413,
      { error: `the body may have at most ${MAX_BODY_BYTES} bytes` },
      { connection: 'close' },
    );
  }
  if (body === 'cut') return void response.destroy();

  const target = targetOf(request);
  const access = target === null ? 'read' : deps.accessOf(method, target.path);
  const login = checkToken(deps.guard, { access, source, token: presentedToken(request.headers) });
  if ('status' in login) return refuse(login);
  if (login.role !== null) trusted(request.socket);
  // Encoded letters would let a path mean one thing to the guard and another to the router.
  if (target === null || !/^[\w/.-]*$/.test(target.path))
    return sendJson(response, 404, { error: 'there is no such path' });
  if (!METHODS.includes(method))
    return sendJson(response, 405, { error: `${method} is not served: use ${METHODS.join(', ')}` });

  const fetchRequest = new Request(`http://edge${target.path}${target.search}`, {
    method,
    headers: { 'content-type': request.headers['content-type'] ?? '' },
    ...(method === 'POST' ? { body: new Uint8Array(body) } : {}),
  });
  const result = await deps.handle(fetchRequest, { role: login.role, from: source });
  const bytes = Buffer.from(await result.arrayBuffer());
  response.writeHead(result.status, { ...securityHeaders, ...Object.fromEntries(result.headers) });
  response.end(method === 'HEAD' ? undefined : bytes);
}

/** Every Host line that came, since Node keeps only the first. */
function hostsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === 'host');
}

/** Path and query as the routes will see them; null = not a URL. Guards and routes must judge the very same path. */
function targetOf(request: IncomingMessage): { readonly path: string; readonly search: string } | null {
  const url = URL.parse(request.url ?? '/', 'http://edge');
  return url === null ? null : { path: url.pathname, search: url.search };
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'cut'> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return 'too large';
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > MAX_BODY_BYTES) return 'too large';
      chunks.push(chunk as Buffer);
    }
  } catch {
    return 'cut';
  }
  return Buffer.concat(chunks);
}

const securityHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  // The page replaces it by its own, which names its script and style by hash.
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...securityHeaders, 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
