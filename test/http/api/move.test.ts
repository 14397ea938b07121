import { beforeEach, describe, expect, it } from 'vitest';

import type { MoveFailure, MoveRefusal } from '../../../src/domain/move.ts';
import { objectName } from '../../../src/residency.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import { tokenFor } from '../callers.ts';
import type { FakeRelay, World } from '../fakes.ts';
import { CREATED_AT_MS, fakeWorld } from '../fakes.ts';
import { callOperator } from '../operator.ts';

const PATH = '/api/v1/tenants/acme';
const ID = '00000000-0000-4000-8000-000000000001';

let world: World;
beforeEach(async () => {
  world = fakeWorld();
  await callOperator(world.env, 'PUT', PATH, { body: sampleDocument() });
});

const post = async (step: string, body: object, env = world.env) =>
  callOperator(env, 'POST', `${PATH}/${step}`, { body: JSON.stringify(body) });

function relay(place: 'eu' | 'base', of = world): FakeRelay {
  const found = of.relays.get(`${place}/${objectName('acme')}`);
  if (!found) throw new Error(`the object in ${place} must be known`);
  return found;
}

describe('a tenant that leaves', () => {
  it('is asked at its own object, in its own jurisdiction, by who is named', async () => {
    relay('eu').leaves = { kind: 'offered', version: 1, sealed: 'jwe', bytes: 4096 };
    world.overflow.backlog = { backlogCount: 3, backlogBytes: 1 };
    const offer = await post('move/offer', { to: 'global', leave_eu: true });
    expect([offer.status, offer.body]).toEqual([
      200,
      { version: 1, sealed: 'jwe', bytes: 4096, overflowing: 3 },
    ]);
    expect(relay('eu').steps).toEqual([{ v: 1, step: 'offer', to: 'global', leavesEu: true }]);
    expect(relay('eu').actors.at(-1)).toMatchObject({ by: 'bootstrap', requestId: 'req-1' });
    expect(relay('base').steps).toEqual([]);
  });

  it.each<[string, object, object]>([
    ['move', { to: 'eu', version: 3 }, { step: 'begin', to: 'eu', leavesEu: false, expectedVersion: 3 }],
    ['move/pages', { move: ID, n: 4 }, { step: 'page', move: ID, n: 4 }],
    ['move/finish', { move: ID, proof: 'p' }, { step: 'finish', move: ID, proof: 'p' }],
    ['move/settle', { move: ID }, { step: 'settle', move: ID }],
    ['move/abandon', { move: ID }, { step: 'abandon', move: ID }],
  ])('takes the step of POST …/%s', async (path, body, step) => {
    const view = { side: 'leaving', move: ID, to: 'eu', until: '2026-11-23T00:00:00.000Z' } as const;
    relay('eu').leaves =
      path === 'move/pages' ? { kind: 'page', sealed: 'jwe', n: 4, isLast: true } : { kind: 'done', view };
    const answer = await post(path, body);
    expect([answer.status, answer.body]).toEqual([
      200,
      path === 'move/pages' ? { n: 4, sealed: 'jwe', isLast: true } : view,
    ]);
    expect(relay('eu').steps).toEqual([{ v: 1, ...step }]);
  });

  it('is found where it is on its way, before where it works', async () => {
    relay('base').moves = { side: 'departed', move: ID, to: 'eu', release: 'r', isSettled: false };
    relay('eu').moves = { side: 'arriving', move: ID, pages: 2, proof: 'p' };
    expect((await callOperator(world.env, 'GET', `${PATH}/move`)).body).toEqual({
      side: 'departed',
      move: ID,
      to: 'eu',
      release: 'r',
      isSettled: false,
      residency: 'global',
    });
    relay('eu').moves = { side: 'arrived', move: ID };
    relay('base').moves = { side: 'departed', move: ID, to: 'eu', release: 'r', isSettled: true };
    expect((await callOperator(world.env, 'GET', `${PATH}/move`)).body).toMatchObject({ residency: 'eu' });
    relay('eu').moves = { side: 'none', hasTenant: false };
    relay('base').moves = { side: 'none', hasTenant: false };
    expect((await callOperator(world.env, 'GET', `${PATH}/move`)).status).toBe(404);
  });

  it("is in the deployment's audit, and its tokens hold no longer where it is no more", async () => {
    const token = await tokenFor(world, { role: 'viewer', tenant: 'acme' });
    const view = { side: 'departed', move: ID, to: 'eu', release: 'r' } as const;
    relay('eu').moves = { ...view, isSettled: false };
    relay('eu').stored = null;
    relay('eu').leaves = { kind: 'done', view: { ...view, isSettled: false } };
    expect((await post('move/finish', { move: ID, proof: 'p' })).status).toBe(200);
    relay('eu').leaves = { kind: 'done', view: { ...view, isSettled: true } };
    expect((await post('move/settle', { move: ID })).status).toBe(200);
    const { entries } = (await callOperator(world.env, 'GET', '/api/v1/audit')).body;
    expect(entries).toMatchObject([
      { action: 'tokens.revoked' },
      { action: 'tenant.departed', detail: { tenant: 'acme', move: ID, to: 'eu' } },
      {},
      {},
    ]);
    const headers = { authorization: `Bearer ${token}` };
    expect((await callOperator(world.env, 'GET', '/api/v1/me', { headers })).status).toBe(401);
  });
});

