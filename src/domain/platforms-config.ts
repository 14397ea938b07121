/** The AI platforms in a tenant's config: which are approved, and domains that the relay's own table lacks. Pure. */

import * as z from 'zod/mini';

import { APPROVED_PLATFORMS } from './platforms.ts';

const platformId = z.string().check(z.minLength(1), z.maxLength(64));
const domain = z.string().check(z.minLength(1), z.maxLength(200));

export const platformsSchema = z.strictObject({
  /** Never made an indicator of. */
  approved: z._default(z.array(platformId).check(z.maxLength(200)), [...APPROVED_PLATFORMS]),
  /** By platform id: its domains, instead of those of the relay's own table. */
  domains: z._default(z.record(platformId, z.array(domain).check(z.minLength(1), z.maxLength(20))), {}),
});

export type PlatformsConfig = z.infer<typeof platformsSchema>;
export const PLATFORMS_DEFAULT: PlatformsConfig = { approved: [...APPROVED_PLATFORMS], domains: {} };
