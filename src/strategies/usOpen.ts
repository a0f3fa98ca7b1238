/**
 * The time slot around the US cash open: 09:30 America/New_York ± some minutes on NYSE trading days, with daylight
 * saving. Half days open at 09:30 as well, so only full holidays matter here.
 */
const OPEN_MINUTE_OF_DAY = 9 * 60 + 30;

/** Closures outside the yearly rules. Source: NYSE notices (2025-01-09: day of mourning for President Carter). */
const SPECIAL_CLOSURES: ReadonlySet<string> = new Set(['2025-01-09']);

export function isUsOpenSlot(atMs: number, slotMinutes: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO('America/New_York');
  const minuteOfDay = local.hour * 60 + local.minute + local.second / 60;
  if (Math.abs(minuteOfDay - OPEN_MINUTE_OF_DAY) > slotMinutes) return false;
  return isNyseTradingDay(local.toPlainDate());
}

export function isNyseTradingDay(date: Temporal.PlainDate): boolean {
  if (date.dayOfWeek >= 6) return false;
  if (SPECIAL_CLOSURES.has(date.toString())) return false;
  return !nyseHolidays(date.year).some((holiday) => holiday.equals(date));
}

/**
 * Full-day holidays of NYSE Rule 7.2 in `year`, as observed. A Saturday holiday moves to Friday, except New Year's Day
 * (the year's last trading day stays open); a Sunday holiday moves to Monday.
 */
export function nyseHolidays(year: number): Temporal.PlainDate[] {
  const day = (month: number, dayOfMonth: number) => Temporal.PlainDate.from({ year, month, day: dayOfMonth });
  const holidays = [
    nthWeekday(year, 1, 1, 3), // Martin Luther King Jr. Day
    nthWeekday(year, 2, 1, 3), // Washington's Birthday
    easterSunday(year).subtract({ days: 2 }), // Good Friday
    lastMonday(year, 5), // Memorial Day
    observed(day(7, 4)),
    nthWeekday(year, 9, 1, 1), // Labor Day
    nthWeekday(year, 11, 4, 4), // Thanksgiving
    observed(day(12, 25)),
  ];
  if (day(1, 1).dayOfWeek !== 6) holidays.push(observed(day(1, 1)));
  if (year >= 2022) holidays.push(observed(day(6, 19))); // Juneteenth, since 2022
  return holidays;
}

function observed(date: Temporal.PlainDate): Temporal.PlainDate {
  if (date.dayOfWeek === 6) return date.subtract({ days: 1 });
  if (date.dayOfWeek === 7) return date.add({ days: 1 });
  return date;
}

/** The `n`th `weekday` (1 = Monday) of a month. */
function nthWeekday(year: number, month: number, weekday: number, n: number): Temporal.PlainDate {
  const first = Temporal.PlainDate.from({ year, month, day: 1 });
  return first.add({ days: ((weekday - first.dayOfWeek + 7) % 7) + (n - 1) * 7 });
}

function lastMonday(year: number, month: number): Temporal.PlainDate {
  const first = Temporal.PlainDate.from({ year, month, day: 1 });
  const last = first.with({ day: first.daysInMonth });
  return last.subtract({ days: last.dayOfWeek - 1 });
}

/** Gregorian Easter by the anonymous ("Meeus/Jones/Butcher") algorithm. */
function easterSunday(year: number): Temporal.PlainDate {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  return Temporal.PlainDate.from({ year, month, day: ((h + l - 7 * m + 114) % 31) + 1 });
}
