import type { AnyEventObject } from 'xstate';

type Reply = (answer: unknown) => void;

/** What every hosted actor understands on its control queue, also while it is suspended. */
export type HostVerb =
  | { readonly type: 'host.getState'; readonly reply: Reply }
  /** The newest `count` events, oldest first. */
  | { readonly type: 'host.trace'; readonly count: number; readonly reply: Reply }
  | { readonly type: 'host.suspend' }
  | { readonly type: 'host.resume' }
  | { readonly type: 'host.stop' }
  /** A drill: dies as by any error. */
  | { readonly type: 'host.crash'; readonly reason: string };

const VERBS: ReadonlySet<string> = new Set([
  'host.getState',
  'host.trace',
  'host.suspend',
  'host.resume',
  'host.stop',
  'host.crash',
]);

export const isHostVerb = (event: AnyEventObject): event is HostVerb => VERBS.has(event.type);
