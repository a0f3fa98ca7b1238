import { afterEach, describe, expect, it } from 'vitest';
import type { CexVenue } from '../src/domain/instruments.ts';
import { silentMetrics } from '../src/telemetry/metricSink.ts';
import { probeKeyRights, refuseRiskyKey } from '../src/venues/keyRights.ts';
import { type Reaction, startScriptedVenue } from './gatewayScriptedVenue.ts';

const PATHS: Readonly<Record<CexVenue, string>> = {
  binance: '/sapi/v1/account/apiRestrictions',
  okx: '/api/v5/account/config',
  bybit: '/v5/user/query-api',
};
const binance = (more: object) => ({
  ...{ ipRestrict: true, enableWithdrawals: false, enableInternalTransfer: false, permitsUniversalTransfer: false },
  ...{ enableReading: true, enableSpotAndMarginTrading: true, ...more },
});
const okx = (more: object) => ({
  ...{ code: '0', msg: '', data: [{ perm: 'read_only,trade', ip: '203.0.113.7', ...more }] },
});
const bybit = (more: object, permissions: object = {}) => ({
  ...{ retCode: 0, retMsg: 'OK', retExtInfo: {}, time: 1 },
  result: {
    readOnly: 0,
    ips: ['203.0.113.7'],
    permissions: { Spot: ['SpotTrade'], Wallet: [], ...permissions },
    ...more,
  },
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** What a real client of the venue learns about its key when the venue answers so. */
async function probe(venue: CexVenue, reaction: Reaction) {
  const world = await startScriptedVenue(venue, { timeoutMs: 1_000 });
  stops.push(world.stop);
  world.answer(({ path }) => (path === PATHS[venue] ? reaction : undefined));
  return probeKeyRights(world.client, world.clock, silentMetrics);
}

describe('section 4: the rights of a key are asked before it is used', () => {
  it.each<[CexVenue, string, object, readonly string[]]>([
    ['binance', 'a key for spot trade alone, bound to an address', binance({}), []],
    ['binance', 'the right to withdraw', binance({ enableWithdrawals: true }), ['withdraw']],
    ['binance', 'the right to transfer', binance({ permitsUniversalTransfer: true }), ['transfer']],
    ['binance', 'no limit to addresses', binance({ ipRestrict: false }), ['no_ip_limit']],
    ['binance', 'no right to trade', binance({ enableSpotAndMarginTrading: false }), ['no_trade']],
    ['binance', 'an answer that says nothing', {}, ['unknown_rights']],
    ['okx', 'a key for spot trade alone, bound to an address', okx({}), []],
    ['okx', 'the right to withdraw', okx({ perm: 'read_only,trade,withdraw' }), ['withdraw']],
    ['okx', 'no limit to addresses', okx({ ip: '' }), ['no_ip_limit']],
    ['okx', 'no right to trade', okx({ perm: 'read_only' }), ['no_trade']],
    ['okx', 'an answer that says nothing', okx({ perm: undefined, ip: undefined }), ['unknown_rights']],
    ['okx', 'everything at once', okx({ perm: 'trade,withdraw', ip: '' }), ['withdraw', 'no_ip_limit']],
    ['bybit', 'a key for spot trade alone, bound to an address', bybit({}), []],
    ['bybit', 'the right to withdraw', bybit({}, { Wallet: ['Withdraw'] }), ['withdraw']],
    ['bybit', 'the right to transfer', bybit({}, { Wallet: ['AccountTransfer'] }), ['transfer']],
    ['bybit', 'no limit to addresses', bybit({ ips: ['*'] }), ['no_ip_limit']],
    ['bybit', 'a key to read', bybit({ readOnly: 1 }), ['no_trade']],
    ['bybit', 'an answer that says nothing', bybit({ permissions: undefined, ips: undefined }), ['unknown_rights']],
  ])('%s: %s', async (venue, _, body, risks) => {
    expect(await probe(venue, { body })).toEqual(risks);
  });

  it('refuses a risky key by naming each risk and its override, and takes it once the operator has named them', () => {
    const refuse = () => refuseRiskyKey('okx', ['withdraw', 'no_ip_limit'], ['no_ip_limit']);
    expect(refuse).toThrow(/okx: this key is not used: it may withdraw \(withdraw\)/);
    expect(() => refuseRiskyKey('okx', ['withdraw', 'no_ip_limit'], ['no_ip_limit', 'withdraw'])).not.toThrow();
    expect(() => refuseRiskyKey('okx', [], [])).not.toThrow();
  });

  it('is no proof of anything when the venue does not answer, or refuses the key', async () => {
    await expect(probe('binance', 'cut')).rejects.toMatchObject({ code: 'venue.unavailable' });
    const body = { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' };
    await expect(probe('binance', { status: 401, body })).rejects.toMatchObject({ code: 'venue.auth-refused' });
  });
});
