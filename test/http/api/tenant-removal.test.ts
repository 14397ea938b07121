import { beforeEach, describe, expect, it, vi } from 'vitest';

import { objectName } from '../../../src/residency.ts';
import { sampleDocument } from '../../tenants/sample.ts';
import type { FakeRelay, World } from '../fakes.ts';
import { CREATED_AT_MS, fakeWorld } from '../fakes.ts';
import { tokenFor } from '../callers.ts';
import { callOperator } from '../operator.ts';

const PATH = '/api/v1/tenants/acme';
const REST = [
  { lane: 'edr/events', undelivered: 12, deadLetters: 0 },
  { lane: 'falcon/events', undelivered: 3, deadLetters: 2 },
];

let world: World;
beforeEach(async () => {
  world = fakeWorld();
  await callOperator(world.env, 'PUT', PATH, { body: sampleDocument() });
});

const remove = async (query = '', headers = {}) =>
  callOperator(world.env, 'DELETE', `${PATH}${query}`, { headers });

function relay(): FakeRelay {
  const found = world.relays.get(`eu/${objectName('acme')}`);
  if (!found) throw new Error('the tenant must exist');
  return found;
}

async function audited(): Promise<unknown> {
  return (await callOperator(world.env, 'GET', '/api/v1/audit')).body.entries;
}

