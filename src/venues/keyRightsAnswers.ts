import type { CexVenue } from '../domain/instruments.ts';

/** What can be wrong with a key. Every one refuses to trade with it until the operator names it. */
export const KEY_RISKS = ['withdraw', 'transfer', 'no_ip_limit', 'no_trade', 'unknown_rights'] as const;
export type KeyRisk = (typeof KEY_RISKS)[number];

/** True, false, or not said. */
type Said = boolean | undefined;

interface Rights {
  readonly trade: Said;
  readonly withdraw: Said;
  readonly transfer: Said;
  readonly ipLimit: Said;
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const flag = (value: unknown): Said => (typeof value === 'boolean' ? value : undefined);

/** `enableInternalTransfer` moves between users, `permitsUniversalTransfer` between own accounts (binance: account/Get-API-Key-Permission, read 2026-11-22). */
function binanceRights(body: unknown): Rights {
  const said = fields(body);
  const moves = [said.enableInternalTransfer, said.permitsUniversalTransfer].map(flag);
  return {
    trade: flag(said.enableSpotAndMarginTrading),
    withdraw: flag(said.enableWithdrawals),
    transfer: moves.includes(true) ? true : moves.includes(undefined) ? undefined : false,
    ipLimit: flag(said.ipRestrict),
  };
}

/** `perm` is a list such as `read_only,trade,withdraw`, and `withdraw` covers transfers; `ip` is empty without a limit (okx: account/config, read 2026-11-22). */
function okxRights(body: unknown): Rights {
  const data = fields(body).data;
  const { perm, ip } = fields(Array.isArray(data) ? data[0] : undefined);
  const rights = typeof perm === 'string' && perm !== '' ? perm.split(',').map((one) => one.trim()) : undefined;
  return {
    trade: rights?.includes('trade'),
    withdraw: rights?.includes('withdraw'),
    transfer: rights === undefined ? undefined : false,
    ipLimit: typeof ip === 'string' ? ip.trim() !== '' : undefined,
  };
}

/** `permissions.Wallet` names what may be moved, `ips: ["*"]` is no limit (bybit: v5/user/apikey-info, read 2026-11-22). */
function bybitRights(body: unknown): Rights {
  const { permissions, ips, readOnly } = fields(fields(body).result);
  const listed = (name: string) => {
    const list = fields(permissions)[name];
    return Array.isArray(list) ? list.map(String) : undefined;
  };
  const [spot, wallet] = [listed('Spot'), listed('Wallet')];
  const known = Array.isArray(ips) ? ips.map(String) : undefined;
  return {
    trade: spot === undefined ? undefined : spot.includes('SpotTrade') && readOnly !== 1,
    withdraw: wallet?.some((right) => /withdraw/i.test(right)),
    transfer: wallet?.some((right) => /transfer/i.test(right)),
    ipLimit: known === undefined ? undefined : known.length > 0 && !known.includes('*'),
  };
}

const READERS: Readonly<Record<CexVenue, (body: unknown) => Rights>> = {
  binance: binanceRights,
  okx: okxRights,
  bybit: bybitRights,
};

/** What an answer shows to be wrong with the key. What it does not say is not taken for harmless. */
export function readKeyRights(venue: CexVenue, body: unknown): readonly KeyRisk[] {
  const { trade, withdraw, transfer, ipLimit } = READERS[venue](body);
  const found: Record<KeyRisk, boolean> = {
    withdraw: withdraw === true,
    transfer: transfer === true,
    no_ip_limit: ipLimit === false,
    no_trade: trade === false,
    unknown_rights: [trade, withdraw, transfer, ipLimit].includes(undefined),
  };
  return KEY_RISKS.filter((risk) => found[risk]);
}
