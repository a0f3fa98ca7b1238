import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NightjarError } from '../domain/errors.ts';
import type { Caller } from './controlDoor.ts';
import {
  type Access,
  allowedHosts,
  checkToken,
  MAX_BODY_BYTES,
  presentedToken,
  type Refusal,
  refuseHost,
  refuseOrigin,
  type TokenGuardDeps,
} from './requestGuards.ts';

const METHODS = ['GET', 'HEAD', 'POST'];
const MAX_CONNECTIONS = 256;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;

export interface HttpServerDeps {
  readonly host: string;
  readonly port: number;
  readonly guard: TokenGuardDeps;
  readonly accessOf: (method: string, path: string) => Access;
  readonly handle: (request: Request, caller: Caller) => Response | Promise<Response>;
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
  const server = createServer({
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  let allowed: ReadonlySet<string> = new Set();

  server.on('request', (request, response) => {
    // Errors of a connection that went away; without a listener they would end the thread.
    request.on('error', () => {});
    response.on('error', () => {});
    const path = targetOf(request)?.path ?? '';
    answer(deps, allowed, request, response).catch((error: unknown) => {
      deps.onError(error, path);
      if (!response.headersSent) sendJson(response, 500, { error: 'unexpected' });
      else response.destroy();
    });
    response.on('finish', () => deps.onAnswered(path, response.statusCode));
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
  });
  // No WebSocket yet: an upgrade is refused instead of left hanging.
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
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
  // Encoded letters would let a path mean one thing to the guard and another to the router.
  if (target === null || !/^[\w/.-]*$/.test(target.path))
    return sendJson(response, 404, { error: 'there is no such path' });
  if (!METHODS.includes(method))
    return sendJson(response, 405, { error: `${method} is not served: use ${METHODS.join(', ')}` });

  const fetchRequest = new Request(`http://edge${target.path}${target.search}`, {
    method,
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
};

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...securityHeaders, 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
