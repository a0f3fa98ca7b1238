import { expect, it } from 'vitest';
import type { Clock, SocketHandlers, Transport } from '../domain/ports.ts';
import { RecordBuffer } from './recordBuffer.ts';
import type { ToRecorder } from './recordMessages.ts';
import { tapTransport } from './recordTap.ts';

const OF = { venue: 'binance', market: 'usdm', symbol: 'SOLUSDT' };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A feed's network under a tap, of which the test is the other end. */
function startTap() {
  const told: string[] = [];
  const post = (message: ToRecorder) => {
    if (message.type === 'chunk') {
      const lines = new TextDecoder().decode(message.buffer.slice(0, message.length)).trimEnd().split('\n');
      for (const line of lines) told.push(`${message.connection} ${line.slice(20)}`);
    } else if (message.type === 'open' || message.type === 'close') told.push(`${message.connection} ${message.type}`);
  };
  const buffer = new RecordBuffer(post);
  const venue: SocketHandlers[] = [];
  const answer = { status: 200, headers: {}, body: bytesOf('') as Uint8Array };
  const network: Transport = {
    request: async () => answer,
    openSocket(_url, handlers) {
      venue.push(handlers);
      return { send: () => true, ping: () => {}, close: () => {} };
    },
  };
  let connections = 0;
  const nextConnection = () => {
    connections += 1;
    return connections;
  };
  const clock = { nowMs: () => 1_767_616_200_000 } as Clock;
  const transport = tapTransport(OF, { clock, transport: network, buffer, post, nextConnection });
  /** The feed opens a socket; what it hears stands among what the recording was told. */
  const connect = (url: string) => {
    transport.openSocket(url, {
      onOpen: () => {},
      onMessage: (data) => {
        buffer.flush();
        told.push(`feed hears ${new TextDecoder().decode(data)}`);
      },
      onHeartbeat: () => {},
      onClose: () => told.push('feed hears of the end'),
    });
    const handlers = venue.at(-1)!;
    handlers.onOpen();
    return handlers;
  };
  const ask = async (body: string, status = 200) => {
    Object.assign(answer, { status, body: bytesOf(body) });
    await transport.request({ method: 'GET', url: 'rest', timeoutMs: 1 });
    buffer.flush();
  };
  return { told, connect, ask };
}

it('records each frame before the feed hears it, each connection apart, and its end behind its last frame', () => {
  const { told, connect } = startTap();
  const socket = connect('ws://public');
  socket.onMessage(bytesOf('{"a":1}'), false);
  socket.onClose(1006, 'cut');
  connect('ws://public').onMessage(bytesOf('{"b":2}'), false);
  expect(told).toEqual([
    '1 open',
    '1 {"a":1}',
    'feed hears {"a":1}',
    '1 close',
    'feed hears of the end',
    '2 open',
    '2 {"b":2}',
    'feed hears {"b":2}',
  ]);
});

it('puts a REST snapshot among the frames of the newest connection of the book, and an error nowhere', async () => {
  const { told, connect, ask } = startTap();
  const book = connect('ws://public');
  connect('ws://market');
  await ask('{"lastUpdateId":1}');
  book.onClose(1006, 'cut');
  connect('ws://public');
  await ask('{"lastUpdateId":2}');
  await ask('{"code":-1003}', 429);
  expect(told.filter((line) => line.includes('{'))).toEqual(['1 {"lastUpdateId":1}', '3 {"lastUpdateId":2}']);
});
