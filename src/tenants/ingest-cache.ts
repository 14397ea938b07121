/**
 * The ingest configs of busy tenants, ready for use, in this isolate's memory: secrets opened, keys imported.
 * Bounded in time and number. Misses are kept too, so that a guesser costs KV nothing; failures hardly at all.
 * Neither takes the place of a tenant's entry that still serves.
 */

import type { Residency } from '../domain/tenant-config.ts';
import type { WebhookVerifier } from '../ingest/signature.ts';
import { importWebhookKeys } from '../ingest/signature.ts';
import { decodeBase64 } from '../lib/bytes.ts';
import { withDeadline } from '../lib/deadline.ts';
import type { Result } from '../lib/result.ts';
import { failure, success } from '../lib/result.ts';
import type { Sealer, SealFailure } from '../lib/seal.ts';
import type { IngestConfig, IngestConfigReader, KvUnreadable } from './ingest-config.ts';
import { readIngestConfig } from './ingest-config.ts';

/** How long an entry serves: with what KV itself may take (60 s or more), a change reaches every isolate within about 2 minutes. */
const ENTRY_TTL_MS = 30_000;
/** How long a failure serves: long enough to spare a struggling KV a stampede, short enough to heal at once. */
const FAILURE_TTL_MS = 1_000;
/** Entries per isolate, of tenants, of misses and of failures each: about 2 KB for a tenant. */
const ENTRIES_MAX = 1_000;
/** How long one request waits for another's look-up: that request may have been cancelled, and its I/O with it. */
const JOIN_TIMEOUT_MS = 1_000;

/** What one request needs to know of its tenant. In memory only. */
export interface LoadedTenant {
  readonly tenant: string;
  readonly version: number;
  readonly residency: Residency;
  readonly verifier: WebhookVerifier;
  readonly forward: IngestConfig['forward'];
  readonly privacy: IngestConfig['privacy'];
  /** 32 bytes. */
  readonly pseudonymKey: Uint8Array;
}

/** A sealed value does not open: a wrong master key, most likely. Never to be taken for an unknown tenant. */
export interface SealNotOpened {
  readonly kind: 'seal_not_opened';
  readonly path: string;
  readonly reason: SealFailure['kind'];
}

export type IngestFailure = KvUnreadable | SealNotOpened;
export type LoadResult = Result<LoadedTenant | null, IngestFailure>;

export interface IngestConfigsOptions {
  readonly kv: IngestConfigReader;
  readonly sealer: Sealer;
  readonly nowMs: () => number;
  /** Default 1 s. */
  readonly joinTimeoutMs?: number;
}

interface Entry {
  readonly result: LoadResult;
  readonly untilMs: number;
}

export class IngestConfigs {
  readonly #options: IngestConfigsOptions;
  /** Each in order of last use, oldest first. Misses and failures have their own, so that guessed ids push no tenant out. */
  readonly #tenants = new Map<string, Entry>();
  readonly #misses = new Map<string, Entry>();
  readonly #failures = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<LoadResult>>();

  constructor(options: IngestConfigsOptions) {
    this.#options = options;
  }

  /** The tenant, null when there is none. Requests for the same tenant at the same time share one look-up. */
  async load(tenant: string): Promise<LoadResult> {
    const entry = this.#find(tenant);
    if (entry) {
      this.#remember(tenant, entry);
      return entry.result;
    }
    const underWay = this.#underWay.get(tenant);
    if (underWay) {
      const joined = await withDeadline(underWay, this.#options.joinTimeoutMs ?? JOIN_TIMEOUT_MS);
      if (joined.ok) return joined.value;
    }
    return this.#lookUp(tenant);
  }

  async #lookUp(tenant: string): Promise<LoadResult> {
    const loading = loadTenant(this.#options, tenant);
    this.#underWay.set(tenant, loading);
    try {
      const result = await loading;
      const ttlMs = result.ok ? ENTRY_TTL_MS : FAILURE_TTL_MS;
      // Another look-up may have succeeded while this one failed.
      const known = result.ok ? undefined : this.#find(tenant);
      if (known) return known.result;
      this.#remember(tenant, { result, untilMs: this.#options.nowMs() + ttlMs });
      return result;
    } finally {
      if (this.#underWay.get(tenant) === loading) this.#underWay.delete(tenant);
    }
  }

  /** The entry that still serves. */
  #find(tenant: string): Entry | undefined {
    return [this.#tenants, this.#misses, this.#failures]
      .map((entries) => entries.get(tenant))
      .find((entry) => entry !== undefined && entry.untilMs > this.#options.nowMs());
  }

  #remember(tenant: string, entry: Entry): void {
    for (const entries of [this.#tenants, this.#misses, this.#failures]) entries.delete(tenant);
    const entries = this.#placeOf(entry.result);
    entries.set(tenant, entry);
    const oldest = entries.keys().next();
    if (entries.size > ENTRIES_MAX && !oldest.done) entries.delete(oldest.value);
  }

  #placeOf(result: LoadResult): Map<string, Entry> {
    if (!result.ok) return this.#failures;
    return result.value === null ? this.#misses : this.#tenants;
  }
}

async function loadTenant({ kv, sealer }: IngestConfigsOptions, tenant: string): Promise<LoadResult> {
  const config = await readIngestConfig(kv, tenant);
  if (!config.ok) return config;
  if (!config.value) return success(null);
  const { webhook, version, residency, forward, privacy } = config.value;
  const secrets = await openAll(sealer, tenant, [
    ...webhook.secrets.map((jwe, index) => ({ jwe, purpose: 'webhook', path: `webhook.secrets[${index}]` })),
    ...(webhook.auth_token === undefined
      ? []
      : [{ jwe: webhook.auth_token, purpose: 'webhook', path: 'webhook.auth_token' }]),
    { jwe: config.value.pseudonymKey, purpose: 'pseudonym', path: 'pseudonym_key' },
  ]);
  if (!secrets.ok) return secrets;
  const pseudonymKey = decodeBase64(secrets.value.at(-1) ?? '');
  const count = webhook.secrets.length;
  const [authToken] = webhook.auth_token === undefined ? [] : secrets.value.slice(count);
  const verifier = await importWebhookKeys({
    ...webhook,
    secrets: secrets.value.slice(0, count),
    auth_token: authToken,
  });
  if (!verifier.ok || !pseudonymKey) {
    return failure({ kind: 'kv_unreadable', detail: verifier.ok ? 'pseudonym key' : verifier.error.kind });
  }
  return success({ tenant, version, residency, verifier: verifier.value, forward, privacy, pseudonymKey });
}

/** Every secret in clear, or the first that does not open. */
async function openAll(
  sealer: Sealer,
  tenant: string,
  seals: readonly { readonly jwe: string; readonly purpose: string; readonly path: string }[],
): Promise<Result<string[], SealNotOpened>> {
  const opened = await Promise.all(seals.map(({ jwe, purpose }) => sealer.open(jwe, { tenant, purpose })));
  const secrets: string[] = [];
  for (const [index, secret] of opened.entries()) {
    if (!secret.ok) {
      const path = seals[index]?.path ?? '';
      return failure({ kind: 'seal_not_opened', path, reason: secret.error.kind });
    }
    secrets.push(secret.value);
  }
  return success(secrets);
}
