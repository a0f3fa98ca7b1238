import { request as httpRequest } from 'node:http';
import { type Role, readTokens } from '../control/tokens.ts';
import { NightjarError } from '../domain/errors.ts';
import { openDataDir } from '../journal/dataDir.ts';

/** A running system, found by its data directory. */
export interface SystemClient {
  readonly url: string;
  /** The guardian. */
  readonly pid: number;
  /**
   * @throws NightjarError control.unavailable: nothing was reached, so nothing was done
   * @throws NightjarError net.cut | net.timeout: sent, and the outcome is unknown
   */
  call(method: 'GET' | 'POST', path: string, role: Role, body?: unknown): Promise<ClientReply>;
}

export interface ClientReply {
  readonly status: number;
  readonly body: unknown;
}

/** The edge answers within 5 s whatever the core does. */
const ANSWER_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** @throws NightjarError control.unavailable when nothing runs there, data.unreadable */
export function connectToSystem(dataPath: string): SystemClient {
  const dataDir = openDataDir(dataPath);
  const endpoint = dataDir.readEndpoint();
  const nothingRuns = (why: string) =>
    new NightjarError('control.unavailable', `nothing runs on ${dataDir.root} (${why})`, {
      remedy: 'start it with "nightjar start", or name its data directory with --data',
    });
  if (endpoint === null) throw nothingRuns('it has no endpoint.json');
  if (!isAlive(endpoint.pid)) throw nothingRuns(`process ${endpoint.pid} of its endpoint.json is gone`);
  const tokens = readTokens(dataDir.tokensPath);

  return {
    url: endpoint.url,
    pid: endpoint.pid,
    call: (method, path, role, body) => send(new URL(path, endpoint.url), method, tokens[role], body),
  };
}

function send(url: URL, method: string, token: string, body: unknown): Promise<ClientReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientReply>();
  const text = body === undefined ? '' : JSON.stringify(body);
  const request = httpRequest(url, {
    method,
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  let connected = false;
  request.on('socket', (socket) =>
    socket.once('connect', () => {
      connected = true;
    }),
  );
  request.on('error', (error: NodeJS.ErrnoException) => reject(clientError(error, url, connected)));
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    response.on('error', (error: NodeJS.ErrnoException) => reject(clientError(error, url, true)));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) }),
    );
  });
  request.end(text);
  return promise;
}

function clientError(error: NodeJS.ErrnoException, url: URL, connected: boolean): NightjarError {
  if (!connected) {
    const remedy = 'its core may be starting again: try again in a few seconds, then ask "nightjar doctor"';
    return new NightjarError(
      'control.unavailable',
      `${url.origin} cannot be reached: ${error.message}`,
      { remedy },
      error,
    );
  }
  const timedOut = error.name === 'AbortError' || error.name === 'TimeoutError';
  return timedOut
    ? new NightjarError('net.timeout', `${url.origin} did not answer within ${ANSWER_MS / 1000} s`, {}, error)
    : new NightjarError('net.cut', `the connection to ${url.origin} broke: ${error.message}`, {}, error);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text.slice(0, 200) };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
