/**
 * The message of the `WAKEUPS` queue: which lane of which tenant to look at. Never a payload, never personal data.
 * Pure.
 */

import * as z from 'zod/mini';

import { RESIDENCIES, TENANT_ID_PATTERN } from './tenant-config.ts';

export const wakeupSchema = z.object({
  v: z.literal(1),
  tenant: z.string().check(z.regex(TENANT_ID_PATTERN)),
  residency: z.enum(RESIDENCIES),
  /** A lane's name, or `*` for every lane that is due. */
  lane: z.string().check(z.minLength(1), z.maxLength(80)),
});

export type Wakeup = z.infer<typeof wakeupSchema>;
