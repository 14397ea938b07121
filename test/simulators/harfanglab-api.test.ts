import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { HarfangLabCaller } from './harfanglab-caller.ts';
import type { HarfangLabOptions } from './harfanglab.ts';

const AGENTS = '/api/data/endpoint/Agent/';
const RULES = '/api/data/threat_intelligence/IOCRule/';
const SOURCES = '/api/data/threat_intelligence/IOCSource/';

let manager: HarfangLabCaller;

const restart = async (options: Partial<HarfangLabOptions>) => {
  await manager.simulator.stop();
  manager = await HarfangLabCaller.start(options);
};
const agents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `a${i}`, hostname: `PC ${i}`, groups: [{ id: 'g' }] }));
const find = (query: Record<string, string>, path = AGENTS) => manager.call('GET', path, { query });

beforeEach(async () => {
  manager = await HarfangLabCaller.start({ agents: agents(5) });
});
afterEach(() => manager.simulator.stop());

describe('the trailing slash', () => {
  it.each(['GET', 'POST', 'PATCH', 'DELETE'])('is asked for with a redirect on %s', async (method) => {
    const { status, headers } = await manager.call(method, '/api/data/endpoint/Agent', {
      query: { hostname: 'PC 1' },
    });
    expect([status, headers.get('location')]).toEqual([301, `${AGENTS}?hostname=PC+1`]);
  });

  it('turns a POST whose redirect is followed into a list that looks like success', async () => {
    const response = await fetch(`${manager.simulator.url}${SOURCES.slice(0, -1)}`, {
      method: 'POST',
      headers: { authorization: 'Token hl-test-token', 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'noxys' }),
    });
    expect([response.status, await response.json()]).toMatchObject([200, { count: 0 }]);
    expect(manager.simulator.indicatorSources).toEqual([]);
  });

  it('is a 404 where the manager redirects not', async () => {
    await restart({ missingSlash: 'not_found' });
    expect((await manager.call('POST', SOURCES.slice(0, -1), { body: { name: 'noxys' } })).status).toBe(404);
    expect((await manager.call('POST', SOURCES, { body: { name: 'noxys' } })).status).toBe(201);
  });

  it('may be there or not for the version and the user', async () => {
    for (const path of ['/api/version', '/api/version/']) {
      expect((await manager.call('GET', path)).body).toEqual({ version: '2.29.7' });
    }
    for (const path of ['/api/auth/users/me', '/api/auth/users/me/']) {
      expect((await manager.call('GET', path)).body).toEqual({ username: 'relay' });
    }
  });
});

describe('a call', () => {
  it('is refused in this order: token, method, permission, media type, syntax, kind', async () => {
    const authorization = 'Token other';
    expect((await manager.call('PUT', SOURCES, { headers: { authorization } })).status).toBe(401);
    manager.simulator.setPermissions([]);
    expect((await manager.call('PUT', SOURCES)).body).toEqual({ detail: 'Method "PUT" not allowed.' });
    const text = { body: 'x', headers: { 'content-type': 'text/plain' } };
    expect((await manager.call('POST', SOURCES, text)).status).toBe(403);
    manager.simulator.setPermissions(undefined);
    expect((await manager.call('POST', SOURCES, text)).status).toBe(415);
    expect((await manager.call('POST', SOURCES, { body: '{' })).status).toBe(400);
    expect((await manager.call('POST', SOURCES, { body: '[]' })).body).toHaveProperty('non_field_errors');
    expect(manager.simulator.indicatorSources).toEqual([]);
  });

  it('is recorded with its query, its body and its status, the refused ones too', async () => {
    await find({ hostname: 'PC 1' });
    await manager.call('POST', SOURCES, { body: { name: '' } });
    const atMs = manager.nowMs;
    expect(manager.simulator.apiRequests).toEqual([
      { atMs, method: 'GET', path: AGENTS, query: [['hostname', 'PC 1']], status: 200 },
      { atMs, method: 'POST', path: SOURCES, query: [], body: { name: '' }, status: 400 },
    ]);
  });

  it('of a path that is none is a 404, with HTML where told so', async () => {
    expect((await manager.call('GET', '/api/data/endpoint/Agents/')).body).toEqual({ detail: 'Not found.' });
    expect((await manager.call('GET', `/${AGENTS}`)).status).toBe(404);
    await restart({ notFoundAs: 'html' });
    const { status, headers } = await manager.call('GET', '/api/data/endpoint/Agents/');
    expect([status, headers.get('content-type')]).toEqual([404, 'text/html']);
  });

  it("of a manager behind a portal gets the portal's page with 200", async () => {
    manager.simulator.presentLoginPage();
    const { status, headers } = await manager.call('POST', SOURCES, { body: { name: 'noxys' } });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect([manager.simulator.indicatorSources, manager.simulator.apiRequests]).toEqual([[], []]);
  });
});

