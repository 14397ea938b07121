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
