import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PERMISSIONS } from './harfanglab-api.ts';
import { HarfangLabCaller } from './harfanglab-caller.ts';

const THREATS = '/api/data/alert/alert/Threat/';

let manager: HarfangLabCaller;

const find = async (query: Record<string, string>) =>
  (await manager.call('GET', THREATS, { query })).results.map(({ id }) => id);
const comment = (id: string, body: unknown) => manager.call('POST', `${THREATS}${id}/comment/`, { body });
const note = (method: string, id: string, body?: unknown) =>
  manager.call(method, `${THREATS}${id}/note/`, body === undefined ? {} : { body });

beforeEach(async () => {
  manager = await HarfangLabCaller.start({
    agents: [
      { id: 'wks', hostname: 'WKS-7' },
      { id: 'srv', hostname: 'SRV-1' },
    ],
    threats: [
      { id: 55, level: 'critical', agents: [{ agent_id: 'wks', agent_hostname: 'WKS-7' }] },
      { id: 56, status: 'investigating', level: 'low', creation_date: '2026-11-01T00:00:00.000000Z' },
      { id: 57, status: 'closed', agents: [{ agent_id: 'wks' }, { agent_id: 'srv' }] },
      { id: 'a8f1c6f2-0000-4000-8000-000000000001', agents: [{ agent_id: 'srv' }] },
    ],
  });
});
afterEach(() => manager.simulator.stop());

describe('a list', () => {
  it('tells the agents of each threat', async () => {
    const { results } = await manager.call('GET', THREATS, { query: { level: 'critical' } });
    expect(results).toMatchObject([
      {
        id: 55,
        status: 'new',
        agent_count: 1,
        agents: [{ agent_id: 'wks', agent_hostname: 'WKS-7', agent_ostype: 'windows' }],
        note: null,
      },
    ]);
    const path = '/api/data/endpoint/Agent/';
    const agents = await manager.call('GET', path, { query: { threat_id: '57', fields: 'id' } });
    expect(agents.results).toEqual([{ id: 'wks' }, { id: 'srv' }]);
  });

  it('is filtered by one status or level or several, by time and by id', async () => {
    expect(await find({ status: 'new,investigating', level: 'low,critical' })).toEqual([55, 56]);
    expect(await find({ creation_date__gte: '2026-11-22T00:00:00Z', id__gt: '55' })).toEqual([57]);
    expect(await find({ status: 'closed' })).toEqual([57]);
    expect(await find({ ordering: 'creation_date', limit: '1' })).toEqual([56]);
  });

  it('has no filter by agent: it answers the threats of all', async () => {
    expect(await find({ agent_id: 'wks' })).toHaveLength(4);
  });

  it('is followed by one threat, or a 404', async () => {
    expect((await manager.call('GET', `${THREATS}55/`)).body).toMatchObject({ id: 55, slug: 'threat-55' });
    expect((await manager.call('GET', `${THREATS}99/`)).status).toBe(404);
    manager.simulator.addThreat({ id: '99' });
    expect((await manager.call('GET', `${THREATS}99/`)).body).toMatchObject({ id: '99', level: 'high' });
  });
});

describe('a comment', () => {
  it('is added, and once more when it is repeated', async () => {
    const { status, body } = await comment('55', { comment: 'AI activity on this host' });
    expect([status, body]).toEqual([200, { status: 'comment added' }]);
    await comment('55', { comment: 'AI activity on this host' });
    const added = { atMs: manager.nowMs, threatId: '55', comment: 'AI activity on this host' };
    expect(manager.simulator.threatComments).toEqual([added, added]);
  });

  it('is refused when it is missing, empty or no text, on an unknown threat, and without its slash', async () => {
    for (const body of [{}, { comment: '' }, { comment: 7 }, { text: 'x' }]) {
      const answer = await comment('55', body);
      expect(answer.status).toBe(400);
      expect(answer.body).toHaveProperty('comment');
    }
    expect((await comment('99', { comment: 'x' })).status).toBe(404);
    expect((await manager.call('GET', `${THREATS}55/comment/`)).status).toBe(405);
    expect((await manager.call('POST', `${THREATS}55/comment`, { body: { comment: 'x' } })).status).toBe(301);
    expect(manager.simulator.threatComments).toEqual([]);
  });
});

describe('a note', () => {
  it('is a 200 without a body where there is none', async () => {
    const { status, text } = await note('GET', '55');
    expect([status, text]).toEqual([200, '']);
    expect((await note('GET', '99')).status).toBe(404);
  });

  it('is made once, read, and changed', async () => {
    const made = await note('POST', '55', { title: 'threat-55', content: 'one' });
    expect([made.status, made.body]).toEqual([
      201,
      {
        title: 'threat-55',
        content: 'one',
        creation_date: '2026-11-22T09:00:00.000000Z',
        last_update: '2026-11-22T09:00:00.000000Z',
      },
    ]);
    manager.nowMs += 1000;
    const changed = await note('PATCH', '55', { content: 'two' });
    expect([changed.status, changed.body]).toEqual([
      200,
      { ...made.body, content: 'two', last_update: '2026-11-22T09:00:01.000000Z' },
    ]);
    expect((await note('GET', '55')).body).toEqual(changed.body);
    expect(manager.simulator.threats[0]).toMatchObject({ note: changed.body });
  });

  it('is refused a second time, changed where there is none, and without its fields', async () => {
    expect((await note('PATCH', '55', { content: 'x' })).status).toBe(404);
    expect((await note('POST', '55', { title: 't' })).body).toEqual({ content: ['This field is required.'] });
    expect((await note('POST', '99', { title: 't', content: 'c' })).status).toBe(404);
    await note('POST', '55', { title: 't', content: 'c' });
    expect((await note('POST', '55', { title: 't', content: 'd' })).status).toBe(400);
    expect((await note('PATCH', '55', { content: '' })).body).toHaveProperty('content');
    expect((await note('GET', '55')).body).toMatchObject({ content: 'c' });
  });
});

it('needs a permission to read and one to write', async () => {
  manager.simulator.setPermissions([PERMISSIONS.threatsView]);
  expect(await find({})).toHaveLength(4);
  expect((await comment('55', { comment: 'x' })).status).toBe(403);
  expect((await note('POST', '55', { title: 't', content: 'c' })).status).toBe(403);
  manager.simulator.setPermissions([PERMISSIONS.threatsEdit]);
  expect((await manager.call('GET', THREATS)).status).toBe(403);
  expect((await comment('55', { comment: 'x' })).status).toBe(200);
});
