/** When a tenant's digests are due, in its own time. Pure. */

import * as z from 'zod/mini';

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const TIME_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
const OFF = 'off';

export const digestSchema = z.strictObject({
  /** Local time of day; `off`: no daily digest, and the weekly one at 08:00. */
  daily: z._default(
    z.union([
      z.literal(OFF),
      z.string().check(z.regex(TIME_PATTERN, "must be a time such as '08:00', or off")),
    ]),
    '08:00',
  ),
  weekly: z._default(z.enum([OFF, ...WEEKDAYS]), 'monday'),
  /** IANA name. That it is one is checked in tenants/. */
  time_zone: z._default(z.string().check(z.minLength(1), z.maxLength(64)), 'UTC'),
});

export type DigestConfig = z.infer<typeof digestSchema>;
export const DIGEST_DEFAULT: DigestConfig = { daily: '08:00', weekly: 'monday', time_zone: 'UTC' };
