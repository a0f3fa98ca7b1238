import { createHash } from 'node:crypto';
import type { Random } from '../domain/ports.ts';
import { canonicalJson } from './canonicalJson.ts';

/** What a run is called, and the eight characters that stand for it in client order ids. */
export interface RunName {
  /** Wall clock: `20260105T143000Z-k3f9`; virtual clock: `virtual-<runTag>`. The folder may carry a suffix behind it. */
  readonly id: string;
  /** `[a-z0-9]{8}`, see `makeClientOrderId`. */
  readonly runTag: string;
}

/** A run on the wall clock is named after its start, with four characters against two starts in one second. */
export function wallRunName(startedAtMs: number, random: Random): RunName {
  const stamp = new Date(startedAtMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  const suffix = Array.from({ length: 4 }, () => random.int(36).toString(36)).join('');
  const id = `${stamp}-${suffix}`;
  return { id, runTag: tagOf(id) };
}

/** The same version, config and seed give the same name, hence the same client order ids and the same hashes. */
export function virtualRunName(parts: {
  readonly version: string;
  readonly configHash: string;
  readonly seed: number | string;
}): RunName {
  const runTag = tagOf(canonicalJson([parts.version, parts.configHash, String(parts.seed)]));
  return { id: `virtual-${runTag}`, runTag };
}

/** 36^8 is 41 bits: two of a thousand runs share a tag once in some million. */
function tagOf(text: string): string {
  const digest = createHash('sha256').update(text).digest();
  const number = digest.readBigUInt64BE() % 36n ** 8n;
  return number.toString(36).padStart(8, '0');
}
