import childProcess, { execSync } from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { guardEgress } from '../src/workers/egressGuard.ts';

/** Tries every way out of a guarded thread and reports how each ended. */
const { allowed, stranger, venue } = workerData as {
  readonly allowed: string;
  readonly stranger: number;
  readonly venue: number;
};
let refused = 0;
const undo = guardEgress([allowed], () => {
  refused += 1;
});

const endOf = (error: unknown): string => {
  const causes = [error, (error as Error).cause].map((one) => String((one as Error | undefined)?.message ?? ''));
  return causes.some((text) => text.includes('no venue of this system')) ? 'refused' : `other: ${causes.join(' / ')}`;
};
const viaSocket = (open: () => net.Socket) =>
  new Promise<string>((resolve) => {
    const socket = open();
    socket.on('connect', () => {
      socket.destroy();
      resolve('through');
    });
    socket.on('error', (error) => resolve(endOf(error)));
  });
const viaRequest = (open: () => http.ClientRequest) =>
  new Promise<string>((resolve) => {
    const request = open();
    request.on('response', () => resolve('through'));
    request.on('error', (error) => resolve(endOf(error)));
    request.end();
  });
const viaCall = async (call: () => unknown) => {
  try {
    await call();
    return 'through';
  } catch (error) {
    return endOf(error);
  }
};

const url = `http://127.0.0.1:${stranger}/`;
const tried = {
  venue: await viaSocket(() => net.connect(venue, '127.0.0.1')),
  portHost: await viaSocket(() => net.connect(stranger, '127.0.0.1')),
  options: await viaSocket(() => net.connect({ port: stranger, host: '127.0.0.1' })),
  portAlone: await viaSocket(() => net.connect(stranger)),
  bareSocket: await viaSocket(() => new net.Socket().connect(stranger, '127.0.0.1')),
  pipe: await viaSocket(() => net.connect('/tmp/some.sock')),
  tls: await viaSocket(() => tls.connect({ port: stranger, host: '127.0.0.1' })),
  otherName: await viaSocket(() => net.connect(venue, 'localhost')),
  http: await viaRequest(() => http.request(url)),
  https: await viaRequest(() => https.request(url.replace('http', 'https'))),
  fetch: await viaCall(() => fetch(url)),
  lookup: await viaCall(() => dns.lookup('evil.example', () => {})),
  resolve: await viaCall(() => dns.promises.resolveTxt('key.evil.example')),
  resolver: await viaCall(() => new dns.Resolver()),
  datagram: await viaCall(() => dgram.createSocket('udp4')),
  process: await viaCall(() => [execSync('true'), childProcess.spawnSync('true')]),
  thread: await viaCall(() => new Worker('0', { eval: true })),
};
undo();
const afterUndo = await viaSocket(() => net.connect(stranger, '127.0.0.1'));
parentPort?.postMessage({ type: 'tried', tried: { ...tried, afterUndo }, refused });
