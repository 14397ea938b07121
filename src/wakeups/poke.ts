/**
 * The hourly look at every tenant: one wake-up each, for lanes whose own triggers were all lost.
 * Reads the tenants' names and residencies from KV, never their configs.
 */

import { RESIDENCIES, type Residency } from '../domain/tenant-config.ts';
import type { Wakeup } from '../domain/wakeup.ts';
import { logEvent } from '../lib/log.ts';
import type { Env } from '../settings.ts';
import { INGEST_CONFIG_PREFIX } from '../tenants/ingest-config.ts';

/** Source: Cloudflare Queues limits (sendBatch), read 2026-11. */
const MESSAGES_PER_BATCH = 100;
/** Spreads thousands of tenants over a part of the hour. */
const SPREAD_SECONDS = 1800;

/** Leaves a wake-up for every tenant. Returns how many. */
export async function pokeTenants(env: Pick<Env, 'RELAY_KV' | 'WAKEUPS'>): Promise<number> {
  let cursor: string | undefined;
  let count = 0;
  do {
    const page: KVNamespaceListResult<{ residency?: string }> = await env.RELAY_KV.list({
      prefix: INGEST_CONFIG_PREFIX,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const wakeups = page.keys.flatMap(({ name, metadata }) => {
      const residency = RESIDENCIES.find((known) => known === metadata?.residency);
      return residency ? [wakeupOf(name.slice(INGEST_CONFIG_PREFIX.length), residency)] : [];
    });
    for (let i = 0; i < wakeups.length; i += MESSAGES_PER_BATCH) {
      const messages = wakeups.slice(i, i + MESSAGES_PER_BATCH);
      await env.WAKEUPS.sendBatch(
        messages.map((body, j) => ({ body, delaySeconds: ((count + i + j) * 7) % SPREAD_SECONDS })),
      );
    }
    count += wakeups.length;
    cursor = page.list_complete ? undefined : page.cursor;
  } while (cursor !== undefined);
  logEvent('info', 'tenants.poked', { count });
  return count;
}

function wakeupOf(tenant: string, residency: Residency): Wakeup {
  return { v: 1, tenant, residency, lane: '*' };
}
