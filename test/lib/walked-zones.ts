/** Wall times found by walking through a zone's clocks in quarters of an hour: no offset is reckoned with, texts are compared. */

export const ZONES = [
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
  'UTC',
] as const;

export const QUARTER_MS = 15 * 60_000;
export const DAY_MS = 24 * 3_600_000;

const formats = new Map(
  ZONES.map((timeZone) => [
    timeZone as string,
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }),
  ]),
);

/** `YYYY-MM-DD HH:MM`, as clocks show it. */
export function shownAt(instantMs: number, timeZone: string): string {
  return formats.get(timeZone)?.format(instantMs) ?? '';
}

/** The first instant at which clocks show a time, or, where they leap over it, the first at which they show a later one. */
export function walkedTo(date: string, time: string, timeZone: string): number {
  const wanted = `${date} ${time}`;
  const startMs = Date.parse(`${date}T${time}Z`) - 15 * 3_600_000;
  const walk = Array.from({ length: 4 * 45 }, (_, n) => startMs + n * QUARTER_MS);
  return (
    walk.find((atMs) => shownAt(atMs, timeZone) === wanted) ??
    walk.find((atMs) => shownAt(atMs, timeZone) > wanted) ??
    NaN
  );
}

/** Days on which a zone's clocks are changed, 2005 to 2037, within a day. */
export function changesIn(timeZone: string): number[] {
  const days = Array.from({ length: 33 * 365 }, (_, n) => Date.UTC(2005, 0, 1, 12) + n * DAY_MS);
  const timeOf = (atMs: number): string => shownAt(atMs, timeZone).slice(11);
  return days.filter((atMs) => timeOf(atMs) !== timeOf(atMs - DAY_MS));
}

/** A date of UTC, so many days away. */
export function dateOf(atMs: number, daysAway = 0): string {
  return new Date(atMs + daysAway * DAY_MS).toISOString().slice(0, 10);
}
