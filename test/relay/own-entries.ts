/** For tests: tenants that have a lane that tells people, and what the relay itself has appended to their log. */

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { DigestFacts } from '../../src/domain/digest.ts';
import type { NoticeFacts } from '../../src/domain/notice.ts';
import { DIGEST_TYPE } from '../../src/domain/digest.ts';
import { NOTICE_TYPE } from '../../src/domain/notice.ts';
import type { Tenant } from './tenant.ts';

export const TOLD = 'http://127.0.0.1:9003/told';
type Document = Record<string, unknown>;

/** A destination that tells people. */
export function teller(name = 'soc', changes: Document = {}): Document {
  return { name, type: 'webhook', url: `${TOLD}/${name}`, ...changes };
}

/** A config with these destinations besides the usual two, and with what `keys` says. */
export function withTellers(tellers: readonly Document[], keys: Document = {}) {
  return (document: Document): void => {
    Object.assign(document, keys);
    (document['destinations'] as Document[]).push(...tellers);
  };
}

/** The whole log, oldest first. */
export async function logOf(tenant: Tenant): Promise<CanonicalEvent[]> {
  return tenant.inside((_relay, { storage }) => {
    const periods = storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE name GLOB 'events_[0-9]*' AND type = 'table'",
      )
      .toArray();
    return periods
      .flatMap(({ name }) =>
        storage.sql.exec<{ seq: number; body: string }>(`SELECT seq, body FROM ${name}`).toArray(),
      )
      .toSorted((a, b) => a.seq - b.seq)
      .map(({ body }) => JSON.parse(body) as CanonicalEvent);
  });
}

export async function noticeEntries(tenant: Tenant): Promise<(CanonicalEvent & { notice: NoticeFacts })[]> {
  return (await logOf(tenant)).filter(({ type }) => type === NOTICE_TYPE) as (CanonicalEvent & {
    notice: NoticeFacts;
  })[];
}

export async function digestEntries(tenant: Tenant): Promise<(CanonicalEvent & { digest: DigestFacts })[]> {
  return (await logOf(tenant)).filter(({ type }) => type === DIGEST_TYPE) as (CanonicalEvent & {
    digest: DigestFacts;
  })[];
}

export async function metaOf(tenant: Tenant): Promise<Record<string, number>> {
  return tenant.inside((_relay, { storage }) =>
    Object.fromEntries(
      storage.sql
        .exec<{ key: string; value: number }>('SELECT key, value FROM meta')
        .toArray()
        .map(({ key, value }) => [key, value]),
    ),
  );
}
