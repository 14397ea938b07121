/** Whether a saved config brings the edge anything new. Seals differ each time, so the secrets are compared in clear; none leaves here. */

import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Sealer } from '../lib/seal.ts';
import { projectionOf } from './ingest-config.ts';

/** Whether webhook (its secrets included), forward, privacy or residency differ; a new tenant is a change. */
export async function isIngestChanged(
  stored: SealedTenantConfig | null,
  config: SealedTenantConfig,
  sealer: Sealer,
): Promise<boolean> {
  if (!stored) return true;
  const [before, after] = await Promise.all([comparable(stored, sealer), comparable(config, sealer)]);
  return before !== after;
}

/** What ingest reads, as one text. The pseudonym key is left out: it never changes. */
async function comparable(config: SealedTenantConfig, sealer: Sealer): Promise<string> {
  const { pseudonymKey: _pseudonymKey, webhook, ...rest } = projectionOf(config, 0);
  const { secrets, auth_token: authToken, ...plain } = webhook;
  const seals = authToken === undefined ? secrets : [...secrets, authToken];
  const opened = await Promise.all(
    seals.map(async (jwe) => {
      const secret = await sealer.open(jwe, { tenant: config.id, purpose: 'webhook' });
      // One that does not open any more has certainly been replaced.
      return secret.ok ? secret.value : jwe;
    }),
  );
  return JSON.stringify([rest, plain, secrets.length, opened]);
}
