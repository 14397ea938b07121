import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { LiftContainmentAnswer } from '../../../src/domain/destination-requests.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

const PATH = 'acme/destinations/falcon/lift-containment';
const ID = '0123456789abcdef0123456789abcdef';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('POST …/destinations/{name}/lift-containment', () => {
  it.each([
    ['its agent id', { device_id: ID }, { deviceId: ID }],
    ['its name', { hostname: 'WKS-7' }, { hostname: 'WKS-7' }],
  ])('lets a host back by %s, and says which one it was', async (_case, body, asked) => {
    const answer = await acme.call('POST', PATH, body);
    expect([answer.status, answer.body]).toEqual([
      200,
      { lifted: true, device_id: ID, detail: 'Falcon lets the host back.' },
    ]);
    expect(acme.relay.lifts).toEqual([{ v: 1, destination: 'falcon', ...asked }]);
    expect(acme.relay.actors.at(-1)).toMatchObject({ by: 'bootstrap', requestId: 'req-1' });
  });

  it.each<[string, unknown, string, string]>([
    ['no body', undefined, '', 'must have either device_id or hostname'],
    ['neither', {}, '', 'must have either device_id or hostname'],
    ['both', { device_id: ID, hostname: 'WKS-7' }, '', 'must have either device_id or hostname'],
    [
      'an id that is none',
      { device_id: 'WKS-7' },
      'device_id',
      'must be the agent id of a host: 32 hex digits, or a UUID',
    ],
    [
      'a list of ids',
      { device_id: [ID] },
      'device_id',
      'must be the agent id of a host: 32 hex digits, or a UUID',
    ],
    ['an empty name', { hostname: ' ' }, 'hostname', 'must be a text of 1 to 253 characters'],
    ['a name with a line break', { hostname: 'a\nb' }, 'hostname', 'must be a text of 1 to 253 characters'],
    ['an endless name', { hostname: 'a'.repeat(254) }, 'hostname', 'must be a text of 1 to 253 characters'],
    ['a key that is none', { hostnme: 'WKS-7' }, 'hostnme', 'is not a known key: did you mean hostname?'],
  ])('answers 422 to %s, and asks nobody', async (_case, body, path, message) => {
    expect(await acme.call('POST', PATH, body)).toMatchObject({
      status: 422,
      body: { faults: [{ path, message: expect.stringContaining(message) }] },
    });
    expect(acme.relay.lifts).toEqual([]);
  });

  it.each<[LiftContainmentAnswer, number, object]>([
    [
      { kind: 'refused', detail: 'the host is not isolated' },
      409,
      {
        type: 'urn:noxys-relay:problem:containment-not-lifted',
        detail: 'Nothing was changed: the host is not isolated.',
      },
    ],
    [
      { kind: 'not_granted' },
      409,
      {
        type: 'urn:noxys-relay:problem:containment-not-granted',
        detail: expect.stringMatching(
          /contain is not among its actions: add it, or use the product's own console to lift/,
        ),
      },
    ],
    [
      { kind: 'failed', reason: 'scope_missing', detail: 'the API client lacks the scope Hosts: Write' },
      502,
      {
        type: 'urn:noxys-relay:problem:destination-failed',
        detail: 'The destination did not do it: the API client lacks the scope Hosts: Write.',
        reason: 'scope_missing',
      },
    ],
    [{ kind: 'failed', detail: 'HTTP 422' }, 502, { detail: 'The destination did not do it: HTTP 422.' }],
    [
      { kind: 'unknown_destination' },
      404,
      {
        type: 'urn:noxys-relay:problem:destination-not-found',
        detail: 'The tenant has no destination of this name: it has edr, falcon.',
      },
    ],
    [{ kind: 'unknown_tenant' }, 404, { type: 'urn:noxys-relay:problem:tenant-not-found' }],
    [{ kind: 'unavailable', reason: 'object_fault' }, 503, {}],
  ])('says in words and status what %j means', async (answer, status, body) => {
    acme.relay.liftsAs = answer;
    const problem = await acme.call('POST', PATH, { device_id: ID });
    expect(problem).toMatchObject({ status, body: { status, ...body } });
  });

  it('says when to come again after too many', async () => {
    acme.relay.liftsAs = { kind: 'busy', retryAfterSeconds: 6 };
    const { status, headers } = await acme.call('POST', PATH, { device_id: ID });
    expect([status, headers.get('retry-after')]).toEqual([429, '6']);
  });

  it('logs the outcome, and never the host', async () => {
    const log = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    await acme.call('POST', PATH, { hostname: 'LAPTOP-JDOE' });
    acme.relay.liftsAs = { kind: 'failed', reason: 'timeout', detail: 'no answer within 15 s' };
    await acme.call('POST', PATH, { hostname: 'LAPTOP-JDOE' });
    const lines = log.mock.calls.map(String).filter((line) => line.includes('host.containment_lifted'));
    log.mockRestore();
    expect(lines.map((line) => (JSON.parse(line) as { outcome: string }).outcome)).toEqual([
      'lifted',
      'failed timeout',
    ]);
    expect(lines.join('')).not.toContain('JDOE');
    expect(lines.join('')).not.toContain(ID);
  });
});
