/**
 * Wall time of a time zone, and back to the instant, by the platform's own table of zones. Pure; no clock.
 * A wall time is a number: the milliseconds at which a clock of UTC would show the same.
 */

const DAY_MS = 24 * 3_600_000;
/** Formats are dear to make. More zones than this at once: they are made anew. */
const FORMATS_MAX = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether it is the name of a zone, such as `Europe/Paris`. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the clocks of a zone show at an instant, to the second. Throws for a zone that there is not. */
export function wallMsAt(instantMs: number, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/**
 * When the clocks of a zone show a wall time. One that they show twice: the first time. One that they leap over: the first instant
 * after the leap.
 */
export function instantMsOf(wallMs: number, timeZone: string): number {
  // No zone is a day away from UTC: one lies before any change of the clocks that matters here, the other after it.
  const offsets = [-DAY_MS, DAY_MS].map((apart) => {
    const nearMs = wallMs + apart;
    return wallMsAt(nearMs, timeZone) - nearMs;
  });
  const instants = offsets.map((offsetMs) => wallMs - offsetMs).toSorted((a, b) => a - b);
  const [earlierMs = wallMs, laterMs = wallMs] = instants;
  const shown = instants.find((instantMs) => wallMsAt(instantMs, timeZone) === wallMs);
  return shown ?? firstAtOrAfter(wallMs, { earlierMs, laterMs }, timeZone);
}

/** Inside a leap: the clocks show less at the earlier instant, more at the later one, and never go back between them. */
function firstAtOrAfter(
  wallMs: number,
  { earlierMs, laterMs }: { readonly earlierMs: number; readonly laterMs: number },
  timeZone: string,
): number {
  let before = earlierMs;
  let after = laterMs;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (wallMsAt(middle, timeZone) < wallMs) before = middle;
    else after = middle;
  }
  return after;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= FORMATS_MAX) formats.clear();
  formats.set(timeZone, format);
  return format;
}
