/**
 * What is not authentic leaves no trace and learns nothing: one answer to the byte, whatever was wrong with the request.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SendOptions } from '../simulators/noxys.ts';
import { type AtRest, readAtRest } from './at-rest.ts';
import { makeEvent } from './events.ts';
import { Stage, type TestTenant } from './stage.ts';

interface Refusable {
  readonly what: string;
  readonly options?: SendOptions;
  /** Sent to this path below `/hooks/`; default: the tenant. */
  readonly path?: string;
  readonly isSignedByOther?: true;
}

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const REFUSABLE: readonly Refusable[] = [
  { what: 'forged', options: { tamper: 'signature' } },
  { what: 'changed after signing', options: { tamper: 'body' } },
  { what: 'with a truncated signature', options: { tamper: 'truncated_signature' } },
  { what: 'of an unknown signature version', options: { tamper: 'wrong_version' } },
  { what: 'stale', options: { timestampOffsetSeconds: -900 } },
  { what: 'from the future', options: { timestampOffsetSeconds: 900 } },
  { what: 'unsigned', options: { tamper: 'unsigned' } },
  { what: 'with a truncated body', options: { tamper: 'truncated_body' } },
  { what: "signed with another tenant's secret", isSignedByOther: true },
  { what: 'for an unknown tenant', path: 'nobody-here' },
  { what: 'for a tenant id in capitals', path: 'ACME' },
  { what: 'for a tenant id with a space', path: 'a%20b' },
  { what: 'for a tenant id that climbs', path: '%2e%2e%2fapi' },
  { what: 'for a tenant id that is not UTF-8', path: '%ff%fe' },
  { what: 'for a tenant id that is too long', path: 'a'.repeat(65) },
];
/** Differ from answer to answer, whatever was asked. */
const OWN_HEADERS = new Set(['x-request-id', 'date']);

describe('a request that is not authentic', () => {
  let stage: Stage;
  let tenant: TestTenant;
  let other: TestTenant;
  let before: AtRest;
  let reference: Refusal;

  beforeAll(async () => {
    stage = await Stage.open();
    [tenant, other] = [await stage.addTenant('acme'), await stage.addTenant('globex')];
    // One delivered event, so that there are rows which a forged request could change.
    await tenant.sender.send(makeEvent().body);
    await stage.untilDone(tenant.id, { withinMs: 5_000 });
    before = await readAtRest(stage);
    reference = await refuse({ what: 'forged', options: { tamper: 'signature' } });
  });
  afterAll(async () => stage.close());

  async function refuse({ options, path, isSignedByOther }: Refusable): Promise<Refusal> {
    const { headers, body } = tenant.sender.sign(makeEvent().body, {
      ...options,
      ...(isSignedByOther ? { secret: other.secret } : {}),
    });
    const response = await fetch(`${stage.url}/hooks/${path ?? tenant.id}`, {
      method: 'POST',
      headers,
      body,
    });
    const own = [...response.headers].filter(([name]) => !OWN_HEADERS.has(name));
    return { status: response.status, headers: Object.fromEntries(own), body: await response.text() };
  }

  it('leaves rows to compare with', () => {
    expect(Object.keys(before.objects)).toHaveLength(2);
    expect(Object.keys(before.kv).toSorted()).toEqual(['ingest/v1/acme', 'ingest/v1/globex']);
    const tables = Object.values(before.objects).flatMap(Object.keys);
    expect(tables).toContain('events_1');
  });

  it('gets a problem that tells nothing', () => {
    expect(reference.status).toBe(401);
    expect(reference.headers['content-type']).toBe('application/problem+json');
    expect(reference.headers['www-authenticate']).toBe('Signature realm="noxys-relay"');
  });

  it.each(REFUSABLE)(
    'gets the same 401 to the byte, and creates no object, row or KV entry: $what',
    async (request) => {
      expect(await refuse(request)).toEqual(reference);
      expect(await readAtRest(stage)).toEqual(before);
    },
  );

  it('leaves its tenant able to receive, which does change rows', async () => {
    expect((await tenant.sender.send(makeEvent().body)).body).toMatchObject({ accepted: 1 });
    expect(await readAtRest(stage)).not.toEqual(before);
  });
});
