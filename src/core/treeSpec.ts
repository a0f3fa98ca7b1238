import type { SupervisorSpec } from '../actors/treeSpec.ts';

/**
 * The start tree. `rest_for_one`: whoever dies takes along all that was started after it, so a dead edge, journal or
 * gateway never leaves bots trading.
 */
export function rootSpec(lanes: readonly string[], bots: readonly string[]): SupervisorSpec {
  return {
    id: 'root',
    strategy: 'rest_for_one',
    intensity: 3,
    periodMs: 60_000,
    children: [
      { id: 'edge', shutdownMs: 2000 },
      { id: 'journal', shutdownMs: 5000 },
      { id: 'gateway', shutdownMs: 8000 },
      { id: 'risk' },
      { id: 'lanes', strategy: 'one_for_one', children: lanes.map((id) => ({ id, shutdownMs: 2000 })) },
      { id: 'bots', strategy: 'one_for_one', children: bots.map((id) => ({ id })) },
      { id: 'control' },
    ],
  };
}
