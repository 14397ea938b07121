/** What the schemas of all destinations share. Pure. */

import * as z from 'zod/mini';

import { isCountry } from './countries.ts';

/** A destination's name: it is part of a lane's name and of a URL. */
const DESTINATION_NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
export const secret = z.string().check(z.minLength(1), z.maxLength(4096));
export const eventTypes = z
  .array(z.string().check(z.minLength(1), z.maxLength(128)))
  .check(z.minLength(1), z.maxLength(64));

/** keep < pseudonymise < drop: a destination may only move to the right. */
export const PRIVACY_LEVELS = ['keep', 'pseudonymise', 'drop'] as const;
export type PrivacyLevel = (typeof PRIVACY_LEVELS)[number];
export const privacyLevel = z.enum(PRIVACY_LEVELS);

const destinationPrivacy = z.strictObject({
  user_id: z.optional(privacyLevel),
  user_email: z.optional(privacyLevel),
  device: z.optional(privacyLevel),
  url: z.optional(privacyLevel),
});

/** Where the destination is: what an EU tenant must declare. */
export const country = z.string().check(
  z.regex(/^[A-Z]{2}$/, {
    error: 'must be a country code of two capital letters, such as FR',
    abort: true,
  }),
  z.refine(isCountry, 'must be a country code of ISO 3166-1, such as FR, GR for Greece or GB for the UK'),
);

const whereValue = z.union([z.string(), z.number(), z.boolean()]);

export const destinationBase = {
  name: z
    .string()
    .check(z.regex(DESTINATION_NAME_PATTERN, 'must be 1 to 32 lower-case letters, digits and inner dashes')),
  enabled: z._default(z.boolean(), true),
  /** Only these types; absent = all that the tenant forwards. */
  events: z.optional(eventTypes),
  /** One Sigma selection: every entry must hold. Checked in rules/where.ts. */
  where: z.optional(z.record(z.string(), z.union([whereValue, z.array(whereValue)]))),
  privacy: z._default(destinationPrivacy, {}),
};

/** A platform's id, or a domain. Which of the two, and whether it may be used, is checked in tenants/check-indicators.ts. */
export const indicatorValue = z.string().check(z.minLength(1), z.maxLength(200));

/** What is searched for or kept from being isolated: a host name or an agent id. */
const hostReference = z.string().check(z.minLength(1), z.maxLength(255));

/** Limits of what isolates hosts, whichever product does it. */
export const containSchema = z.strictObject({
  /** Host names or agent ids that are never isolated. */
  never: z._default(z.array(hostReference).check(z.maxLength(200)), []),
  per_hour_max: z._default(z.int().check(z.minimum(1), z.maximum(100)), 3),
  /** Whether servers and domain controllers may be isolated, too. */
  servers: z._default(z.boolean(), false),
});
export type ContainConfig = z.infer<typeof containSchema>;
