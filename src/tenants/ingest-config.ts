/**
 * What ingest needs of a tenant's config, as it stands in KV: a copy, published by the tenant's object.
 * Key `ingest/v1/{tenant}`, no expiry, metadata `{residency, version, savedAt}`; secrets are sealed, nothing personal is in it.
 */

import * as z from 'zod/mini';

import type { StoredConfig } from '../domain/rpc.ts';
import type { Residency, SealedTenantConfig } from '../domain/tenant-config.ts';
import { PRIVACY_LEVELS } from '../domain/destination-base.ts';
import { RESIDENCIES } from '../domain/tenant-config.ts';
import { withDeadline } from '../lib/deadline.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';

/** How long a location may serve its own copy: KV's floor since 2026-01-30. Source: changelog of Workers KV, read 2026-11. */
export const KV_CACHE_TTL_SECONDS = 30;

const privacyLevel = z.enum(PRIVACY_LEVELS);

/** Looser than the config's own schema: sealed secrets are longer, and a newer Worker may have written it. */
const ingestConfigSchema = z.object({
  v: z.literal(1),
  tenant: z.string(),
  version: z.int(),
  residency: z.enum(RESIDENCIES),
  webhook: z.object({
    secrets: z.array(z.string()),
    scheme: z.enum(['standard-webhooks', 'timestamped-hmac', 'hmac']),
    headers: z.object({
      id: z.optional(z.string()),
      timestamp: z.optional(z.string()),
      signature: z.optional(z.string()),
    }),
    secret_encoding: z.optional(z.enum(['base64', 'text', 'whole', 'hex'])),
    tolerance_seconds: z.int(),
    auth_token: z.optional(z.string()),
  }),
  forward: z.object({ events: z.array(z.string()) }),
  privacy: z.object({
    user_id: privacyLevel,
    user_email: privacyLevel,
    device: privacyLevel,
    url: privacyLevel,
    /** Absent: an earlier release wrote it. */
    sealed_map: z.optional(z.boolean()),
  }),
  pseudonymKey: z.string(),
});

/** `webhook` and `pseudonymKey` hold sealed secrets. */
export type IngestConfig = z.infer<typeof ingestConfigSchema>;

export interface IngestConfigReader {
  get(key: string, options: { type: 'json'; cacheTtl: number }): Promise<unknown>;
}

/** What a list of tenants shows of one, without reading its value. An earlier release wrote the residency alone. */
export interface IngestMetadata {
  readonly residency: Residency;
  readonly version: number;
  /** ISO 8601 UTC. */
  readonly savedAt: string;
}

export interface IngestConfigWriter {
  put(key: string, value: string, options: { metadata: IngestMetadata }): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Unreadable: KV failed, or holds what this Worker can't read. Never to be taken for an unknown tenant. */
export interface KvUnreadable {
  readonly kind: 'kv_unreadable';
  readonly detail: string;
}

/** Before the tenant's id, in every key: what the hourly poke and the list of tenants go through. */
export const INGEST_CONFIG_PREFIX = 'ingest/v1/';

/** The KV key of a tenant's ingest config. */
export function ingestKey(tenant: string): string {
  return `${INGEST_CONFIG_PREFIX}${tenant}`;
}

/** The part of a sealed config that ingest needs. */
export function projectionOf(config: SealedTenantConfig, version: number): IngestConfig {
  return {
    v: 1,
    tenant: config.id,
    version,
    residency: config.residency,
    webhook: config.webhook,
    forward: config.forward,
    privacy: config.privacy,
    pseudonymKey: config.pseudonym_key,
  };
}

/** Writes the projection; throws when KV does, so that the object tries again from its alarm. */
export async function publishIngestConfig(
  kv: Pick<IngestConfigWriter, 'put'>,
  { config, version, savedAt }: Pick<StoredConfig, 'config' | 'version' | 'savedAt'>,
): Promise<void> {
  const { id, residency } = config;
  const value = JSON.stringify(projectionOf(config, version));
  await kv.put(ingestKey(id), value, { metadata: { residency, version, savedAt } });
}

/** A sender must not wait longer than this to be told to come again. */
const READ_TIMEOUT_MS = 3_000;

/** A tenant's ingest config, null when there is none. */
export async function readIngestConfig(
  kv: IngestConfigReader,
  tenant: string,
  timeoutMs = READ_TIMEOUT_MS,
): Promise<Result<IngestConfig | null, KvUnreadable>> {
  let value: unknown;
  try {
    const reading = kv.get(ingestKey(tenant), { type: 'json', cacheTtl: KV_CACHE_TTL_SECONDS });
    const read = await withDeadline(reading, timeoutMs);
    if (!read.ok) return failure({ kind: 'kv_unreadable', detail: read.error.kind });
    value = read.value;
  } catch (error) {
    return failure({ kind: 'kv_unreadable', detail: error instanceof Error ? error.name : 'unknown' });
  }
  if (value === null || value === undefined) return success(null);
  const parsed = ingestConfigSchema.safeParse(value);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    return failure({ kind: 'kv_unreadable', detail: `unexpected value at '${path}'` });
  }
  if (parsed.data.tenant !== tenant)
    return failure({ kind: 'kv_unreadable', detail: "another tenant's value" });
  return success(parsed.data);
}
