import type { TreeNode } from '../actors/treeStatus.ts';
import type { CoreStatus } from '../guardian/coreMessages.ts';
import type { FeedFigures } from '../telemetry/feedFigures.ts';
import type { StatusView, TreeNodeView } from '../workers/statusView.ts';
import type { KernelView } from './kernel.ts';

/** What the guardian shows and sums up. */
export function coreStatus(view: KernelView, feeds: Record<string, FeedFigures>): CoreStatus {
  return {
    tree: view.tree.map(nodeView),
    restarts: view.restarts,
    feeds: Object.fromEntries(Object.values(feeds).map((feed) => [`${feed.venue}:${feed.pair}`, totals(feed)])),
    bots: view.bots.map(({ id, state, looks, near, auto, go, trades, permit, ev, lastReasons }) => ({
      id,
      state,
      looks,
      near,
      auto,
      go,
      trades,
      permit,
      net: ev.net,
      last: lastReasons[0]?.end ?? '–',
    })),
    openOrders: view.openOrders,
  };
}

const totals = ({ frames, gaps, resyncs, crossed, badFrames, reconnects }: FeedFigures) => ({
  frames,
  gaps,
  resyncs,
  crossed,
  badFrames,
  reconnects,
});

/** What the edge thread serves as the page and `status`. */
export function statusView(
  view: KernelView,
  about: Pick<StatusView, 'atMs' | 'run' | 'startedAtMs' | 'corePid' | 'mode' | 'env' | 'guardianUp'>,
): StatusView {
  return {
    ...about,
    embedded: about.env === 'sim',
    incarnation: view.incarnation,
    phase: view.stopping ? 'stopping' : view.tree[0]?.state === 'running' ? 'running' : 'starting',
    tree: view.tree.map(nodeView),
    bots: Object.fromEntries(
      view.bots.map(({ id, permit: _permit, suspended: _suspended, mailbox: _mailbox, ...bot }) => [
        id.replace(/^bot:/, ''),
        bot,
      ]),
    ),
    restarts: view.restarts,
  };
}

function nodeView(node: TreeNode): TreeNodeView {
  return {
    id: node.id,
    state: node.state,
    incarnation: node.incarnation,
    restarts: node.restartsInWindow,
    ...(node.children.length === 0 ? {} : { children: node.children.map(nodeView) }),
  };
}
