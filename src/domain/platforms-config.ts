/** The AI platforms in a tenant's config: which are approved, and domains that the relay's own table lacks. Pure. */

import * as z from 'zod/mini';

import { DOMAIN_LENGTH_MAX } from './domain-name.ts';
import { APPROVED_PLATFORMS, RISKY_PLATFORMS } from './platforms.ts';

/** An upper-case letter would keep it from ever being recognised: ids of events are in lower case. */
const PLATFORM_ID_PATTERN = /^[^\sA-Z](?:[^A-Z]*[^\sA-Z])?$/;
/** At least two labels, the last of them no number. */
const DOMAIN_PATTERN = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const platformId = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(64),
    z.regex(PLATFORM_ID_PATTERN, "must be a platform's id in lower case, such as chatgpt"),
  );
const domain = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(DOMAIN_LENGTH_MAX),
    z.regex(
      DOMAIN_PATTERN,
      'must be a domain in lower case, such as perplexity.ai: no scheme, path or wildcard, international names in punycode',
    ),
  );

export const platformsSchema = z.strictObject({
  /** Never made an indicator of. Ids, or domains. */
  approved: z._default(z.array(platformId).check(z.maxLength(200)), [...APPROVED_PLATFORMS]),
  /** Rules that know a list of risky platforms take this one. Ids. */
  risky: z._default(z.array(platformId).check(z.maxLength(200)), [...RISKY_PLATFORMS]),
  /** By platform id: its domains, instead of those of the relay's own table. */
  domains: z._default(z.record(platformId, z.array(domain).check(z.minLength(1), z.maxLength(20))), {}),
});

export type TenantPlatforms = z.infer<typeof platformsSchema>;
/** What channels know of them. */
export type PlatformsConfig = Pick<TenantPlatforms, 'approved' | 'domains'>;
export const PLATFORMS_DEFAULT: TenantPlatforms = {
  approved: [...APPROVED_PLATFORMS],
  risky: [...RISKY_PLATFORMS],
  domains: {},
};
