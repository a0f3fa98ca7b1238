import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createWallTransport } from './wallTransport.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function startHttp(handler: http.RequestListener) {
  const server = http.createServer(handler);
  const port = await listen(server);
  cleanups.unshift(() => server.closeAllConnections());
  const transport = createWallTransport();
  cleanups.unshift(() => transport.close());
  return { server, transport, url: `http://127.0.0.1:${port}` };
}

describe('wall transport over HTTP', () => {
  it('resolves any status, with body bytes and header names in lower case', async () => {
    const { transport, url } = await startHttp((request, response) => {
      let got = '';
      request.on('data', (chunk) => {
        got += chunk;
      });
      request.on('end', () => {
        response.writeHead(429, { 'Retry-After': '7' });
        response.end(`${request.method} ${got}`);
      });
    });

    const answer = await transport.request({ method: 'POST', url: `${url}/x`, body: '{"é":1}', timeoutMs: 2_000 });

    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('7');
    expect(Buffer.from(answer.body).toString('utf8')).toBe('POST {"é":1}');
  });

  it('keeps the connection for the next request', async () => {
    const ports: (number | undefined)[] = [];
    const { transport, url } = await startHttp((request, response) => {
      ports.push(request.socket.remotePort);
      response.end('ok');
    });
    await transport.request({ method: 'GET', url, timeoutMs: 2_000 });
    await transport.request({ method: 'GET', url, timeoutMs: 2_000 });

    expect(ports[1]).toBe(ports[0]);
  });

  it('names a silent server a timeout, without the query that may hold a signature', async () => {
    const { transport, url } = await startHttp(() => {});

    const failure = transport.request({ method: 'GET', url: `${url}/slow?signature=s3cret`, timeoutMs: 40 });

    await expect(failure).rejects.toMatchObject({ code: 'net.timeout' });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining('s3cret') });
  });

  it('counts the body into the deadline', async () => {
    const { transport, url } = await startHttp((_, response) => {
      response.writeHead(200);
      response.write('first half');
    });
    await expect(transport.request({ method: 'GET', url, timeoutMs: 60 })).rejects.toMatchObject({
      code: 'net.timeout',
    });
  });

  it('tells a refused connection from one that was cut after the request had left', async () => {
    const { transport, url, server } = await startHttp((request) => request.socket.destroy());
    await expect(transport.request({ method: 'POST', url, body: '{}', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'net.cut',
    });

    const spare = net.createServer();
    const port = await listen(spare);
    await new Promise((resolve) => spare.close(resolve));
    await expect(
      transport.request({ method: 'GET', url: `http://127.0.0.1:${port}`, timeoutMs: 2_000 }),
    ).rejects.toMatchObject({ code: 'net.refused' });
    await expect(transport.request({ method: 'GET', url: 'nonsense', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'net.refused',
    });
    expect(server.listening).toBe(true);
  });

  it('repeats a GET whose idle connection died, and never a POST', async () => {
    let seen = 0;
    const { transport, url } = await startHttp((request, response) => {
      seen += 1;
      // Requests 2 and 4 arrive on a kept connection, which dies under them.
      if (seen === 2 || seen === 4) request.socket.destroy();
      else response.end('ok');
    });
    const get = () => transport.request({ method: 'GET', url, timeoutMs: 2_000 });
    await get();
    expect((await get()).status).toBe(200);
    expect(seen).toBe(3);

    await expect(transport.request({ method: 'POST', url, body: '{}', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'net.cut',
    });
    expect(seen).toBe(4);
  });
});

async function startSocketServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => server.on('listening', resolve));
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('wall transport over WebSocket', () => {
  it('carries bytes and text, hears pings as heartbeats and reports the peer closing once', async () => {
    const { server, url } = await startSocketServer();
    const seen: string[] = [];
    server.on('connection', (peer) => {
      peer.on('message', (data) => {
        peer.ping();
        peer.send(`echo ${data.toString()}`);
        peer.close(4001, 'enough');
      });
    });

    await new Promise<void>((resolve) => {
      const handle = createWallTransport().openSocket(url, {
        onOpen: () => seen.push(`open ${handle.send('hi')}`),
        onMessage: (data, isBinary) => seen.push(`${Buffer.from(data).toString()} ${isBinary}`),
        onHeartbeat: () => seen.push('beat'),
        onClose: (code, reason) => {
          seen.push(`close ${code} ${reason} ${handle.send('late')}`);
          resolve();
        },
      });
      expect(handle.send('too early')).toBe(false);
    });

    expect(seen).toEqual(['open true', 'beat', 'echo hi false', 'close 4001 enough false']);
  });

  it('reports a connection that never opened as closed, with the reason', async () => {
    const spare = net.createServer();
    const port = await listen(spare);
    await new Promise((resolve) => spare.close(resolve));
    const closes: string[] = [];
    for (const url of [`ws://127.0.0.1:${port}`, 'nonsense://']) {
      await new Promise<void>((resolve) => {
        createWallTransport().openSocket(url, {
          onOpen: () => closes.push('open'),
          onMessage: () => {},
          onHeartbeat: () => {},
          onClose: (code, reason) => {
            closes.push(`${code} ${reason !== ''}`);
            resolve();
          },
        });
      });
    }
    expect(closes).toEqual(['1006 true', '1006 true']);
  });

  it('ends a connection by force when the peer does not answer the close', async () => {
    // A raw peer that shakes hands and then never reads again.
    const server = http.createServer();
    server.on('upgrade', async (request, socket) => {
      const { createHash } = await import('node:crypto');
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      cleanups.unshift(() => socket.destroy());
    });
    const port = await listen(server);

    const code = await new Promise<number>((resolve) => {
      const handle = createWallTransport().openSocket(`ws://127.0.0.1:${port}`, {
        onOpen: () => handle.close(),
        onMessage: () => {},
        onHeartbeat: () => {},
        onClose: resolve,
      });
    });
    expect(code).toBe(1006);
  });

  it('refuses a message above 8 MiB by closing', async () => {
    const { server, url } = await startSocketServer();
    server.on('connection', (peer) => peer.send(Buffer.alloc(8 * 1024 * 1024 + 1)));
    let messages = 0;
    const code = await new Promise<number>((resolve) => {
      createWallTransport().openSocket(url, {
        onOpen: () => {},
        onMessage: () => {
          messages += 1;
        },
        onHeartbeat: () => {},
        onClose: resolve,
      });
    });
    expect({ code, messages }).toEqual({ code: 1006, messages: 0 });
  });
});
