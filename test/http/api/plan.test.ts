import { beforeEach, describe, expect, it } from 'vitest';

import { NO_RULE } from '../../tenants/rule-texts.ts';
import { sampleDocument, sampleFalconApi, sampleHarfangLab } from '../../tenants/sample.ts';
import type { World } from '../fakes.ts';
import { fakeWorld } from '../fakes.ts';
import { callOperator } from '../operator.ts';

const PATH = '/api/v1/tenants/acme';

let world: World;
beforeEach(() => {
  world = fakeWorld();
});

const put = async (document: unknown) => callOperator(world.env, 'PUT', PATH, { body: document });
const plan = async (document: unknown, headers = {}) =>
  callOperator(world.env, 'POST', `${PATH}/plan`, { body: document, headers });

describe('POST /api/v1/tenants/{id}/plan', () => {
  it('answers what a PUT would create, and creates nothing', async () => {
    const { status, body, text } = await plan(sampleDocument());
    expect([status, body.change, body.version]).toEqual([200, 'create', null]);
    expect(body.changes).toContainEqual({ path: 'residency', to: 'eu' });
    expect(body.warnings).toEqual([NO_RULE]);
    const secrets = body.changes.find(({ path }: { path: string }) => path === 'webhook.secrets');
    expect(secrets.to).toContain('<set>');
    expect(text).not.toMatch(/whsec_|secret-token|eyJ/);
    expect([...world.relays.values()].flatMap(({ configured }) => configured)).toEqual([]);
    expect([...world.relays.values()].flatMap(({ roomAsked }) => roomAsked)).toEqual([]);
    expect(world.kv.writes).toBe(0);
  });

  it('answers what a PUT would change, secrets as fingerprints, and takes no version', async () => {
    await put(sampleDocument());
    const changed = {
      ...sampleDocument(),
      webhook: { secrets: ['<set>'] },
      destinations: [{ ...sampleHarfangLab(), token: 'another-token', in_flight: 1 }],
    };
    const { body, text } = await plan(changed);
    const secret = expect.stringMatching(/^[0-9a-f]{10}$/) as string;
    expect(body).toEqual({
      change: 'update',
      version: 1,
      changes: [
        { path: 'destinations.edr.token', from: secret, to: secret },
        { path: 'destinations.edr.in_flight', from: 4, to: 1 },
        { path: 'destinations.falcon', from: expect.objectContaining({ hec: expect.anything() }) },
      ],
      warnings: [NO_RULE],
    });
    expect(text).not.toMatch(/whsec_|-token"|eyJ/);
    const shown = await callOperator(world.env, 'GET', PATH);
    const token = shown.body.secrets.find(({ path }: { path: string }) => path === 'destinations.edr.token');
    expect(body.changes[0].from).toBe(token.fingerprint);
    expect((await put(changed)).body).toMatchObject({ version: 2, changed: true });
  });

  it.each([
    [Date.UTC(2027, 0, 30), []],
    [Date.UTC(2027, 1, 1), [expect.stringContaining('destinations[0].indicators[0].expires is over')]],
  ])('tells by the clock whether the time of an indicator is over: %#', async (nowMs, warnings) => {
    const indicators = [{ value: 'poe', expires: '2027-01-31' }];
    const falcon = { ...sampleFalconApi(), actions: ['indicator'], indicators };
    const body = { ...sampleDocument(), destinations: [falcon] };
    const planned = await callOperator(world.env, 'POST', `${PATH}/plan`, { body, nowMs: () => nowMs });
    expect(planned.body.warnings).toEqual([...warnings, NO_RULE]);
  });

  it('answers that nothing would change, and reads only', async () => {
    await put(sampleDocument());
    const { writes } = world.kv;
    expect((await plan(sampleDocument())).body).toEqual({
      change: 'none',
      version: 1,
      changes: [],
      warnings: [NO_RULE],
    });
    const relays = [...world.relays.values()];
    expect(relays.flatMap(({ configured, endedPauses }) => [...configured, ...endedPauses])).toHaveLength(1);
    expect(world.kv.writes).toBe(writes);
  });

  it.each<[string, object, number, object]>([
    ['a fault', { residency: 'mars' }, 422, { faults: [{ path: 'residency' }] }],
    ['another id', { id: 'other' }, 422, { faults: [{ path: 'id' }] }],
    ['another residency', { residency: 'global' }, 409, { title: 'Residency is fixed' }],
    [
      'a secret that is not there to keep',
      { webhook: { secrets: ['<set>', '<set>'] } },
      422,
      { faults: [{ path: 'webhook.secrets[1]' }] },
    ],
  ])('answers %s as PUT does', async (_case, changes, status, body) => {
    await put(sampleDocument());
    const document = { ...sampleDocument(), ...changes };
    const [planned, saved] = [await plan(document), await put(document)];
    expect(planned).toMatchObject({ status, body });
    expect([saved.status, saved.text]).toEqual([planned.status, planned.text]);
  });

  it('answers 412 to a stale If-Match', async () => {
    await put(sampleDocument());
    const answer = await plan(sampleDocument(), { 'if-match': '"7"' });
    expect(answer).toMatchObject({ status: 412, body: { version: 1 } });
  });

  it('shows a warning for a webhook secret below 24 bytes', async () => {
    const { body } = await plan({ ...sampleDocument(), webhook: { secrets: ['c2hvcnQ='] } });
    expect(body.warnings).toContainEqual(expect.stringContaining('shorter than 24 bytes'));
  });
});
