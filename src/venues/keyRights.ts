import { NightjarError } from '../domain/errors.ts';
import type { CexVenue } from '../domain/instruments.ts';
import type { Clock } from '../domain/ports.ts';
import type { MetricSink } from '../telemetry/metricSink.ts';
import type { CcxtClient } from './ccxtClient.ts';
import { createCexAsk } from './cexAsk.ts';
import type { RawCall } from './cexDialect.ts';
import { KEY_RISKS, type KeyRisk, readKeyRights } from './keyRightsAnswers.ts';

/** The question that each venue answers about the key that asks (keyRightsAnswers.ts names the pages). */
const QUESTIONS: Readonly<Record<CexVenue, RawCall>> = {
  binance: { method: 'sapiGetAccountApiRestrictions', params: {} },
  okx: { method: 'privateGetAccountConfig', params: {} },
  bybit: { method: 'privateGetV5UserQueryApi', params: {} },
};

const MEANING: Readonly<Record<KeyRisk, string>> = {
  withdraw: 'it may withdraw',
  transfer: 'it may transfer to other accounts',
  no_ip_limit: 'it works from any address',
  no_trade: 'it may not trade',
  unknown_rights: 'the venue does not say what it may do',
};

/**
 * What is too much, or too little, about this key; nothing when it may trade spot, only that, and only from known
 * addresses.
 *
 * @throws NightjarError venue.auth-refused when the venue refuses the key, venue.unavailable when it does not answer
 */
export async function probeKeyRights(
  client: CcxtClient,
  clock: Clock,
  metrics: MetricSink,
): Promise<readonly KeyRisk[]> {
  const { venue } = client;
  const { verdict, code, reason, body } = await createCexAsk(client, clock, metrics).ask(QUESTIONS[venue]);
  if (verdict === 'accepted') return readKeyRights(venue, body);
  const refused = verdict === 'rejected';
  throw new NightjarError(
    refused ? 'venue.auth-refused' : 'venue.unavailable',
    `${venue}: the rights of its key cannot be read: ${code} ${reason}`,
    { venue, ...(refused ? { remedy: 'make a new key, with the right to trade spot and nothing else' } : {}) },
  );
}

/**
 * @param accepted  `keys.acceptRisks`: what the operator has named and takes on himself
 * @throws NightjarError venue.auth-refused naming every risk that is not accepted
 */
export function refuseRiskyKey(venue: CexVenue, risks: readonly KeyRisk[], accepted: readonly string[]): void {
  const left = KEY_RISKS.filter((risk) => risks.includes(risk) && !accepted.includes(risk));
  if (left.length === 0) return;
  throw new NightjarError(
    'venue.auth-refused',
    `${venue}: this key is not used: ${left.map((risk) => MEANING[risk]).join('; ')} (${left.join(', ')})`,
    {
      venue,
      risks: left,
      remedy: `make a key with the right to trade spot alone, bound to your addresses; or name what you accept: --set keys.acceptRisks=${left.join(',')}`,
    },
  );
}
