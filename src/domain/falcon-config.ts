/** A CrowdStrike Falcon destination in a tenant's config. Pure; what its values must be beyond their shape is checked in tenants/. */

import * as z from 'zod/mini';

import { containSchema, destinationBase, indicatorValue, secret } from './destination-base.ts';
import { LEVELS } from './severity.ts';
import type { Verb } from './verbs.ts';

/** Of the 6,000 that all clients of a customer's account share. Source: gofalcon#364, read 2026-11. */
export const REQUESTS_PER_MINUTE_DEFAULT = 600;

/** What Falcon can do. */
export const FALCON_VERBS = [
  'event',
  'case',
  'indicator',
  'contain',
  'workflow',
] as const satisfies readonly Verb[];
export type FalconVerb = (typeof FALCON_VERBS)[number];

const level = z.enum(LEVELS);
const indicator = z.strictObject({
  value: indicatorValue,
  /** Falcon accepts `detect` and `no_action` for a domain. Anything else is refused with the explanation, in the same check. */
  action: z._default(z.string().check(z.minLength(1), z.maxLength(32)), 'detect'),
  severity: z._default(level, 'high'),
  description: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  /** RFC 3339. Absent: it does not expire. */
  expires: z.optional(z.string().check(z.minLength(10), z.maxLength(40))),
});

export const falconSchema = z.strictObject({
  ...destinationBase,
  type: z.literal('falcon'),
  region: z.string().check(z.minLength(1), z.maxLength(16)),
  /** Of an API client of the Falcon console; both or neither. */
  client_id: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
  client_secret: z.optional(secret),
  /** MSSP: the child account that the client acts for. */
  member_cid: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** Stands in for the region's API host; only locally. */
  base_url: z.optional(z.string().check(z.minLength(1), z.maxLength(512))),
  /** OAuth API requests per minute of this client, of the account's shared 6,000. */
  requests_per_minute: z._default(z.int().check(z.minimum(30), z.maximum(6000)), REQUESTS_PER_MINUTE_DEFAULT),
  /** The Next-Gen SIEM HEC connector. Absent: no events are sent. */
  hec: z.optional(
    z.strictObject({
      url: z.string().check(z.minLength(1), z.maxLength(512)),
      token: secret,
    }),
  ),
  /** What the relay may do there. Absent: `event` and `case`, as far as `hec` and `client_id` allow. */
  actions: z.optional(z.array(z.enum(FALCON_VERBS)).check(z.minLength(1), z.maxLength(FALCON_VERBS.length))),
  cases: z.optional(
    z.strictObject({
      /** Beside detections. Absent: detections only. */
      events_at_or_above: z.optional(level),
      /** New cases in an hour; what comes above goes into one storm case. */
      per_hour_max: z._default(z.int().check(z.minimum(1), z.maximum(10_000)), 20),
      /** The host's alerts of the same half hour: `attach` them as evidence (Hosts: Read, Alerts: Read), or `tag` them, too (Alerts: Write). */
      alerts: z._default(z.enum(['off', 'attach', 'tag']), 'off'),
      /** Whether the verdict on a detection closes its case. */
      close_with_verdict: z._default(z.boolean(), false),
      /** The id of a case template. */
      template: z.optional(z.string().check(z.minLength(1), z.maxLength(128))),
    }),
  ),
  indicators: z.optional(z.array(z.union([indicatorValue, indicator])).check(z.maxLength(200))),
  contain: z.optional(containSchema),
  /** The on-demand Fusion workflow that `workflow` starts: its name or its id. */
  workflow: z.optional(
    z.strictObject({
      name: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
      id: z.optional(z.string().check(z.regex(/^[0-9a-f]{32}$/, 'must be the 32 hex characters of its id'))),
    }),
  ),
});
