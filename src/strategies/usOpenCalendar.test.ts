import { expect, it } from 'vitest';
import { isUsOpenSlot } from './usOpen.ts';

/** Full-day closures as the NYSE published them (nyse.com, "Holidays & Trading Hours", and its notice of 2025-01-09). */
const PUBLISHED = new Set(
  [
    ...['2024-01-01', '2024-01-15', '2024-02-19', '2024-03-29', '2024-05-27', '2024-06-19', '2024-07-04', '2024-09-02'],
    ...['2024-11-28', '2024-12-25', '2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17', '2025-04-18', '2025-05-26'],
    ...['2025-06-19', '2025-07-04', '2025-09-01', '2025-11-27', '2025-12-25', '2026-01-01', '2026-01-19', '2026-02-16'],
    ...['2026-04-03', '2026-05-25', '2026-06-19', '2026-07-03', '2026-09-07', '2026-11-26', '2026-12-25'],
  ].sort(),
);

/** New York's wall clock by the platform's formatter instead of Temporal. */
const newYork = new Intl.DateTimeFormat('en-CA', {
  ...{ timeZone: 'America/New_York', hourCycle: 'h23', weekday: 'short' },
  ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
});

function isOpenByCalendar(atMs: number): boolean {
  const parts = Object.fromEntries(newYork.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const minuteOfDay = Number(parts.hour) * 60 + Number(parts.minute);
  const weekend = parts.weekday!.startsWith('Sat') || parts.weekday!.startsWith('Sun');
  return (
    !weekend && !PUBLISHED.has(`${parts.year}-${parts.month}-${parts.day}`) && minuteOfDay >= 540 && minuteOfDay <= 600
  );
}

it('D7: the session equals an independent calendar on each day of three years, to the minute around its edges', () => {
  const edges = [12, 13, 14, 15].flatMap((hour) =>
    [-31, -30, -1, 0, 1, 29, 30, 31].map((minute) => hour * 60 + minute),
  );
  const minutes = [...new Set([...edges, 0, 360, 1_080, 1_439])];
  const wrong: string[] = [];
  for (let dayMs = Date.UTC(2024, 0, 1); dayMs < Date.UTC(2027, 0, 1); dayMs += 86_400_000) {
    for (const minute of minutes) {
      const atMs = dayMs + minute * 60_000;
      if (isUsOpenSlot(atMs, 30) !== isOpenByCalendar(atMs)) wrong.push(new Date(atMs).toISOString());
    }
  }
  expect(wrong).toEqual([]);
});
