import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import threads from 'node:worker_threads';
import { NightjarError } from '../domain/errors.ts';
import type { VenueEndpoints } from '../domain/ports.ts';

/** Targets that are reported one by one; what comes after is only counted. */
const MAX_REPORTED = 64;

type AnyFunction = (...args: never[]) => unknown;
type Builtin = Record<string, unknown>;

/** Host and port of every REST base and of the chain's PubSub: where the gateway's requests go, and nowhere else. */
export function venueTargets({ binance, okx, bybit, jupiter, chain }: VenueEndpoints): readonly string[] {
  const bases = [binance, okx, bybit, jupiter].map(({ rest }) => rest);
  return [...bases, ...(chain === undefined ? [] : [chain.rest, chain.ws])].map((base) => {
    const { hostname, port, protocol } = new URL(base);
    return `${bare(hostname)}:${port || (protocol === 'https:' || protocol === 'wss:' ? 443 : 80)}`;
  });
}

/**
 * From here on this thread reaches the given targets and no other: no socket, no name, no datagram, and no process or
 * thread that would not know of this. A layer against a dependency that turns hostile, not a wall: code in the same
 * thread that knows of it can undo it, and only the operating system can keep a process in.
 *
 * @param onRefused  the target, and whether it is new; called before the caller gets its error
 * @returns undoes it
 */
export function guardEgress(
  allowed: readonly string[],
  onRefused: (target: string, isNew: boolean) => void,
): () => void {
  const targets = new Set(allowed);
  const hosts = new Set(allowed.map((target) => target.slice(0, target.lastIndexOf(':'))));
  const reported = new Set<string>();
  const undo: (() => void)[] = [];

  const refuse = (target: string): NightjarError => {
    const isNew = !reported.has(target) && reported.size < MAX_REPORTED;
    if (isNew) reported.add(target);
    onRefused(target, isNew);
    return new NightjarError('net.refused', `${target} is no venue of this system: nothing is sent there`, { target });
  };
  const replace = (owner: object, name: string, by: (original: AnyFunction) => AnyFunction) => {
    const holder = owner as Builtin;
    const original = holder[name];
    if (typeof original !== 'function') return;
    holder[name] = by(original as AnyFunction);
    undo.push(() => {
      holder[name] = original;
    });
  };
  const forbid = (owner: object, names: readonly string[], what: string) => {
    for (const name of names) {
      // A function, not an arrow: some of these are called with `new`.
      replace(
        owner,
        name,
        () =>
          function refused() {
            throw refuse(`${what}:${name}`);
          },
      );
    }
  };

  replace(
    net.Socket.prototype,
    'connect',
    (connect) =>
      function guarded(this: net.Socket, ...args: never[]) {
        const target = targetOf(args);
        if (targets.has(target)) return connect.apply(this, args);
        const error = refuse(target);
        process.nextTick(() => this.destroy(error));
        return this;
      },
  );
  const lookup = (original: AnyFunction) =>
    ((...args: never[]) => {
      const host = bare(String(args[0] as unknown));
      if (hosts.has(host)) return original(...args);
      throw refuse(`${host}:name`);
    }) as AnyFunction;
  for (const owner of [dns, dns.promises]) {
    replace(owner, 'lookup', lookup);
    forbid(
      owner,
      Object.keys(owner).filter((name) => /^(resolve|reverse|lookupService)/.test(name)),
      'dns',
    );
    forbid(owner, ['Resolver'], 'dns');
  }
  forbid(dgram, ['createSocket', 'Socket'], 'datagram');
  forbid(childProcess, ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'], 'process');
  forbid(threads, ['Worker'], 'thread');
  syncBuiltinESMExports();

  return () => {
    for (const one of undo) one();
    syncBuiltinESMExports();
  };
}

/** `net.Socket.connect` takes (options), (path), (port, host) or, from inside Node, the normalised array of these. */
function targetOf(args: readonly unknown[]): string {
  const given = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  const [first, second] = given;
  if (typeof first === 'object' && first !== null) {
    const { path, host, port } = first as { path?: unknown; host?: unknown; port?: unknown };
    // As Node decides it: a path makes it a pipe, whatever else is given.
    if (path) return `path:${String(path)}`;
    return `${bare(String(host ?? 'localhost'))}:${String(port)}`;
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return `path:${first}`;
  return `${bare(typeof second === 'string' ? second : 'localhost')}:${String(first)}`;
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();
