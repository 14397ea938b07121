import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { SHOWN_ERASURE } from '../fakes.ts';

const KEY = 'p_0123456789abcdefghijkl';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('POST …/erase', () => {
  it.each([
    [{ user_id: 'u-1' }, { id: 'u-1' }],
    [
      { user_id: 'alice', user_email: 'alice@acme.fr' },
      { id: 'alice', email: 'alice@acme.fr' },
    ],
    [{ user_key: KEY }, { key: KEY }],
  ])('begins to erase who %j names, and says who asked', async (body, subject) => {
    const answer = await acme.call('POST', 'acme/erase', body);
    expect([answer.status, answer.body]).toEqual([202, SHOWN_ERASURE]);
    expect(acme.relay.asked).toEqual([{ v: 1, subject }]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it.each<[unknown, string]>([
    [undefined, ''],
    [{}, ''],
    [{ user_key: 'alice' }, 'user_key'],
    [{ user_id: 'x'.repeat(2_049) }, 'user_id'],
    [{ user: 'alice' }, 'user'],
  ])('answers 422 to %j, and asks nothing', async (body, path) => {
    expect(await acme.call('POST', 'acme/erase', body)).toMatchObject({
      status: 422,
      body: { faults: [{ path }] },
    });
    expect(acme.relay.asked).toEqual([]);
  });

  it('answers 409 while the person is held, with the holds that must be lifted', async () => {
    acme.relay.erases = { kind: 'held', holds: [2, 5] };
    expect(await acme.call('POST', 'acme/erase', { user_id: 'u-1' })).toMatchObject({
      status: 409,
      body: {
        type: 'urn:noxys-relay:problem:held',
        holds: [2, 5],
        detail:
          'Nothing was removed, as legal holds 2, 5 keep it: lift those first, with DELETE …/holds/2 or noxys-relay holds lift acme 2.',
      },
    });
  });

  it('answers 404 to a tenant that has just gone, 503 to an object that can not', async () => {
    acme.relay.erases = { kind: 'unknown_tenant' };
    expect((await acme.call('POST', 'acme/erase', { user_id: 'u-1' })).status).toBe(404);
    acme.relay.erases = { kind: 'unavailable', reason: 'object_fault' };
    expect((await acme.call('POST', 'acme/erase', { user_id: 'u-1' })).status).toBe(503);
  });
});

describe('GET …/erasures', () => {
  it('lists them, and shows one', async () => {
    expect(await acme.call('GET', 'acme/erasures')).toMatchObject({
      status: 200,
      body: { erasures: [SHOWN_ERASURE] },
    });
    const one = await acme.call('GET', 'acme/erasures/7');
    expect([one.status, one.body]).toEqual([200, SHOWN_ERASURE]);
  });

  it.each(['8', '07', 'x'])('answers 404 to the unknown number %s', async (id) => {
    expect(await acme.call('GET', `acme/erasures/${id}`)).toMatchObject({
      status: 404,
      body: { type: 'urn:noxys-relay:problem:erasure-not-found' },
    });
  });
});
