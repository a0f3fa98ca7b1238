import type { TreeNode } from '../actors/treeStatus.ts';
import { THREAD_DRILLS } from '../workers/threadDrill.ts';
import type { OtherCommand } from './commands.ts';
import type { ControlMessage } from './inputs.ts';

export interface ThreadDrillReply {
  readonly status: number;
  readonly body: unknown;
}

/**
 * `error-sim THREAD mode=spin|hang|memory`: a fault on purpose. What it leads to arrives as the thread's end, like any
 * other crash; for `core` the guardian ends the process.
 */
export function answerThreadDrill(
  { target, args }: ControlMessage,
  root: TreeNode,
  command: (command: OtherCommand) => void,
): ThreadDrillReply {
  const threads = threadsIn(root);
  const known = threads.map(({ id }) => id);
  const drill = THREAD_DRILLS.find((one) => one === args.mode);
  if (drill === undefined) {
    const error = `mode ${JSON.stringify(args.mode) ?? '(none)'} is unknown: use --arg mode= with one of ${THREAD_DRILLS.join(', ')}`;
    return { status: 400, body: { error, known: THREAD_DRILLS } };
  }
  const thread = threads.find(({ id }) => id === target);
  if (thread === undefined) {
    const error = target === undefined ? '"error-sim" needs a target' : `"${target}" has no thread of its own`;
    return {
      status: target === undefined ? 400 : 404,
      body: { error: `${error}: use one of ${known.join(', ')}`, known },
    };
  }
  if (thread.state !== 'running') {
    return { status: 409, body: { error: `${thread.id} does not run (${thread.state}): nothing to drill`, known } };
  }
  command({ type: 'thread.drill', thread: thread.id, drill });
  // Nobody can say more: what misbehaves already does not read what is posted to it.
  const means = 'posted: acted out when the thread next reads its messages; one that spins or hangs already does not';
  return { status: 200, body: { drilled: thread.id, mode: drill, means } };
}

/** The core's own and those that the tree starts in threads: bots, risk and control live in the core's. */
function threadsIn(root: TreeNode): { readonly id: string; readonly state: string }[] {
  const services = root.children.filter(({ id }) => ['edge', 'journal', 'gateway'].includes(id));
  const lanes = root.children.find(({ id }) => id === 'lanes')?.children ?? [];
  return [{ id: 'core', state: 'running' }, ...services, ...lanes];
}
