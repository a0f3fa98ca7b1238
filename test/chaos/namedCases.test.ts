import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Venue } from '../../src/domain/instruments.ts';
import type { PlannedFault } from './faultPlan.ts';
import { runChaos } from './runChaos.ts';

const VENUES: readonly Venue[] = ['binance', 'okx', 'bybit'];

/** Files that this process holds open; none where the system does not say. */
function openFilesLike(name: RegExp): string[] {
  if (process.platform !== 'linux') return [];
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // Closed meanwhile: the listing's own.
      return '';
    }
  });
  return links.filter((link) => name.test(link));
}

describe('failure cases on the virtual clock', { timeout: 600_000 }, () => {
  it('F7: a child that dies again and again is started at most 3 times in 60 s, then the core ends with the reason', async () => {
    const plan: PlannedFault[] = [{ atMs: 8_000, fault: { type: 'deathStorm', thread: 'journal', deaths: 8 } }];
    const report = await runChaos({ seed: 11, mode: 'liveness', minutes: 0.5, plan });
    expect(report.broken).toBeNull();
    // The fourth death ends the core; what dies after it belongs to its successor.
    expect(report.restarts.journal).toBe(3);
    expect(report.points['a restart budget was exceeded']).toBe(1);
    expect(report.coreDeaths).toBe(1);
    expect(report.gaveUpBecause).toMatch(/journal died by the fault plan/);
    expect(openFilesLike(/nightjar-chaos-.*exec_log/)).toEqual([]);
  });

  it('G4: after a stop no opening order is created over 10 reconnects of every feed and two new cores', async () => {
    const stopMs = 15_000;
    const cuts = Array.from({ length: 10 }, (_, nth) =>
      VENUES.map(
        (venue): PlannedFault => ({
          atMs: stopMs + 500 + nth * 1_500,
          fault: { type: 'venue', fault: { kind: 'feedCut', venue, forMs: 100, share: 1 } },
        }),
      ),
    ).flat();
    const plan: PlannedFault[] = [
      { atMs: stopMs, fault: { type: 'control', action: 'disable_live', again: false } },
      ...cuts,
      { atMs: stopMs + 4_000, fault: { type: 'coreDeath', offsetMs: 0 } },
      { atMs: stopMs + 9_000, fault: { type: 'coreDeath', offsetMs: -3_000 } },
    ];
    const report = await runChaos({ seed: 12, mode: 'safety', minutes: 0.6, plan, unattended: true });
    expect(report.broken).toBeNull();
    expect(report.faults.feedCut).toBeGreaterThanOrEqual(30);
    expect(report.openedAtMs.filter((atMs) => atMs < stopMs).length).toBeGreaterThan(0);
    expect(report.openedAtMs.filter((atMs) => atMs >= stopMs)).toEqual([]);
  });
});
