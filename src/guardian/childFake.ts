import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';

/** A child process for tests: it records what it is sent, ends with its channel, and does nothing by itself. */
export class ChildFake extends EventEmitter {
  connected = true;
  exitCode: number | null = null;
  signalCode: string | null = null;
  readonly stdio: readonly unknown[] = [];
  readonly sent: unknown[] = [];

  send(message: unknown): boolean {
    this.sent.push(message);
    return true;
  }

  disconnect(): void {
    this.connected = false;
    this.exitCode = 0;
    this.emit('exit', 0, null);
  }

  kill(signal: string): boolean {
    this.connected = false;
    this.signalCode = signal;
    this.emit('exit', null, signal);
    return true;
  }

  asProcess(): ChildProcess {
    return this as unknown as ChildProcess;
  }
}
