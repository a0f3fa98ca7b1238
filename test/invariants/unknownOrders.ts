/** How long an own order may stay unknown once nothing disturbs the venues any more. */
export const UNKNOWN_LIMIT_MS = 5_000;

/**
 * No own order unknown for more than 5 s after the faults stop.
 *
 * @param faultsEndMs  null while faults go on: then nothing is asked
 */
export function overdueUnknowns(
  orders: readonly { readonly clientOrderId: string; readonly unknownSinceMs: number | null }[],
  faultsEndMs: number | null,
  nowMs: number,
): string[] {
  if (faultsEndMs === null) return [];
  return orders.flatMap(({ clientOrderId, unknownSinceMs }) => {
    if (unknownSinceMs === null) return [];
    const forMs = nowMs - Math.max(unknownSinceMs, faultsEndMs);
    return forMs <= UNKNOWN_LIMIT_MS ? [] : [`order ${clientOrderId} is unknown for ${forMs} ms without a fault`];
  });
}