describe('DELETE /api/v1/tenants/{id}', () => {
  it('removes a tenant that has delivered everything, and says who did it why', async () => {
    const spy = vi.spyOn(console, 'info').mockImplementation(() => undefined);
    const spied = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const answer = await remove('', { 'relay-reason': 'contract%20ended' });
    const lines = [...spy.mock.calls, ...spied.mock.calls].map(([line]) => String(line));
    spy.mockRestore();
    spied.mockRestore();
    expect([answer.status, answer.body]).toEqual([200, { id: 'acme', undelivered: 0, deadLetters: 0 }]);
    expect(relay().removals).toEqual([
      { v: 1, expectedVersion: 1, expectedCreatedAtMs: CREATED_AT_MS, discard: false },
    ]);
    expect(relay().actors.at(-1)).toEqual({
      by: 'bootstrap',
      requestId: 'req-1',
      reason: 'contract ended',
    });
    expect(lines).toContainEqual(expect.stringMatching(/tenant\.removed.*"version":1/));
    expect((await callOperator(world.env, 'GET', PATH)).status).toBe(404);
    expect(world.kv.values.size).toBe(0);
    expect((await remove()).status).toBe(404);
  });

  it('answers 409 with the counts of each lane while something is not delivered', async () => {
    relay().rest = REST;
    const answer = await remove();
    expect(answer).toMatchObject({
      status: 409,
      body: {
        type: 'urn:noxys-relay:problem:tenant-has-undelivered',
        detail: expect.stringMatching(/up to 15; dead letters: 2.*undelivered=discard/),
        lanes: REST,
      },
    });
    expect((await callOperator(world.env, 'GET', PATH)).status).toBe(200);
  });

  it('gives up what is not delivered when it is told to, and says how much that was', async () => {
    relay().rest = REST;
    const answer = await remove('?undelivered=discard');
    expect([answer.status, answer.body]).toEqual([200, { id: 'acme', undelivered: 15, deadLetters: 2 }]);
  });

  it.each<[string, Record<string, string>, number]>([
    ['the version', { 'if-match': '"1"' }, 200],
    ['another version', { 'if-match': '"2"' }, 412],
  ])('given If-Match with %s, gets its answer', async (_case, headers, status) => {
    expect((await remove('', headers)).status).toBe(status);
    expect(relay().removals).toHaveLength(status === 200 ? 1 : 0);
  });

  it('answers 409 when somebody saves at the same moment, and 412 where that is stale', async () => {
    relay().remove = async () => ({ kind: 'version_conflict', version: 2 });
    expect(await remove()).toMatchObject({ status: 409, body: { version: 2 } });
    expect(await remove('', { 'if-match': '"1"' })).toMatchObject({ status: 412, body: { version: 2 } });
  });

  it('answers 404 for a tenant that does not exist, and 400 to another word', async () => {
    expect((await callOperator(world.env, 'DELETE', '/api/v1/tenants/nobody')).status).toBe(404);
    expect(await remove('?undelivered=keep')).toMatchObject({ status: 400, body: { path: 'undelivered' } });
    expect(relay().removals).toEqual([]);
  });

  it('is in the audit before anything is removed, and with what was given up after it', async () => {
    relay().rest = REST;
    await remove('?undelivered=discard', { 'relay-reason': 'contract%20ended' });
    expect(await audited()).toMatchObject([
      { action: 'tenant.deleted', detail: { tenant: 'acme', version: 1, undelivered: 15, deadLetters: 2 } },
      { action: 'tenant.deleting', reason: 'contract ended', detail: { tenant: 'acme', version: 1 } },
      { action: 'tenant.created' },
    ]);
  });

  it('removes nothing while the audit can not be written', async () => {
    world.registry.answers = async () => Promise.reject(new Error('overloaded'));
    expect((await remove()).status).toBe(503);
    expect(relay().removals).toEqual([]);
    world.registry.answers = async () => undefined;
    expect((await callOperator(world.env, 'GET', PATH)).status).toBe(200);
  });

  it('leaves who did it in the audit, and no token that holds for a later tenant, when it is cut off', async () => {
    const token = await tokenFor(world, { role: 'admin', tenant: 'acme' });
    const headers = { authorization: `Bearer ${token}` };
    world.registry.answers = async () => {
      if (world.registry.asked.at(-1) === 'revokeTenant') throw new Error('overloaded');
    };
    expect((await remove()).status).toBe(503);
    expect(await audited()).toMatchObject([{ action: 'tenant.deleting', by: 'bootstrap' }, {}, {}]);
    const put = { body: sampleDocument() };
    expect((await callOperator(world.env, 'PUT', PATH, put)).status).toBe(503);
    expect((await callOperator(world.env, 'GET', PATH)).status).toBe(404);
    world.registry.answers = async () => undefined;
    expect((await callOperator(world.env, 'PUT', PATH, put)).status).toBe(201);
    expect((await callOperator(world.env, 'GET', PATH, { headers })).status).toBe(401);
  });

  it("is not for the tenant's own admin, who can not bring it back either", async () => {
    const token = await tokenFor(world, { role: 'admin', tenant: 'acme' });
    const headers = { authorization: `Bearer ${token}` };
    expect(await remove('', headers)).toMatchObject({
      status: 403,
      body: { detail: 'This needs the role admin, for the whole deployment.' },
    });
    relay().stored = null;
    for (const [method, path] of [
      ['PUT', PATH],
      ['POST', `${PATH}/plan`],
      ['POST', `${PATH}/destinations/edr/test`],
    ] as const) {
      const answer = await callOperator(world.env, method, path, { headers, body: sampleDocument() });
      expect([path, answer.status, answer.body.type]).toEqual([
        path,
        404,
        'urn:noxys-relay:problem:tenant-not-found',
      ]);
    }
    expect([relay().stored, relay().tested]).toEqual([null, []]);
  });

  it.each([
    ['DELETE', '', undefined],
    ['PUT', '', { ...sampleDocument(), retention: { events: 3 } }],
    ['PUT', '', sampleDocument()],
    ['POST', '/secrets', { path: 'destinations.edr.token', value: 'another-token-0123456789' }],
  ])(
    'is not undone: a %s%s that read the earlier tenant leaves the next one alone',
    async (method, path, body) => {
      const object = relay();
      const earlier = object.stored;
      await remove();
      await callOperator(world.env, 'PUT', PATH, { body: sampleDocument() });
      const next = object.stored;
      expect([earlier?.version, next?.version]).toEqual([1, 1]);
      object.readConfig = async () => earlier;
      expect((await callOperator(world.env, method, `${PATH}${path}`, { body })).status).toBe(409);
      expect(object.stored).toBe(next);
    },
  );

  it('lets a tenant of the same id be made again, in the other place too', async () => {
    await remove();
    const document = { ...sampleDocument(), residency: 'global' };
    const again = await callOperator(world.env, 'PUT', PATH, { body: document });
    expect(again).toMatchObject({ status: 201, body: { version: 1 } });
    expect(relay().roomAsked).toEqual([{ v: 1, claims: true }]);
  });
});
