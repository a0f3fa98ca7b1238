import type { HttpResponse } from '../../src/domain/ports.ts';

/** The neutral door's report of an order, or a swap's state, as far as the faults touch it. */
interface Twistable {
  readonly status: string;
  readonly fills?: readonly unknown[];
  readonly signature?: string;
}

/** A lookup's answer as a venue with this fault gives it; null where the fault has nothing to twist. */
export function twistReport(response: HttpResponse, kind: 'lateFills' | 'stale' | 'twiceFilled'): HttpResponse | null {
  const report = JSON.parse(new TextDecoder().decode(response.body)) as Twistable;
  const twisted = report.signature === undefined ? twistOrder(report, kind) : twistSwap(report, kind);
  if (twisted === null) return null;
  return { ...response, body: new TextEncoder().encode(JSON.stringify(twisted)) };
}

function twistOrder(report: Twistable, kind: 'lateFills' | 'stale' | 'twiceFilled'): unknown {
  const fills = report.fills ?? [];
  if (kind === 'stale') {
    return report.status === 'open' ? null : { ...report, status: 'open', filledQty: 0, avgPrice: null, fills: [] };
  }
  if (fills.length === 0) return null;
  return { ...report, fills: kind === 'lateFills' ? [] : [...fills, ...fills] };
}

/** A swap has one fill, which no list repeats. */
function twistSwap(state: Twistable, kind: 'lateFills' | 'stale' | 'twiceFilled'): unknown {
  if (kind === 'twiceFilled' || state.status === 'processing') return null;
  const nothing = { inAmountRaw: 0, outAmountRaw: 0, feeLamports: 0, err: null, slot: null, settledAtMs: null };
  return { ...state, ...nothing, status: 'processing' };
}