describe('a tenant that arrives', () => {
  it('is brought to an object in the jurisdiction of its new residency alone', async () => {
    relay('base').arrives = { kind: 'done', view: { side: 'arriving', move: ID, pages: 1 } };
    await post('arrival/check', { to: 'eu', sealed: 'jwe' });
    await post('arrival/pages', { to: 'global', sealed: 'jwe' });
    const known = { v: 1, tenant: 'acme', knownCreatedAtMs: CREATED_AT_MS };
    expect(relay('eu').steps).toEqual([{ ...known, step: 'check', to: 'eu', sealed: 'jwe' }]);
    expect(relay('base').steps).toEqual([{ ...known, step: 'page', to: 'global', sealed: 'jwe' }]);
  });

  it('is brought to an EU object alone in an EU deployment', async () => {
    const eu = fakeWorld({ RELAY_RESIDENCY: 'eu' });
    await post('arrival/check', { to: 'eu', sealed: 'jwe' }, eu.env);
    const refused = await post('arrival/check', { to: 'global', sealed: 'jwe' }, eu.env);
    expect([refused.status, refused.body['reason']]).toEqual([409, 'not_served']);
    expect([...eu.relays.keys()]).toEqual([`eu/${objectName('acme')}`]);
    expect(relay('eu', eu).steps).toHaveLength(1);
  });

  it('works once it is activated, and the deployment’s audit says so', async () => {
    relay('base').arrives = { kind: 'active', version: 2, isPublished: true };
    const answer = await post('arrival/activate', { to: 'global', move: ID, release: 'r' });
    expect([answer.status, answer.body]).toEqual([200, { version: 2, published: true }]);
    const { entries } = (await callOperator(world.env, 'GET', '/api/v1/audit')).body;
    expect(entries).toMatchObject([{ action: 'tenant.arrived', detail: { tenant: 'acme', version: 2 } }, {}]);
  });

  it('takes a page of up to 1 MiB, and no more', async () => {
    relay('eu').arrives = { kind: 'done', view: { side: 'arriving', move: ID, pages: 1 } };
    const page = async (length: number) =>
      (await post('arrival/pages', { to: 'eu', sealed: 'x'.repeat(length) })).status;
    expect([await page(900_000), await page(1024 * 1024)]).toEqual([200, 413]);
    expect((await post('move/pages', { move: ID, n: 1, sealed: 'x'.repeat(300_000) })).status).toBe(413);
  });
});

describe('a step that is not taken', () => {
  const refusals: [MoveRefusal, RegExp][] = [
    ['leaves_eu', /leave the EU.*leave_eu/],
    ['no_such_move', /No such move/],
    ['another_move', /another move/],
    ['another_target', /handed over to another target/],
    ['not_ready', /not ready/],
    ['handed_over', /only be finished/],
    ['taken', /has a tenant of this id/],
    ['unknown_key', /RELAY_MASTER_KEY_PREVIOUS/],
    ['unreadable', /no page of this move/],
    ['out_of_order', /not the next one/],
    ['newer_release', /older release/],
    ['counts_differ', /not what left/],
  ];
  it.each(refusals)('says why: %s', async (reason, words) => {
    relay('eu').arrives = { kind: 'move_refused', reason };
    const answer = await post('arrival/pages', { to: 'eu', sealed: 'jwe' });
    expect([answer.status, answer.body['reason']]).toEqual([409, reason]);
    expect(answer.body.detail).toMatch(words);
  });

  it.each<[string, MoveFailure, number, string | null]>([
    ['comes to rest', { kind: 'settling', retryAfterSeconds: 2 }, 503, '2'],
    ['is unavailable', { kind: 'unavailable', reason: 'moving' }, 503, '5'],
    ['has gone', { kind: 'unknown_tenant' }, 404, null],
    ['could not be valid', { kind: 'config_invalid', faults: [{ path: 'x', message: 'y' }] }, 422, null],
  ])('answers as fits when the object %s', async (_, failure, status, retryAfter) => {
    relay('eu').leaves = failure;
    const answer = await post('move', { to: 'global', version: 1 });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
  });

  it.each<[string, object, string]>([
    ['move', { to: 'eu' }, 'version'],
    ['move', { version: 1 }, 'to'],
    ['move/pages', { move: ID }, 'n'],
    ['arrival/pages', { to: 'eu' }, 'sealed'],
    ['arrival/activate', { to: 'eu', move: ID }, 'release'],
  ])('names what its body lacks: %s', async (path, body, missing) => {
    const answer = await post(path, body);
    expect([answer.status, answer.body.faults]).toEqual([422, [{ path: missing, message: 'is missing' }]]);
  });
});

it('never changes a residency in place, and names the command that moves a tenant', async () => {
  const answer = await callOperator(world.env, 'PUT', PATH, {
    body: { ...sampleDocument(), residency: 'global' },
  });
  expect([answer.status, answer.body.type]).toEqual([409, 'urn:noxys-relay:problem:residency-change']);
  expect(answer.body.detail).toContain('noxys-relay tenants move');
});
