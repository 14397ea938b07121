/** The tenants of a deployment, page by page, from the names and metadata of KV: a change shows within about a minute. */

import * as z from 'zod/mini';

import { RESIDENCIES, type Residency } from '../domain/tenant-config.ts';
import { withDeadline } from '../lib/deadline.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import { ingestKey, INGEST_CONFIG_PREFIX, type KvUnreadable } from './ingest-config.ts';

const TIMEOUT_MS = 5_000;

export interface ListedTenant {
  readonly id: string;
  /** Null: what KV says can't be read. */
  readonly residency: Residency | null;
  /** Null: published by an earlier release, which did not write it down. So is `savedAt`. */
  readonly version: number | null;
  /** ISO 8601 UTC. */
  readonly savedAt: string | null;
}

export interface TenantPage {
  readonly tenants: readonly ListedTenant[];
  /** KV's own; absent: that was the last page. A page may be short, even empty, and not the last. */
  readonly nextCursor?: string;
}

/** KV's list, as this file needs it. */
export interface TenantLister {
  list(options: {
    prefix: string;
    limit: number;
    cursor?: string;
  }): Promise<
    { readonly keys: readonly { readonly name: string; readonly metadata?: unknown }[] } & (
      { readonly list_complete: true } | { readonly list_complete: false; readonly cursor: string }
    )
  >;
}

const metadataSchema = z.object({
  residency: z.optional(z.enum(RESIDENCIES)),
  version: z.optional(z.int()),
  savedAt: z.optional(z.string()),
});

/** One page, in the order of the ids: one call of KV. `prefix`: of the ids. */
export async function listTenants(
  kv: TenantLister,
  { prefix, limit, cursor }: { readonly prefix: string; readonly limit: number; readonly cursor?: string },
): Promise<Result<TenantPage, KvUnreadable>> {
  try {
    const listing = kv.list({
      prefix: ingestKey(prefix),
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const listed = await withDeadline(listing, TIMEOUT_MS);
    if (!listed.ok) return failure({ kind: 'kv_unreadable', detail: listed.error.kind });
    const page = listed.value;
    const tenants = page.keys.map(({ name, metadata }) => listedTenant(name, metadata));
    return success({ tenants, ...(page.list_complete ? {} : { nextCursor: page.cursor }) });
  } catch (error) {
    logEvent('error', 'tenants.listing_failed', causeFields(error));
    return failure({ kind: 'kv_unreadable', detail: error instanceof Error ? error.name : 'unknown' });
  }
}

function listedTenant(key: string, metadata: unknown): ListedTenant {
  const { residency = null, version = null, savedAt = null } = metadataSchema.safeParse(metadata).data ?? {};
  return { id: key.slice(INGEST_CONFIG_PREFIX.length), residency, version, savedAt };
}
