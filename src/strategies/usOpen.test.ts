import { describe, expect, it } from 'vitest';
import { isNyseTradingDay, isUsOpenSlot, nyseHolidays } from './usOpen.ts';

const at = (iso: string) => Temporal.Instant.from(iso).epochMilliseconds;

describe('the US open slot', () => {
  it.each([
    ['winter, at the open', '2026-01-05T14:30:00Z', true],
    ['winter, 30 minutes before', '2026-01-05T14:00:00Z', true],
    ['winter, 31 minutes before', '2026-01-05T13:59:00Z', false],
    ['winter, 30 minutes after', '2026-01-05T15:00:00Z', true],
    ['summer time moves the slot an hour', '2026-07-06T13:30:00Z', true],
    ['summer, at the winter hour', '2026-07-06T14:30:00Z', false],
    ['the US clock change comes weeks before the European one', '2026-03-10T13:30:00Z', true],
    ['a Saturday', '2026-01-10T14:30:00Z', false],
    ['Thanksgiving', '2026-11-26T14:30:00Z', false],
    ['the half day after Thanksgiving opens as usual', '2026-11-27T14:30:00Z', true],
    ['Good Friday', '2026-04-03T13:30:00Z', false],
    ['4 July on a Saturday is kept on Friday', '2026-07-03T13:30:00Z', false],
  ])('%s', (_name, iso, open) => {
    expect(isUsOpenSlot(at(iso), 30)).toBe(open);
  });

  it('knows the published holidays of 2025', () => {
    const published = ['01-01', '01-20', '02-17', '04-18', '05-26', '06-19', '07-04', '09-01', '11-27', '12-25'];
    const computed = nyseHolidays(2025).map((date) => date.toString().slice(5));
    expect(computed.sort()).toEqual(published);
  });

  it('keeps the last trading day of a year open when New Year is a Saturday', () => {
    expect(isNyseTradingDay(Temporal.PlainDate.from('2021-12-31'))).toBe(true);
  });
});
