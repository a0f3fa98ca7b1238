import { registerHooks } from 'node:module';
import net from 'node:net';
import { parentPort } from 'node:worker_threads';

/**
 * Loaded into the gateway thread before its entry, as a dependency that turned hostile would be: when told, it tries to
 * reach a port that is no venue's. It also lists the packages whose code was loaded into the thread.
 */
const packages = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    return nextLoad(url, context);
  },
});

parentPort?.on('message', (message: { readonly type: string; readonly port?: number }) => {
  if (message.type === 'packages') parentPort?.postMessage({ type: 'packages', names: [...packages] });
  if (message.type !== 'hostile') return;
  const socket = net.connect(message.port!, '127.0.0.1');
  socket.on('connect', () => socket.write('the key is …'));
  socket.on('error', (error) => parentPort?.postMessage({ type: 'hostileFailed', message: error.message }));
});
