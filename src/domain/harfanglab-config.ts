/** A HarfangLab destination in a tenant's config. Pure; what its values must be beyond their shape is checked in tenants/. */

import * as z from 'zod/mini';

import { containSchema, country, destinationBase, indicatorValue, secret } from './destination-base.ts';
import { LEVELS } from './severity.ts';
import type { Verb } from './verbs.ts';

/** What the API that the Noxys guide documents can do, and what the one that HarfangLab's integrations use can do. */
export const HARFANGLAB_GUIDE_VERBS = ['event', 'incident', 'alert'] as const satisfies readonly Verb[];
export const HARFANGLAB_NATIVE_VERBS = [
  'indicator',
  'rule',
  'comment',
  'contain',
] as const satisfies readonly Verb[];
/** `block` is no verb of its own: with it an indicator may block where it asks for it. */
export const HARFANGLAB_ACTIONS = [...HARFANGLAB_GUIDE_VERBS, ...HARFANGLAB_NATIVE_VERBS, 'block'] as const;
export type HarfangLabAction = (typeof HARFANGLAB_ACTIONS)[number];

export const HARFANGLAB_MODES = ['events', 'native', 'both'] as const;

/** The rules on endpoint telemetry that the relay brings along: the look-up of a platform's domain, and a TLS connection to it. */
export const ENDPOINT_RULES = ['ai_dns_query', 'ai_tls_connection'] as const;
export type EndpointRule = (typeof ENDPOINT_RULES)[number];

/** Attempts that one lane may have under way: fewer than the 5 connections of its object, so that one is always left. */
export const IN_FLIGHT_MAX = 4;
/** A path below the manager's origin. The second character is no slash: `//host` would be another host. */
const PATH_PATTERN = /^\/(?![/\\])[^\s?#\\]{0,255}$/;

const level = z.enum(LEVELS);
const path = z
  .string()
  .check(z.regex(PATH_PATTERN, 'must be a path such as /api/v1/events, without host, query or spaces'));

const indicator = z.strictObject({
  value: indicatorValue,
  /** `block` needs the action `block`, too. */
  action: z._default(z.enum(['alert', 'block']), 'alert'),
  severity: z._default(level, 'high'),
  description: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  /** RFC 3339; the relay removes it then. Absent: it stays. */
  expires: z.optional(z.string().check(z.minLength(10), z.maxLength(40))),
});

export const HARFANGLAB_DEFAULTS = {
  mode: 'events',
  incidents_path: '/api/v1/incidents',
  alerts_path: '/api/v1/alerts',
} as const;

export const harfangLabSchema = z.strictObject({
  ...destinationBase,
  type: z.literal('harfanglab'),
  base_url: z.string().check(z.minLength(1), z.maxLength(512)),
  token: secret,
  /** `events`: the API that the Noxys guide documents. `native`: the one that HarfangLab's integrations use. */
  mode: z._default(z.enum(HARFANGLAB_MODES), HARFANGLAB_DEFAULTS.mode),
  events_path: z._default(path, '/api/v1/events'),
  incidents_path: z._default(path, HARFANGLAB_DEFAULTS.incidents_path),
  alerts_path: z._default(path, HARFANGLAB_DEFAULTS.alerts_path),
  /** What the relay may do there. Absent: `event`, `incident` and `alert`, in the modes that have them. */
  actions: z.optional(
    z.array(z.enum(HARFANGLAB_ACTIONS)).check(z.minLength(1), z.maxLength(HARFANGLAB_ACTIONS.length)),
  ),
  incidents: z.optional(
    z.strictObject({
      /** Beside detections. Absent: detections only. */
      events_at_or_above: z.optional(level),
    }),
  ),
  indicators: z.optional(z.array(z.union([indicatorValue, indicator])).check(z.maxLength(200))),
  /** Which of the relay's rules on endpoint telemetry the manager gets. Absent: all of them. */
  endpoint_rules: z.optional(z.array(z.enum(ENDPOINT_RULES)).check(z.maxLength(ENDPOINT_RULES.length))),
  contain: z.optional(containSchema),
  /** Attempts under way at once; they start in cursor order. 1 = strict order. */
  in_flight: z._default(z.int().check(z.minimum(1), z.maximum(IN_FLIGHT_MAX)), IN_FLIGHT_MAX),
  /** ISO 3166-1 alpha-2, of the manager. An EU tenant's must be in the EU or the EEA. */
  country: z.optional(country),
});
