/** The routes over the real bindings: the tenant's object, KV and the queue, as workerd has them. */

import { listDurableObjectIds, reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, expect, it } from 'vitest';

import { encodeBase64 } from '../../src/lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../../src/lib/hmac.ts';

const KEY = new TextEncoder().encode('a signing key of some 28 bytes');
const OPERATOR = {
  authorization: 'Bearer test-admin-token-0123456789abcdef',
  'content-type': 'application/json',
};
const BODY = JSON.stringify({ id: 'evt_1', type: 'interaction.high_risk', data: { risk_score: 0.7 } });

afterEach(async () => {
  await reset();
});

async function fetchRelay(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`http://127.0.0.1${path}`, init));
}

async function putTenant(id: string): Promise<Response> {
  const document = { id, residency: 'eu', webhook: { secrets: [`whsec_${encodeBase64(KEY)}`] } };
  return fetchRelay(`/api/v1/tenants/${id}`, {
    method: 'PUT',
    headers: OPERATOR,
    body: JSON.stringify(document),
  });
}

async function postHook(tenant: string, changes: Record<string, string> = {}): Promise<Response> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const content = new TextEncoder().encode(`msg_1.${timestamp}.${BODY}`);
  const signature = `v1,${encodeBase64(await hmacSha256(await importHmacKey(KEY), content))}`;
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'msg_1',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  return fetchRelay(`/hooks/${tenant}`, { method: 'POST', body: BODY, headers: { ...headers, ...changes } });
}

it('stores a signed event once, however often it is sent', async () => {
  expect((await putTenant('once')).status).toBe(201);
  const first = await postHook('once');
  expect([first.status, await first.json()]).toEqual([
    202,
    { accepted: 1, duplicates: 0, filtered: 0, rejected: [] },
  ]);
  const again = await Promise.all(Array.from({ length: 10 }, async () => postHook('once')));
  const answers = await Promise.all(again.map(async (response) => response.json()));
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
    new Set(['{"accepted":0,"duplicates":1,"filtered":0,"rejected":[]}']),
  );
});

it('answers an operator from the object itself', async () => {
  await putTenant('shown');
  const shown = await fetchRelay('/api/v1/tenants/shown', { headers: OPERATOR });
  expect([shown.status, shown.headers.get('etag')]).toEqual([200, '"1"']);
  expect(await shown.text()).not.toMatch(/whsec_|eyJ|pseudonym_key/);
  expect(await (await fetchRelay('/api/v1/tenants/shown/lanes', { headers: OPERATOR })).json()).toEqual({
    lanes: [],
  });
  expect((await putTenant('shown')).status).toBe(200);
});

it('leaves no object and no KV key behind for a webhook that is not authentic', async () => {
  await putTenant('real');
  const objects = await listDurableObjectIds(env.TENANT_RELAY);
  const keys = (await env.RELAY_KV.list()).keys.length;
  const refused = await Promise.all([
    postHook('forged'),
    postHook('real', { 'webhook-signature': 'v1,AAAA' }),
    postHook('real', { 'webhook-timestamp': '1' }),
  ]);
  const texts = await Promise.all(refused.map(async (response) => response.text()));
  expect(refused.map((response) => response.status)).toEqual([401, 401, 401]);
  expect(new Set(texts).size).toBe(1);
  expect(await listDurableObjectIds(env.TENANT_RELAY)).toHaveLength(objects.length);
  expect((await env.RELAY_KV.list()).keys).toHaveLength(keys);
});

it('tells an operator how tenant and deployment are, over what the platform itself tells', async () => {
  await putTenant('well');
  expect((await postHook('well')).status).toBe(202);
  const health = await fetchRelay('/api/v1/tenants/well/health', { headers: OPERATOR });
  expect(await health.json()).toMatchObject({
    tenant: 'well',
    jurisdiction: null,
    version: 1,
    configFaults: [],
    secrets: { total: 2, opens: 2, primary: 2 },
    lastWebhook: { type: 'interaction.high_risk', accepted: true },
    eventsAccepted: 1,
  });
  const metrics = await fetchRelay('/metrics?tenant=well', { headers: OPERATOR });
  expect(await metrics.text()).toContain('\nnoxys_relay_events_accepted_total 1\n');
  const deployment = await fetchRelay('/api/v1/health', { headers: OPERATOR });
  expect(await deployment.json()).toMatchObject({
    env: 'local',
    queues: { wakeups: { backlog: expect.any(Number) }, overflow: { backlog: expect.any(Number) } },
  });
  const ready = await fetchRelay('/readyz');
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { status: 'ready', checks: { objects: 'ok' } },
  ]);
});

it('notes an authentic test event in the object, after the answer', async () => {
  await putTenant('tested');
  const body = '{"type":"webhook.test"}';
  const timestamp = String(Math.floor(Date.now() / 1000));
  const content = new TextEncoder().encode(`msg_2.${timestamp}.${body}`);
  const signature = `v1,${encodeBase64(await hmacSha256(await importHmacKey(KEY), content))}`;
  const headers = {
    'content-type': 'application/json',
    'webhook-id': 'msg_2',
    'webhook-timestamp': timestamp,
    'webhook-signature': signature,
  };
  const response = await fetchRelay('/hooks/tested', { method: 'POST', body, headers });
  expect(response.status).toBe(202);
  await expect
    .poll(async () => (await fetchRelay('/api/v1/tenants/tested/health', { headers: OPERATOR })).json())
    .toMatchObject({ lastWebhook: { type: 'webhook.test', accepted: false } });
});
