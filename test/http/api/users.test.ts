import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';

const PATH = 'acme/users/key';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('POST …/users/key', () => {
  it.each([
    [{ user_id: 'u-1' }, { id: 'u-1' }],
    [{ user_email: 'alice@acme.fr' }, { email: 'alice@acme.fr' }],
  ])('answers with the key of %j, and says who asked', async (body, user) => {
    const answer = await acme.call('POST', PATH, body);
    expect([answer.status, answer.body]).toEqual([200, { key: 'p_0123456789abcdefghijkl' }]);
    expect(acme.relay.asked).toEqual([{ v: 1, user }]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it.each<[unknown, string]>([
    [undefined, ''],
    [{}, ''],
    [{ user_id: 'u-1', user_email: 'alice@acme.fr' }, ''],
    [{ user_key: 'p_0123456789abcdefghijkl' }, 'user_key'],
    [{ user_id: 'x'.repeat(2_049) }, 'user_id'],
  ])('answers 422 to %j, and asks nothing', async (body, path) => {
    expect(await acme.call('POST', PATH, body)).toMatchObject({ status: 422, body: { faults: [{ path }] } });
    expect(acme.relay.asked).toEqual([]);
  });

  it('answers 404 to a tenant that has just gone, 503 to an object that can not', async () => {
    acme.relay.keys = { kind: 'unknown_tenant' };
    expect((await acme.call('POST', PATH, { user_id: 'u-1' })).status).toBe(404);
    acme.relay.keys = { kind: 'unavailable', reason: 'object_fault' };
    expect((await acme.call('POST', PATH, { user_id: 'u-1' })).status).toBe(503);
  });
});

describe('POST …/users/reveal', () => {
  const REVEAL = 'acme/users/reveal';
  const KEY = 'p_0123456789abcdefghijkl';

  it.each([
    [{ id: 'u-1' }, { user_id: 'u-1' }],
    [{ email: 'alice@acme.fr' }, { user_email: 'alice@acme.fr' }],
  ])('answers with %j, and says who asked', async (name, body) => {
    acme.relay.reveals = { kind: 'revealed', name };
    const answer = await acme.call('POST', REVEAL, { user_key: KEY });
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(acme.relay.asked).toEqual([{ v: 1, key: KEY }]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it.each([
    [true, /The sealed map has no name for this key/],
    [false, /The tenant keeps no sealed map/],
  ])('answers 404 where there is no name, and says whether the map is on: %s', async (isOn, detail) => {
    acme.relay.reveals = { kind: 'not_found', isOn };
    expect(await acme.call('POST', REVEAL, { user_key: KEY })).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:name-not-found', detail: expect.stringMatching(detail) },
    });
  });

  it.each<[unknown, string]>([
    [undefined, 'user_key'],
    [{}, 'user_key'],
    [{ user_key: 'u-1' }, 'user_key'],
    [{ user_key: `${KEY}x` }, 'user_key'],
    [{ user_id: 'u-1' }, 'user_id'],
  ])('answers 422 to %j, and asks nothing', async (body, path) => {
    expect(await acme.call('POST', REVEAL, body)).toMatchObject({
      status: 422,
      body: { faults: [{ path }] },
    });
    expect(acme.relay.asked).toEqual([]);
  });

  it('answers 404 to a tenant that has just gone, 503 to an object that can not', async () => {
    acme.relay.reveals = { kind: 'unknown_tenant' };
    expect(await acme.call('POST', REVEAL, { user_key: KEY })).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:tenant-not-found' },
    });
    acme.relay.reveals = { kind: 'unavailable', reason: 'object_fault' };
    expect((await acme.call('POST', REVEAL, { user_key: KEY })).status).toBe(503);
  });
});
