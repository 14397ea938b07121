/**
 * A tenant's configuration: the schema that validates it, its defaults, and the one walker over its secrets.
 * Pure: no I/O. The schema holds only keys that work; an unknown key is an error with its path.
 */

import * as z from 'zod/mini';

import { eventTypes, privacyLevel, secret } from './destination-base.ts';
import { DIGEST_DEFAULT, digestSchema } from './digest-config.ts';
import { FORWARDED_EVENT_TYPES } from './event.ts';
import { REQUESTS_PER_MINUTE_DEFAULT, falconSchema } from './falcon-config.ts';
import { HARFANGLAB_DEFAULTS, harfangLabSchema } from './harfanglab-config.ts';
import { LANGUAGES } from './language.ts';
import { slackSchema, teamsSchema, webhookDestinationSchema } from './messages-config.ts';
import { RESPONSES_DEFAULT, RULES_DEFAULT, responsesSchema, rulesSchema } from './rules-config.ts';
import {
  PLATFORMS_DEFAULT,
  type PlatformsConfig,
  type TenantPlatforms,
  platformsSchema,
} from './platforms-config.ts';

/** A tenant id: it is part of a URL, names no person, and is checked before anything is looked up. */
export const TENANT_ID_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
/** An HTTP field name. Source: RFC 9110 5.1. */
const HEADER_NAME_PATTERN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

export const SECRETS_MAX = 3;
export const DESTINATIONS_MAX = 16;
export const DEVICE_MAP_MAX = 2000;
/** Days. Who may change a tenant must not be able to wipe out at once what they did. */
const AUDIT_DAYS_MIN = 30;
const AUDIT_DAYS_DEFAULT = 365;
const DETECTION_DAYS_DEFAULT = 365;

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
  url: z._default(privacyLevel, 'drop'),
  /** Keeps the names of users that are pseudonymised, sealed, for who may reveal them. Absent: it does not. */
  sealed_map: z.optional(z.boolean()),
});

export const deviceMapSchema = z
  .record(
    z.string().check(z.minLength(1), z.maxLength(512)),
    z.string().check(z.minLength(1), z.maxLength(255)),
  )
  .check(
    z.refine(
      (map) => Object.keys(map).length <= DEVICE_MAP_MAX,
      `must have at most ${DEVICE_MAP_MAX} entries`,
    ),
  );

export const residencySchema = z.enum(RESIDENCIES);
export const destinationSchema = z.discriminatedUnion('type', [
  harfangLabSchema,
  falconSchema,
  slackSchema,
  teamsSchema,
  webhookDestinationSchema,
]);

export const tenantConfigSchema = z.strictObject({
  id: z
    .string()
    .check(z.regex(TENANT_ID_PATTERN, 'must be 1 to 64 lower-case letters, digits and inner dashes')),
  residency: residencySchema,
  /** Of what people read: messages, digests, incidents. */
  language: z._default(z.enum(LANGUAGES), 'en'),
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
      detections: z._default(z.int().check(z.minimum(1), z.maximum(1200)), DETECTION_DAYS_DEFAULT),
      rollups: z._default(z.int().check(z.minimum(1), z.maximum(1200)), 400),
      audit: z._default(z.int().check(z.minimum(AUDIT_DAYS_MIN), z.maximum(3650)), AUDIT_DAYS_DEFAULT),
    }),
    { events: 30, detections: DETECTION_DAYS_DEFAULT, rollups: 400, audit: AUDIT_DAYS_DEFAULT },
  ),
  /** By user id: the name of the host that they work on, where events do not say. */
  device_map: z._default(deviceMapSchema, {}),
  digest: z._default(digestSchema, DIGEST_DEFAULT),
  rules: z._default(rulesSchema, RULES_DEFAULT),
  responses: z._default(responsesSchema, RESPONSES_DEFAULT),
  destinations: z._default(z.array(destinationSchema).check(z.maxLength(DESTINATIONS_MAX)), []),
});

export type TenantConfig = z.infer<typeof tenantConfigSchema>;
export type WebhookConfig = TenantConfig['webhook'];
/** How much is kept of what. */
export type PrivacyConfig = Omit<TenantConfig['privacy'], 'sealed_map'>;
export type DestinationConfig = TenantConfig['destinations'][number];
export type HarfangLabConfig = Extract<DestinationConfig, { type: 'harfanglab' }>;
export type FalconConfig = Extract<DestinationConfig, { type: 'falcon' }>;
export type SlackConfig = Extract<DestinationConfig, { type: 'slack' }>;
export type TeamsConfig = Extract<DestinationConfig, { type: 'teams' }>;
export type WebhookDestinationConfig = Extract<DestinationConfig, { type: 'webhook' }>;
/** What tells people. */
export type MessageDestinationConfig = SlackConfig | TeamsConfig | WebhookDestinationConfig;

declare const sealed: unique symbol;
/**
 * A tenant's config in which every secret is sealed, plus the tenant's own sealed pseudonym key:
 * the only form that rests anywhere.
 */
export type SealedTenantConfig = TenantConfig & { readonly pseudonym_key: string; readonly [sealed]: true };

/** Keys that have come since the first version, of the config itself and of each kind of destination. */
type LaterKeys = 'platforms' | 'language' | 'device_map' | 'digest' | 'rules' | 'responses';
type LaterHarfangLabKeys = keyof typeof HARFANGLAB_DEFAULTS;

/** As an earlier version may have stored it: without the keys that have come since. */
type StoredConfigDocument = Omit<SealedTenantConfig, 'retention' | 'destinations' | LaterKeys> &
  Partial<Omit<Pick<TenantConfig, LaterKeys>, 'platforms'>> & {
    readonly platforms?: PlatformsConfig & Partial<TenantPlatforms>;
    readonly retention: Omit<TenantConfig['retention'], 'audit' | 'detections'> & {
      readonly audit?: number;
      readonly detections?: number;
    };
    readonly destinations: readonly StoredDestination[];
  };
type StoredDestination =
  | (Omit<HarfangLabConfig, LaterHarfangLabKeys> & Partial<Pick<HarfangLabConfig, LaterHarfangLabKeys>>)
  | (Omit<FalconConfig, 'requests_per_minute'> & { readonly requests_per_minute?: number })
  | MessageDestinationConfig;

/** A stored config with the defaults of the keys that it was stored without. It is not validated anew: its secrets are sealed. */
export function withLaterKeys(stored: StoredConfigDocument): SealedTenantConfig {
  return {
    language: 'en',
    device_map: {},
    digest: DIGEST_DEFAULT,
    rules: RULES_DEFAULT,
    responses: RESPONSES_DEFAULT,
    ...stored,
    platforms: { ...PLATFORMS_DEFAULT, ...stored.platforms },
    retention: { audit: AUDIT_DAYS_DEFAULT, detections: DETECTION_DAYS_DEFAULT, ...stored.retention },
    destinations: stored.destinations.map(withLaterDestinationKeys),
  };
}

function withLaterDestinationKeys(stored: StoredDestination): DestinationConfig {
  switch (stored.type) {
    case 'harfanglab':
      return { ...HARFANGLAB_DEFAULTS, ...stored };
    case 'falcon':
      return { requests_per_minute: REQUESTS_PER_MINUTE_DEFAULT, ...stored };
    default:
      return stored;
  }
}
