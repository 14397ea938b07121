/** The options that choose events, the same for `tail` and `search`. */

import { InvalidArgumentError } from 'commander';

/** As the relay takes it: ISO 8601 with an offset. */
const INSTANT_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;
const AGO_PATTERN = /^(\d{1,5})(min|m|h|d|w)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

export interface EventFilters {
  readonly type?: string | undefined;
  readonly platform?: string | undefined;
  readonly level?: string | undefined;
  readonly decision?: string | undefined;
}

/** A reader of times: a date-time, or how long ago (`30min`, `6h`, `2d`, `1w`). Date-times go to the relay as they are. */
export function instant(text: string): string {
  if (INSTANT_PATTERN.test(text) || AGO_PATTERN.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be a time such as 2026-11-22T05:00:00Z, or how long ago: 30min, 6h, 2d, 1w.',
  );
}

/** The time that was meant, in ISO 8601. */
export function instantAt(text: string | undefined, nowMs: number): string | undefined {
  const match = AGO_PATTERN.exec(text ?? '');
  if (!match) return text;
  return new Date(nowMs - Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0)).toISOString();
}

/** The filters alone. */
export function filtersOf({ type, platform, level, decision }: EventFilters): Required<EventFilters> {
  return { type, platform, level, decision };
}
