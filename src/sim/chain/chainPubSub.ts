import type { PublicKey } from '@solana/web3.js';
import type { ChainLedger, Landed } from './chainLedger.ts';
import { accountKey, RpcError } from './chainRpc.ts';

/** Subscriptions of one connection; the next one is refused. */
const MOST_SUBSCRIPTIONS = 256;

type Send = (message: unknown) => void;

/** What a node tells of an account that is no more. */
const CLOSED_ACCOUNT = {
  lamports: 0,
  data: ['', 'base64'],
  owner: '11111111111111111111111111111111',
  executable: false,
  space: 0,
};

/** One reader's subscriptions: `signature`, `logs`, `account` and `slot`, in the node's words. */
export function createPubSub(ledger: ChainLedger, readAccount: (key: PublicKey) => unknown, send: Send) {
  const subscriptions = new Map<number, () => void>();
  let lastId = 0;

  const notify = (kind: string, subscription: number, result: unknown) =>
    send({ jsonrpc: '2.0', method: `${kind}Notification`, params: { result, subscription } });
  const inContext = (slot: number, value: unknown) => ({ context: { slot }, value });
  const end = (id: number) => {
    subscriptions.get(id)?.();
    return subscriptions.delete(id);
  };

  const starts: Readonly<Record<string, (id: number, params: readonly unknown[]) => () => void>> = {
    signatureSubscribe(id, [signature]) {
      const tell = (landed: Landed) => {
        // One notification, and the node forgets the subscription by itself.
        end(id);
        notify('signature', id, inContext(landed.slot, { err: landed.err }));
      };
      const known = ledger.find(String(signature));
      // Told after the answer that names the subscription.
      if (known !== undefined) queueMicrotask(() => subscriptions.has(id) && tell(known));
      return ledger.onLanded((landed) => landed.signature === signature && tell(landed));
    },
    logsSubscribe(id, [filter]) {
      const mentions =
        typeof filter === 'object' ? (filter as { readonly mentions?: readonly string[] }).mentions : null;
      return ledger.onLanded((landed) => {
        const keys = landed.transaction.message.staticAccountKeys.map((key) => key.toBase58());
        if (mentions != null && !mentions.some((key) => keys.includes(key))) return;
        const { signature, err, logs } = landed;
        notify('logs', id, inContext(landed.slot, { signature, err, logs }));
      });
    },
    accountSubscribe(id, [address]) {
      const key = accountKey(address);
      let last = JSON.stringify(readAccount(key));
      // A node tells of an account when a slot has changed it.
      return ledger.onSlot((slot) => {
        const account = readAccount(key);
        const now = JSON.stringify(account);
        if (now === last) return;
        last = now;
        notify('account', id, inContext(slot, account ?? CLOSED_ACCOUNT));
      });
    },
    slotSubscribe: (id) =>
      ledger.onSlot((slot) => notify('slot', id, { parent: slot - 1, root: Math.max(0, slot - 32), slot })),
  };

  return {
    /** @returns null when the method is none of PubSub's; what it answers is sent before any notification */
    call(method: string, params: readonly unknown[]): { readonly result: unknown } | null {
      if (method.endsWith('Unsubscribe')) return { result: end(Number(params[0])) };
      if (!Object.hasOwn(starts, method)) return null;
      if (subscriptions.size >= MOST_SUBSCRIPTIONS) throw new RpcError(-32005, 'Too many subscriptions');
      lastId += 1;
      const id = lastId;
      subscriptions.set(id, () => {});
      subscriptions.set(id, starts[method]!(id, params));
      return { result: id };
    },
    close() {
      for (const id of [...subscriptions.keys()]) end(id);
    },
  };
}
