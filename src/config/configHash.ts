import { createHash } from 'node:crypto';
import { canonicalJson } from '../journal/canonicalJson.ts';
import type { NightjarConfig } from './resolveSettings.ts';

/**
 * SHA-256 (hex) of what decides trades: two runs with the same hash, version and frames decide alike. Where a run
 * listens, what data it keeps where, how loudly it logs and which clock drives it are left out.
 */
export function configHash(config: NightjarConfig): string {
  const {
    port: _port,
    data: _data,
    journal: _journal,
    keys: _keys,
    logLevel: _logLevel,
    clock: _clock,
    ...deciding
  } = config;
  return createHash('sha256').update(canonicalJson(deciding)).digest('hex');
}