describe('a list', () => {
  it('links its pages with relative, encoded paths that keep the filters', async () => {
    const first = await find({ limit: '2', search: 'pc', ordering: 'hostname' });
    expect(first.body).toMatchObject({
      count: 5,
      next: `${AGENTS}?limit=2&offset=2&ordering=hostname&search=pc`,
      previous: null,
    });
    expect(first.results.map(({ id }) => id)).toEqual(['a0', 'a1']);
    const second = await manager.call('GET', String(first.body['next']));
    expect(second.results.map(({ id }) => id)).toEqual(['a2', 'a3']);
    const third = await manager.call('GET', String(second.body['next']));
    expect(third.body).toMatchObject({ next: null, results: [{ id: 'a4' }] });
    const back = await manager.call('GET', String(third.body['previous']));
    expect(back.results).toEqual(second.results);
    expect(second.body['previous']).toBe(`${AGENTS}?limit=2&ordering=hostname&search=pc`);
  });

  it('encodes what a filter holds', async () => {
    await restart({ agents: ['x', 'y'].map((id) => ({ id, hostname: 'É & co' })) });
    const { body } = await find({ hostname: 'É & co', limit: '1' });
    expect(body['next']).toBe(`${AGENTS}?hostname=%C3%89+%26+co&limit=1&offset=1`);
  });

  it('stops at the deepest page: no link further, and 400 beyond', async () => {
    await restart({ agents: agents(7), pagingMax: 5 });
    const last = await find({ limit: '2', offset: '4' });
    expect(last.body).toMatchObject({ count: 7, next: null });
    expect(last.results.map(({ id }) => id)).toEqual(['a4']);
    expect((await find({ limit: '2', offset: '5' })).status).toBe(400);
    expect((await find({ limit: '100' })).results).toHaveLength(5);
  });

  it('stops at 10,000 unless told otherwise', async () => {
    expect((await find({ offset: '9999' })).status).toBe(200);
    expect((await find({ offset: '10000' })).status).toBe(400);
  });

  it('takes a limit or an offset that is no number as none', async () => {
    expect((await find({ limit: 'x', offset: '-1' })).results).toHaveLength(5);
    expect((await find({ limit: '0' })).results).toHaveLength(5);
  });

  it('answers everything where the filter is unknown', async () => {
    expect((await find({ host_name: 'PC 1' })).results).toHaveLength(5);
  });

  it('orders by a field, either way, and not by an unknown one', async () => {
    const ids = async (ordering: string) => (await find({ ordering })).results.map(({ id }) => id);
    expect(await ids('-hostname')).toEqual(['a4', 'a3', 'a2', 'a1', 'a0']);
    expect(await ids('hostname')).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
    expect(await ids('-nothing')).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
  });

  it('answers the fields asked for', async () => {
    expect((await find({ fields: 'id,hostname', limit: '1' })).results).toEqual([
      { id: 'a0', hostname: 'PC 0' },
    ]);
  });

  it('filters exactly, by its negation, and by search in any case', async () => {
    const ids = async (query: Record<string, string>) => (await find(query)).results.map(({ id }) => id);
    expect(await ids({ hostname: 'PC 1' })).toEqual(['a1']);
    expect(await ids({ hostname__exact: 'PC 1' })).toEqual(['a1']);
    expect(await ids({ hostname: 'pc 1' })).toEqual([]);
    expect(await ids({ 'id__exact!': 'a1' })).toEqual(['a0', 'a2', 'a3', 'a4']);
    expect(await ids({ search: '2 pc' })).toEqual(['a2']);
    expect(await ids({ isolation_state: 'True' })).toEqual([]);
    expect(await ids({ isolation_state: 'false', id: 'a3' })).toEqual(['a3']);
  });

  it('takes ISO dates, but of indicators dates with a space and without T and Z', async () => {
    const iso = { lastseen__gte: '2026-11-22T09:00:00Z' };
    expect((await find(iso)).results).toHaveLength(5);
    expect((await find({ lastseen__gt: '2026-11-22T09:00:00Z' })).results).toHaveLength(0);
    expect((await find({ lastseen__lt: 'yesterday' })).body).toEqual({
      lastseen__lt: ['Enter a valid date/time.'],
    });
    expect((await find({ last_update__gte: '2026-11-22T09:00:00Z' }, RULES)).status).toBe(400);
    expect((await find({ last_update__lte: '2026-11-22 09:00:00' }, RULES)).status).toBe(200);
  });

  it('of agents comes bare where told so, paged all the same', async () => {
    await restart({ agents: agents(3), bareAgentList: true });
    const { text, results } = await find({ limit: '2' });
    expect(text.startsWith('[')).toBe(true);
    expect(results.map(({ id }) => id)).toEqual(['a0', 'a1']);
    expect((await find({}, SOURCES)).body).toEqual({ count: 0, next: null, previous: null, results: [] });
  });
});
