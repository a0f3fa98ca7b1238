import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PublicKey } from '@solana/web3.js';
import { WebSocketServer } from 'ws';
import { NightjarError } from '../../domain/errors.ts';
import type { ChainLedger } from './chainLedger.ts';
import { createPubSub } from './chainPubSub.ts';
import { RpcError } from './chainRpc.ts';

const HOST = '127.0.0.1';
const LARGEST_BODY_BYTES = 1 << 18;
/** A reader that lags this far behind is cut, as a node does. */
const LARGEST_BACKLOG_BYTES = 8 << 20;

type Call = (method: string, params: readonly unknown[]) => unknown;

export interface ChainFaults {
  /** Notifications are swallowed: what landed is found by asking only. */
  muteNotifications: boolean;
}

export interface ChainServer {
  readonly rest: string;
  readonly ws: string;
  close(): Promise<void>;
}

/** JSON-RPC over HTTP and PubSub over WebSocket, on one port as most providers have it. */
export function startChainServer(
  rpc: Call,
  ledger: ChainLedger,
  readAccount: (key: PublicKey) => unknown,
  faults: ChainFaults,
  port: number,
): Promise<ChainServer> {
  const http = createServer((request, response) => void answerHttp(rpc, request, response));
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: LARGEST_BODY_BYTES });
  sockets.on('connection', (socket) => {
    const send = (message: unknown) => {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > LARGEST_BACKLOG_BYTES) socket.terminate();
      else socket.send(JSON.stringify(message));
    };
    const pubSub = createPubSub(ledger, readAccount, (message) => {
      if (!faults.muteNotifications) send(message);
    });
    socket.on('message', (data) => {
      const answer = answerText(data.toString(), (method, params) => {
        const subscribed = pubSub.call(method, params);
        return subscribed === null ? rpc(method, params) : subscribed.result;
      });
      if (answer !== null) send(answer);
    });
    socket.on('close', () => pubSub.close());
    // Broken frames and resets end in `close`; without a listener they would end the process.
    socket.on('error', () => socket.terminate());
  });
  // The HTTP server's trouble is reported there.
  sockets.on('error', () => {});
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) =>
      reject(new NightjarError('port.busy', `port ${port} for the embedded chain: ${error.code}`, { port }, error)),
    );
    http.listen(port, HOST, () => {
      const at = `${HOST}:${(http.address() as AddressInfo).port}`;
      const close = () =>
        new Promise<void>((done) => {
          http.close(() => done());
          http.closeAllConnections();
          for (const socket of sockets.clients) socket.terminate();
          sockets.close();
        });
      resolve({ rest: `http://${at}`, ws: `ws://${at}`, close });
    });
  });
}

async function answerHttp(rpc: Call, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > LARGEST_BODY_BYTES) return void response.writeHead(413, { connection: 'close' }).end();
      chunks.push(chunk);
    }
  } catch {
    return void response.destroy();
  }
  const body = JSON.stringify(answerText(Buffer.concat(chunks).toString('utf8'), rpc) ?? {});
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

/** One call or a batch of them. @returns null for a notification, which wants no answer */
function answerText(text: string, call: Call): unknown {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return { jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null };
  }
  if (Array.isArray(request)) return request.map((one) => answerOne(one, call));
  return answerOne(request, call);
}

function answerOne(request: unknown, call: Call): unknown {
  const { id, method, params } = (request ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
  if (typeof method !== 'string') {
    return { jsonrpc: '2.0', error: { code: -32600, message: 'Invalid request' }, id: id ?? null };
  }
  // web3.js pings so; nobody answers.
  if (id === undefined) return null;
  try {
    return { jsonrpc: '2.0', result: call(method, Array.isArray(params) ? params : []), id };
  } catch (error) {
    const { code, data } = error instanceof RpcError ? error : { code: -32603, data: undefined };
    const message = error instanceof Error ? error.message : String(error);
    return { jsonrpc: '2.0', error: { code, message, ...(data === undefined ? {} : { data }) }, id };
  }
}
