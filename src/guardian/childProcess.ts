import { type ChildProcess, fork } from 'node:child_process';
import { NightjarError } from '../domain/errors.ts';

/** What a child needs of the environment; the rest may hold secrets of whoever started us. */
const KEPT =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_\w+|NO_COLOR|FORCE_COLOR|SSL_CERT_\w+|NODE_\w+|WS_\w+|NIGHTJAR_\w+)$/;
const SECRET = /KEY|SECRET|TOKEN|PASS|CREDENTIAL|MNEMONIC|PRIVATE|AUTH/i;

/** The environment without what looks like a secret, and without what nobody here knows. */
export function childEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.test(name) && !SECRET.test(name)));
}

/**
 * Forks a Node process in a session of its own, so that a Ctrl-C on the terminal reaches only the guardian; the child
 * ends when this end of the IPC channel closes.
 *
 * @param pipes  more descriptors of the child, from 4 on
 */
export function forkChild(
  entry: string,
  args: readonly string[],
  stdout: 'inherit' | 'ignore' = 'inherit',
  pipes: readonly 'pipe'[] = [],
): ChildProcess {
  const child = fork(entry, [...args], {
    detached: true,
    stdio: ['ignore', stdout, 'inherit', 'ipc', ...pipes],
    serialization: 'advanced',
    env: childEnv(process.env),
    // No text becomes code in a process that trades: a V8 flag, so it holds for all of its threads.
    execArgv: ['--disable-warning=ExperimentalWarning', '--disallow-code-generation-from-strings'],
  });
  // A send in the instant after its death must not end the guardian: `exit` tells of the death.
  child.on('error', () => {});
  return child;
}

/**
 * The first message for which `pick` answers something.
 * @throws NightjarError thread.lost when the child ends first, net.timeout when it stays silent
 */
export function firstMessage<T>(
  child: ChildProcess,
  what: string,
  timeoutMs: number,
  pick: (message: unknown) => T | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      settle();
    };
    const onMessage = (message: unknown) => {
      const picked = pick(message);
      if (picked !== null) finish(() => resolve(picked));
    };
    const onExit = (code: number | null, signal: string | null) =>
      finish(() =>
        reject(new NightjarError('thread.lost', `${what} ended before it was ready (${signal ?? `code ${code}`})`)),
      );
    const timer = setTimeout(
      () =>
        finish(() => reject(new NightjarError('net.timeout', `${what} was not ready within ${timeoutMs / 1000} s`))),
      timeoutMs,
    );
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** Resolves when the child has exited; kills it when it has not within `graceMs`. */
export function ended(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
