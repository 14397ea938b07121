/**
 * The keys by which people and devices are known to those who may not see their names: the tenant's pseudonyms.
 * A key of a value is computed once per request.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { UserName } from '../domain/event-view.ts';
import type { PrivacyConfig, SealedTenantConfig } from '../domain/tenant-config.ts';
import { readId, readText } from '../ingest/field-values.ts';
import { type PseudonymKind, pseudonymOfStored } from '../ingest/pseudonym.ts';
import { decodeBase64 } from '../lib/bytes.ts';
import type { Sealer } from '../lib/seal.ts';

/** Throws when the tenant's pseudonym key does not open: then nothing may be shown, and nobody be found. */
export async function openPersonKeys(sealer: Sealer, config: SealedTenantConfig): Promise<PersonKeys> {
  const opened = await sealer.open(config.pseudonym_key, { tenant: config.id, purpose: 'pseudonym' });
  const key = opened.ok ? decodeBase64(opened.value) : undefined;
  if (!key) {
    const why = opened.ok ? 'not base64' : opened.error.kind;
    throw new Error(`Cannot make pseudonyms as the tenant's pseudonym key must open: ${why}`);
  }
  return new PersonKeys(key, config.privacy);
}

export class PersonKeys {
  readonly #key: Uint8Array;
  readonly #privacy: PrivacyConfig;
  readonly #known = new Map<string, string>();

  constructor(key: Uint8Array, privacy: PrivacyConfig) {
    this.#key = key;
    this.#privacy = privacy;
  }

  /** Of the id, else of the e-mail address; undefined when the event names no user. */
  ofUser({ id, email }: NonNullable<CanonicalEvent['user']>): string | undefined {
    if (id !== undefined) return this.#of(id, 'user_id');
    return email === undefined ? undefined : this.#of(email, 'user_email');
  }

  /** Of the id, else of the host name. */
  ofDevice({ id, hostname }: NonNullable<CanonicalEvent['device']>): string | undefined {
    if (id !== undefined) return this.#of(id, 'device_id');
    return hostname === undefined ? undefined : this.#of(hostname, 'hostname');
  }

  /** Of a user as somebody writes them: read as the parser reads it, so that it is the same as of what came. */
  ofName(user: UserName): string {
    if ('id' in user) return this.#of(readId(user.id).value ?? user.id, 'user_id');
    return this.#of(readText(user.email).value ?? user.email, 'user_email');
  }

  /** Whether a key is that of an event's user: of either name, kept or stored as a pseudonym. */
  isOf(key: string, { id, email }: NonNullable<CanonicalEvent['user']>): boolean {
    if (id === key || email === key) return true;
    if (id !== undefined && this.#of(id, 'user_id') === key) return true;
    return email !== undefined && this.#of(email, 'user_email') === key;
  }

  #of(value: string, kind: PseudonymKind): string {
    const name = `${kind}:${value}`;
    const known = this.#known.get(name) ?? pseudonymOfStored(value, kind, this.#privacy, this.#key);
    this.#known.set(name, known);
    return known;
  }
}
