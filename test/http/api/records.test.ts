/** The routes on a person's export, on legal holds and on retention. */

import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { SHOWN_HOLD } from '../record-answers.ts';
import { asViewer } from '../viewer.ts';

const KEY = 'p_0123456789abcdefghijkl';
const BUSY = { kind: 'busy', retryAfterSeconds: 3 } as const;
const FAULTY = { kind: 'unavailable', reason: 'object_fault' } as const;
const GONE = { kind: 'unknown_tenant' } as const;

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('POST …/export', () => {
  it('asks for a page of a person by all names that it is given, and says where the next one begins', async () => {
    const names = { user_id: 'u-1', user_email: 'ada@acme.fr', user_key: KEY };
    const { status, body } = await acme.call('POST', 'acme/export', { ...names, cursor: 'place' });
    expect([status, body]).toEqual([200, { items: [{ kind: 'key', key: KEY }], next: 'sealed-place' }]);
    const subject = { id: 'u-1', email: 'ada@acme.fr', key: KEY };
    expect(acme.relay.asked).toEqual([{ v: 1, subject, cursor: 'place' }]);
    expect(acme.relay.actors.at(-1)).toMatchObject({ by: 'bootstrap' });
  });

  it('has no next on the last page', async () => {
    acme.relay.recordAnswers.export = { kind: 'page', items: [] };
    expect((await acme.call('POST', 'acme/export', { user_id: 'u-1' })).body).toEqual({ items: [] });
  });

  it('needs a name, and takes none in the URL', async () => {
    expect((await acme.call('POST', 'acme/export', { cursor: 'place' })).status).toBe(422);
    expect((await acme.call('POST', 'acme/export?user_id=u-1', { user_id: 'u-1' })).status).toBe(400);
    expect(acme.relay.asked).toEqual([]);
  });

  it('is not for viewers', async () => {
    expect((await asViewer(acme, 'POST', 'acme/export', { user_id: 'u-1' })).status).toBe(403);
  });

  it.each([
    [{ kind: 'place_unknown' } as const, 400],
    [BUSY, 429],
    [FAULTY, 503],
    [GONE, 404],
  ])('answers %j with %i', async (answer, status) => {
    acme.relay.recordAnswers.export = answer;
    expect((await acme.call('POST', 'acme/export', { user_id: 'u-1', cursor: 'x' })).status).toBe(status);
  });
});

describe('…/holds', () => {
  it('lists them', async () => {
    expect((await acme.call('GET', 'acme/holds')).body).toEqual({ holds: [SHOWN_HOLD] });
    expect((await asViewer(acme, 'GET', 'acme/holds')).status).toBe(403);
  });

  it('places one of a person, or of everything', async () => {
    const placed = await acme.call('POST', 'acme/holds', { user_email: 'ada@acme.fr', reason: 'case 7' });
    expect([placed.status, placed.body]).toEqual([201, SHOWN_HOLD]);
    await acme.call('POST', 'acme/holds', { reason: 'case 8' });
    expect(acme.relay.asked).toEqual([
      { v: 1, subject: { email: 'ada@acme.fr' }, reason: 'case 7' },
      { v: 1, reason: 'case 8' },
    ]);
  });

  it.each([
    ['no reason', { user_id: 'u-1' }],
    ['an empty reason', { user_id: 'u-1', reason: ' ' }],
    ['a reason that is too long', { reason: 'x'.repeat(201) }],
    ['a misspelt name, which must not hold everything', { user_ids: 'u-1', reason: 'case 7' }],
  ])('refuses %s', async (_case, body) => {
    expect((await acme.call('POST', 'acme/holds', body)).status).toBe(422);
    expect(acme.relay.asked).toEqual([]);
  });

  it('lifts one by its id, and says when there is none', async () => {
    expect((await acme.call('DELETE', 'acme/holds/1')).body).toEqual(SHOWN_HOLD);
    expect(acme.relay.asked).toEqual([{ v: 1, id: 1 }]);
    acme.relay.recordAnswers.lifted = { kind: 'not_found' };
    expect((await acme.call('DELETE', 'acme/holds/2')).status).toBe(404);
    expect((await acme.call('DELETE', 'acme/holds/first')).status).toBe(404);
  });

  it('answers 409 where there are too many', async () => {
    acme.relay.recordAnswers.placed = { kind: 'too_many' };
    expect((await acme.call('POST', 'acme/holds', { reason: 'case 7' })).status).toBe(409);
  });

  it('keep the tenant from being deleted, and the answer says which and how to lift them', async () => {
    acme.relay.heldBy = [1, 4];
    const { status, body } = await acme.call('DELETE', 'acme?undelivered=discard');
    expect([status, body]).toMatchObject([
      409,
      {
        type: 'urn:noxys-relay:problem:held',
        holds: [1, 4],
        detail: expect.stringContaining('DELETE …/holds/1 or noxys-relay holds lift acme 1'),
      },
    ]);
    expect((await acme.call('GET', 'acme')).status).toBe(200);
  });

  it.each([FAULTY, GONE])('answer %j as a failure', async (answer) => {
    Object.assign(acme.relay.recordAnswers, { holds: answer, placed: answer, lifted: answer });
    const statuses = [
      (await acme.call('GET', 'acme/holds')).status,
      (await acme.call('POST', 'acme/holds', { reason: 'x' })).status,
      (await acme.call('DELETE', 'acme/holds/1')).status,
    ];
    expect(new Set(statuses)).toEqual(new Set([answer === GONE ? 404 : 503]));
  });
});

describe('GET …/retention', () => {
  it('is for viewers', async () => {
    const { status, body } = await asViewer(acme, 'GET', 'acme/retention');
    expect([status, body]).toMatchObject([200, { lines: [{ kind: 'events', days: 30, isOverdue: false }] }]);
  });

  it('says 503 while the object has a fault', async () => {
    acme.relay.recordAnswers.retention = FAULTY;
    expect((await acme.call('GET', 'acme/retention')).status).toBe(503);
  });
});
