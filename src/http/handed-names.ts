/**
 * The names behind the pseudonyms of a webhook, sealed for its tenant's object, where the tenant wants them kept. A name that an object
 * has taken of late is not sealed again. Whatever goes wrong here is a log line, never the sender's.
 */

import { PSEUDONYM_MAP_PURPOSE, type SealedName, writeName } from '../domain/pseudonym-map.ts';
import { namesBehind } from '../ingest/names-behind.ts';
import type { ParsedEvent } from '../ingest/parse-event.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Sealer } from '../lib/seal.ts';
import type { LoadedTenant } from '../tenants/ingest-cache.ts';

/** For so long a name is not handed over again: an object notes once a day that it was seen. */
const HANDED_MS = 24 * 3_600_000;
/** Keys remembered per isolate, the least recently handed over out first: about 100 bytes each. */
export const HANDED_MAX = 10_000;

type Place = Pick<LoadedTenant, 'tenant' | 'version'>;

/** When each name was handed over last by this isolate: keys, never names. */
export class HandedNames {
  readonly #handed = new Map<string, { readonly version: number; readonly atMs: number }>();

  get size(): number {
    return this.#handed.size;
  }

  /** Under another version of the config it is handed over again: the map may have been switched off in between. */
  has({ tenant, version }: Place, key: string, nowMs: number): boolean {
    const known = this.#handed.get(`${tenant}/${key}`);
    return known?.version === version && Math.abs(nowMs - known.atMs) < HANDED_MS;
  }

  /** The object has them. */
  note({ tenant, version }: Place, names: readonly SealedName[], nowMs: number): void {
    for (const { key } of names) {
      const name = `${tenant}/${key}`;
      this.#handed.delete(name);
      this.#handed.set(name, { version, atMs: nowMs });
      const oldest = this.#handed.keys().next();
      if (this.#handed.size > HANDED_MAX && !oldest.done) this.#handed.delete(oldest.value);
    }
  }
}

/** Those that the object may not have yet. Never rejects. */
export async function sealNames(
  { sealer, handedNames }: { readonly sealer: Sealer; readonly handedNames: HandedNames },
  tenant: LoadedTenant,
  events: readonly Pick<ParsedEvent, 'personal'>[],
  nowMs: number,
): Promise<readonly SealedName[]> {
  const binding = { tenant: tenant.tenant, purpose: PSEUDONYM_MAP_PURPOSE };
  try {
    const names = [...namesBehind(events, tenant.privacy, tenant.pseudonymKey)];
    return await Promise.all(
      names
        .filter(([key]) => !handedNames.has(tenant, key, nowMs))
        .map(async ([key, name]) => ({ key, sealed: await sealer.seal(writeName(key, name), binding) })),
    );
  } catch (error) {
    logEvent('error', 'pseudonym_map.sealing_failed', { tenant: tenant.tenant, ...causeFields(error) });
    return [];
  }
}
