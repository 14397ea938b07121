/**
 * A tenant's configuration: the schema that validates it, its defaults, and the one walker over its secrets.
 * Pure: no I/O. The schema holds only keys that work; an unknown key is an error with its path.
 */

import * as z from 'zod/mini';

import { destinationBase, eventTypes, privacyLevel, secret } from './destination-base.ts';
import { FORWARDED_EVENT_TYPES } from './event.ts';
import { REQUESTS_PER_MINUTE_DEFAULT, falconSchema } from './falcon-config.ts';
import { PLATFORMS_DEFAULT, platformsSchema } from './platforms-config.ts';

/** A tenant id: it is part of a URL, names no person, and is checked before anything is looked up. */
export const TENANT_ID_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
/** An HTTP field name. Source: RFC 9110 5.1. */
const HEADER_NAME_PATTERN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** A path below the manager's origin. The second character is no slash: `//host` would be another host. */
const EVENTS_PATH_PATTERN = /^\/(?![/\\])[^\s?#\\]{0,255}$/;

export const SECRETS_MAX = 3;
export const DESTINATIONS_MAX = 16;
/** Days. Who may change a tenant must not be able to wipe out at once what they did. */
const AUDIT_DAYS_MIN = 30;
const AUDIT_DAYS_DEFAULT = 365;
/** Attempts that one lane may have under way: fewer than the 5 connections of its object, so that one is always left. */
export const IN_FLIGHT_MAX = 4;

const headerName = z
  .string()
  .check(z.regex(HEADER_NAME_PATTERN, 'must be the name of an HTTP header, such as webhook-signature'));
export const RESIDENCIES = ['eu', 'global'] as const;
export type Residency = (typeof RESIDENCIES)[number];

export const webhookSchema = z.strictObject({
  secrets: z.array(secret).check(z.minLength(1), z.maxLength(SECRETS_MAX)),
  scheme: z._default(z.enum(['standard-webhooks', 'timestamped-hmac', 'hmac']), 'standard-webhooks'),
  headers: z._default(
    z.strictObject({
      id: z.optional(headerName),
      timestamp: z.optional(headerName),
      signature: z.optional(headerName),
    }),
    {},
  ),
  /** Undefined: the scheme's own (base64 for standard-webhooks, whole for timestamped-hmac, text for hmac). */
  secret_encoding: z.optional(z.enum(['base64', 'text', 'whole', 'hex'])),
  tolerance_seconds: z._default(z.int().check(z.minimum(10), z.maximum(86_400)), 300),
  auth_token: z.optional(secret),
});

export const privacySchema = z.strictObject({
  user_id: z._default(privacyLevel, 'keep'),
  user_email: z._default(privacyLevel, 'drop'),
  device: z._default(privacyLevel, 'keep'),
  url: z._default(z.enum(['keep', 'drop']), 'drop'),
});

const harfanglab = z.strictObject({
  ...destinationBase,
  type: z.literal('harfanglab'),
  base_url: z.string().check(z.minLength(1), z.maxLength(512)),
  token: secret,
  events_path: z._default(
    z
      .string()
      .check(
        z.regex(EVENTS_PATH_PATTERN, 'must be a path such as /api/v1/events, without host, query or spaces'),
      ),
    '/api/v1/events',
  ),
  /** Attempts under way at once; they start in cursor order. 1 = strict order. */
  in_flight: z._default(z.int().check(z.minimum(1), z.maximum(IN_FLIGHT_MAX)), IN_FLIGHT_MAX),
  /** ISO 3166-1 alpha-2 country of the manager, for the residency statement. */
  country: z.optional(
    z.string().check(z.regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters, such as FR')),
  ),
});

export const residencySchema = z.enum(RESIDENCIES);
export const destinationSchema = z.discriminatedUnion('type', [harfanglab, falconSchema]);

export const tenantConfigSchema = z.strictObject({
  id: z
    .string()
    .check(z.regex(TENANT_ID_PATTERN, 'must be 1 to 64 lower-case letters, digits and inner dashes')),
  residency: residencySchema,
  webhook: webhookSchema,
  forward: z._default(z.strictObject({ events: z._default(eventTypes, [...FORWARDED_EVENT_TYPES]) }), {
    events: [...FORWARDED_EVENT_TYPES],
  }),
  privacy: z._default(privacySchema, { user_id: 'keep', user_email: 'drop', device: 'keep', url: 'drop' }),
  platforms: z._default(platformsSchema, PLATFORMS_DEFAULT),
  limits: z._default(
    z.strictObject({
      events_per_minute: z._default(z.int().check(z.minimum(1), z.maximum(60_000)), 6000),
      burst: z._default(z.int().check(z.minimum(100), z.maximum(60_000)), 600),
    }),
    { events_per_minute: 6000, burst: 600 },
  ),
  /** Days. Roll-ups hold no user, and the audit none of Noxys'. */
  retention: z._default(
    z.strictObject({
      events: z._default(z.int().check(z.minimum(1), z.maximum(400)), 30),
      rollups: z._default(z.int().check(z.minimum(1), z.maximum(1200)), 400),
      audit: z._default(z.int().check(z.minimum(AUDIT_DAYS_MIN), z.maximum(3650)), AUDIT_DAYS_DEFAULT),
    }),
    { events: 30, rollups: 400, audit: AUDIT_DAYS_DEFAULT },
  ),
  destinations: z._default(z.array(destinationSchema).check(z.maxLength(DESTINATIONS_MAX)), []),
});

export type TenantConfig = z.infer<typeof tenantConfigSchema>;
export type WebhookConfig = TenantConfig['webhook'];
export type PrivacyConfig = TenantConfig['privacy'];
export type DestinationConfig = TenantConfig['destinations'][number];
export type HarfangLabConfig = Extract<DestinationConfig, { type: 'harfanglab' }>;
export type FalconConfig = Extract<DestinationConfig, { type: 'falcon' }>;

declare const sealed: unique symbol;
/**
 * A tenant's config in which every secret is sealed, plus the tenant's own sealed pseudonym key:
 * the only form that rests anywhere.
 */
export type SealedTenantConfig = TenantConfig & { readonly pseudonym_key: string; readonly [sealed]: true };

/** As an earlier version may have stored it: without the keys that have come since. */
type StoredConfigDocument = Omit<SealedTenantConfig, 'retention' | 'platforms' | 'destinations'> & {
  readonly retention: Omit<TenantConfig['retention'], 'audit'> & { readonly audit?: number };
  readonly platforms?: TenantConfig['platforms'];
  readonly destinations: readonly StoredDestination[];
};
type StoredDestination =
  HarfangLabConfig | (Omit<FalconConfig, 'requests_per_minute'> & { readonly requests_per_minute?: number });

/** A stored config with the defaults of the keys that it was stored without. It is not validated anew: its secrets are sealed. */
export function withLaterKeys(stored: StoredConfigDocument): SealedTenantConfig {
  return {
    ...stored,
    retention: { audit: AUDIT_DAYS_DEFAULT, ...stored.retention },
    platforms: stored.platforms ?? PLATFORMS_DEFAULT,
    destinations: stored.destinations.map((destination) =>
      destination.type === 'falcon'
        ? { requests_per_minute: REQUESTS_PER_MINUTE_DEFAULT, ...destination }
        : destination,
    ),
  };
}
