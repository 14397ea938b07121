import { beforeEach, describe, expect, it, vi } from 'vitest';

import { readOverflowMessage } from '../../src/domain/overflow.ts';
import { createApp } from '../../src/http/app.ts';
import { decodeBase64, encodeBase64, encodeHex, encodeUtf8 } from '../../src/lib/bytes.ts';
import { hmacSha256, importHmacKey } from '../../src/lib/hmac.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { objectName } from '../../src/residency.ts';
import { settingsOf } from '../../src/settings.ts';
import { publishIngestConfig } from '../../src/tenants/ingest-config.ts';
import { sealConfig } from '../../src/tenants/secrets.ts';
import { validateTenantConfig } from '../../src/tenants/validate.ts';
import { sampleDocument } from '../tenants/sample.ts';
import type { FakeRelay, World } from './fakes.ts';
import { fakeWorld } from './fakes.ts';

const NOW_MS = 1_763_800_000_000;
const KEY = new TextEncoder().encode('a signing key of some 28 bytes');
const SECRET = `whsec_${encodeBase64(KEY)}`;
const EVENT = {
  id: 'evt_1',
  type: 'interaction.high_risk',
  data: { user_email: 'alice@acme.fr', risk_score: 0.7 },
};

let world: World;
let app: ReturnType<typeof createApp>;

beforeEach(async () => {
  world = fakeWorld();
  app = createApp({
    nowMs: () => NOW_MS,
    newRequestId: () => 'req-1',
    acceptTimeoutMs: 20,
    overflowTimeoutMs: 20,
  });
  await publishTenant({ id: 'acme', residency: 'eu' });
});

async function publishTenant(changes: object): Promise<void> {
  const settings = settingsOf(world.env);
  const document = { ...sampleDocument(), webhook: { secrets: [SECRET] }, destinations: [], ...changes };
  const config = validateTenantConfig(document, settings);
  const sealer = createSealer(settings.masterKeys);
  const sealed = config.ok ? await sealConfig(config.value, { sealer, stored: null }) : undefined;
  if (!sealed?.ok) throw new Error('the sample must be valid');
  const stored = { version: 1, savedAt: '2026-11-22T00:00:00.000Z', config: sealed.value };
  await publishIngestConfig(world.kv, stored);
}

async function sign(
  body: string,
  { id = 'msg_1', timestamp = NOW_MS / 1000 } = {},
): Promise<Record<string, string>> {
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signature = encodeBase64(await hmacSha256(await importHmacKey(KEY), content));
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
}

async function post(body: string, headers: Record<string, string> = {}, tenant = 'acme'): Promise<Response> {
  const request = new Request(`https://relay.example.com/hooks/${tenant}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  return app.fetch(request, world.env);
}

async function postSigned(value: unknown): Promise<Response> {
  const body = JSON.stringify(value);
  return post(body, await sign(body));
}

function theRelay(): FakeRelay {
  const relay = world.relays.get(`eu/${objectName('acme')}`);
  if (!relay) throw new Error('no object was asked');
  return relay;
}

describe('POST /hooks/{tenant}', () => {
  it("answers 202 once the tenant's object in its own place has the event", async () => {
    const response = await postSigned(EVENT);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 1, duplicates: 0, filtered: 0, rejected: [] });
    expect([...world.relays.keys()]).toEqual([`eu/${objectName('acme')}`]);
    expect(theRelay().requests).toMatchObject([
      { v: 1, events: [{ id: 'evt_1', tenant: 'acme', source: 'noxys' }] },
    ]);
  });

  it('drops what the tenant does not keep before the object sees it', async () => {
    await postSigned(EVENT);
    expect(JSON.stringify(theRelay().requests)).not.toContain('alice');
  });

  it('counts what it filters and what it rejects', async () => {
    const response = await postSigned([EVENT, { type: 'interaction.created' }, 7]);
    expect(await response.json()).toEqual({
      accepted: 1,
      duplicates: 0,
      filtered: 1,
      rejected: [{ index: 2, path: '', reason: 'not_an_object' }],
    });
  });

  it('hands no event to an object when nothing is forwarded', async () => {
    const response = await postSigned({ type: 'interaction.created' });
    expect(response.status).toBe(202);
    expect(theRelay().requests).toEqual([]);
  });

  it.each([
    ['an authentic body that is not JSON', 'nonsense', ''],
    ['an authentic body without a usable event', '[{"x":1}]', '[0].type'],
    ['an authentic empty body', '', ''],
  ])('answers 400 with the path to %s', async (_case, body, path) => {
    const response = await post(body, await sign(body));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ path, requestId: 'req-1' });
    expect(theRelay().requests).toEqual([]);
  });
});

describe('an authentic webhook of which nothing is forwarded', () => {
  const TEST = { type: 'webhook.test' };

  /** The work that went on after the answers. */
  function withContext() {
    const after: Promise<unknown>[] = [];
    const context = { waitUntil: (work: Promise<unknown>) => void after.push(work) };
    const send = async (value: unknown, tenant = 'acme') => {
      const body = typeof value === 'string' ? value : JSON.stringify(value);
      const headers = { 'content-type': 'application/json', ...(await sign(body)) };
      const request = new Request(`https://relay.example.com/hooks/${tenant}`, {
        method: 'POST',
        body,
        headers,
      });
      return app.fetch(request, world.env, context as unknown as ExecutionContext);
    };
    return { after, send };
  }

  it.each<[string, unknown, string]>([
    ['a test event', TEST, 'webhook.test'],
    ['types that are filtered', [{ type: 'interaction.created' }, TEST], 'interaction.created'],
    ['nothing usable', [{ x: 1 }], 'unknown'],
    ['no JSON', 'nonsense', 'unknown'],
  ])("is noted in the tenant's object after the answer: %s", async (_case, value, type) => {
    const { after, send } = withContext();
    const response = await send(value);
    expect(response.status).toBe(typeof value === 'object' && type !== 'unknown' ? 202 : 400);
    expect(after).toHaveLength(1);
    await Promise.all(after);
    expect([...world.relays.keys()]).toEqual([`eu/${objectName('acme')}`]);
    expect(theRelay().noted).toEqual([{ v: 1, atMs: NOW_MS, type }]);
  });

  it('is noted once a minute per tenant, however many come', async () => {
    await publishTenant({ id: 'other', residency: 'eu' });
    let nowMs = NOW_MS;
    app = createApp({ nowMs: () => nowMs });
    const { after, send } = withContext();
    for (let i = 0; i < 20; i++) expect((await send(TEST)).status).toBe(202);
    await send(TEST, 'other');
    expect(after).toHaveLength(2);
    nowMs += 60_000;
    await send(TEST);
    await Promise.all(after);
    expect(theRelay().noted.map(({ atMs }) => atMs)).toEqual([NOW_MS, NOW_MS + 60_000]);
  });

  it.each<[string, FakeRelay['notes']]>([
    ['throws', async () => Promise.reject(new Error('overloaded'))],
    ['never answers', async () => new Promise(() => undefined)],
  ])('is answered at once although the object %s', async (_case, notes) => {
    world.prepare = (relay) => {
      relay.notes = notes;
    };
    captureLog('warn');
    const response = await withContext().send(TEST);
    expect([response.status, await response.json()]).toEqual([
      202,
      { accepted: 0, duplicates: 0, filtered: 1, rejected: [] },
    ]);
  });

  it('is one line in the log when it can not be noted', async () => {
    world.prepare = (relay) => {
      relay.notes = async () => Promise.reject(new Error('overloaded'));
    };
    const lines = captureLog('warn');
    const { after, send } = withContext();
    await send(TEST);
    await expect(Promise.all(after)).resolves.toEqual([undefined]);
    expect(lines()).toEqual([expect.stringMatching(/webhook\.noting_failed.*"tenant":"acme"/)]);
  });

  it('is answered although no stub can be made', async () => {
    const { after, send } = withContext();
    const broken = {
      jurisdiction: () => ({
        getByName: () => {
          throw new Error('no such place');
        },
      }),
    };
    Object.assign(world.env, { TENANT_RELAY: broken });
    captureLog('warn');
    expect((await send(TEST)).status).toBe(202);
    await expect(Promise.all(after)).resolves.toEqual([undefined]);
  });

  it('is not noted by whoever can not sign, nor where events are forwarded', async () => {
    const { after, send } = withContext();
    await post(JSON.stringify(TEST), { 'webhook-signature': 'v1,AAAA' });
    expect(world.relays.size).toBe(0);
    expect((await send(EVENT)).status).toBe(202);
    expect(after).toEqual([]);
  });
});

describe('a webhook that is not authentic', () => {
  const body = JSON.stringify(EVENT);

  it('gets the same bytes, whatever is wrong, and touches no object', async () => {
    const signed = await sign(body);
    const [stale, ahead] = await Promise.all(
      [-301, 301].map(async (s) => sign(body, { timestamp: NOW_MS / 1000 + s })),
    );
    const answers = await Promise.all([
      post(body),
      post(body, { ...signed, 'webhook-signature': 'v1,AAAA' }),
      post(body, { ...signed, 'webhook-id': 'msg_2' }),
      post(`${body} `, signed),
      post(body, stale),
      post(body, ahead),
      post('not even JSON', signed),
      post(body, signed, 'nobody'),
      post(body, signed, 'NOT-AN-ID'),
      post(body, signed, '%E0%A4%A'),
      post(body, { authorization: 'Bearer test-admin-token-0123456789abcdef' }),
    ]);
    const texts = await Promise.all(answers.map(async (answer) => answer.text()));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 401));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).not.toContain('req-1');
    expect(answers[0]?.headers.get('x-request-id')).toBe('req-1');
    expect(world.relays.size).toBe(0);
    expect(world.kv.writes).toBe(1);
  });

  it('looks nothing up for an id that no tenant can have', async () => {
    const reads = world.kv.reads;
    await post(body, await sign(body), 'NOT-AN-ID');
    expect(world.kv.reads).toBe(reads);
  });

  it('is logged with its reason and the names of its headers, without a value of them', async () => {
    const lines = captureLog('warn');
    const signed = await sign(body, { timestamp: 1 });
    await post(body, { ...signed, 'x-secret': 'hunter2' });
    const line = lines().join('\n');
    expect(line).toContain('"event":"webhook.refused"');
    expect(line).toContain('"reason":"stale_timestamp"');
    expect(line).toContain('"x-secret"');
    expect(line).not.toContain('hunter2');
    expect(line).not.toContain(signed['webhook-signature'] ?? '');
  });

  it('is logged with 40 names of headers at most, of 64 characters each', async () => {
    const lines = captureLog('warn');
    const many = Array.from({ length: 90 }, (_, i) => [
      `x-${String(i).padStart(2, '0')}-${'n'.repeat(200)}`,
      '1',
    ]);
    await post(body, Object.fromEntries(many) as Record<string, string>);
    const line = JSON.parse(lines()[0] ?? '') as { headers: string[] };
    expect(line.headers).toHaveLength(40);
    expect(Math.max(...line.headers.map((name) => name.length))).toBe(64);
  });

  it('is refused in the same way when the object does not know the tenant any more', async () => {
    const refused = await (await post(body)).text();
    world.prepare = (relay) => {
      relay.accepts = async () => ({ kind: 'unknown_tenant' });
    };
    const response = await postSigned(EVENT);
    expect([response.status, await response.text()]).toEqual([401, refused]);
  });
});

describe('the work of verifying', () => {
  it('is the same number of HMACs for a known and an unknown tenant, whatever is wrong with the request', async () => {
    const body = JSON.stringify(EVENT);
    const signed = await sign(body);
    const requests: [string, Record<string, string>, string][] = [
      ['genuine', signed, 'acme'],
      ['unknown tenant', signed, 'nobody'],
      ['no tenant id', signed, '-NOT-AN-ID-'],
      ['forged', { ...signed, 'webhook-signature': `v1,${'A'.repeat(43)}=` }, 'acme'],
      ['forged, unknown tenant', { ...signed, 'webhook-signature': `v1,${'A'.repeat(43)}=` }, 'nobody'],
      ['unsigned', {}, 'acme'],
      ['unsigned, unknown tenant', {}, 'nobody'],
      ['stale', await sign(body, { timestamp: NOW_MS / 1000 - 1000 }), 'acme'],
    ];
    await post(body, signed, 'nobody');
    await post(body, signed);
    const hmacs: [string, number][] = [];
    for (const [name, headers, tenant] of requests) {
      const signing = vi.spyOn(crypto.subtle, 'sign');
      await post(body, headers, tenant);
      hmacs.push([name, signing.mock.calls.length]);
      signing.mockRestore();
    }
    expect(hmacs).toEqual(requests.map(([name]) => [name, 3]));
  });
});

describe('a webhook of the wrong form', () => {
  const large = 'x'.repeat(256 * 1024 + 1);

  it('is refused with 413 by its announced length, unread', async () => {
    const stream = new ReadableStream({ pull: () => Promise.reject(new Error('was read')) });
    const headers = { 'content-length': String(large.length) };
    const request = new Request('https://relay.example.com/hooks/acme', {
      method: 'POST',
      body: stream,
      headers,
    });
    expect((await app.fetch(request, world.env)).status).toBe(413);
  });

  it('is refused with 413 while it is read, whatever it announced', async () => {
    let pulled = 0;
    const stream = new ReadableStream({
      pull(controller) {
        pulled += 64 * 1024;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const request = new Request('https://relay.example.com/hooks/acme', { method: 'POST', body: stream });
    expect((await app.fetch(request, world.env)).status).toBe(413);
    expect(pulled).toBeLessThan(512 * 1024);
  });

  it('is read up to 256 KiB exactly', async () => {
    const body = JSON.stringify(EVENT).padEnd(256 * 1024, ' ');
    expect((await post(body, await sign(body))).status).toBe(202);
    expect((await post(`${body} `, await sign(`${body} `))).status).toBe(413);
  });

  it.each([
    [{ 'content-encoding': 'gzip' }, 415],
    [{ 'content-encoding': 'br, identity' }, 415],
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': 'application/x-www-form-urlencoded' }, 415],
    [{ 'content-encoding': 'identity' }, 202],
    [{ 'content-type': 'application/json; charset=utf-8' }, 202],
    [{ 'content-type': 'application/cloudevents+json' }, 202],
    [{ 'content-type': '' }, 202],
  ])('with %j gets %i', async (headers, status) => {
    const body = JSON.stringify(EVENT);
    const response = await post(body, { ...(await sign(body)), ...headers });
    expect(response.status).toBe(status);
  });
});

describe('a webhook of a scheme that signs no time', () => {
  const DAY_MS = 24 * 3_600_000;

  async function postUnder(
    webhook: object,
    signature: (body: string) => Promise<Record<string, string>>,
    timestampMs: number,
  ) {
    await publishTenant({ id: 'plain', residency: 'eu', webhook: { secrets: [SECRET], ...webhook } });
    const body = JSON.stringify({ ...EVENT, timestamp: new Date(timestampMs).toISOString() });
    return post(body, await signature(body), 'plain');
  }

  async function hmacOf(body: string): Promise<Record<string, string>> {
    const digest = await hmacSha256(await importHmacKey(KEY), new TextEncoder().encode(body));
    return { 'x-hub-signature-256': `sha256=${encodeHex(digest)}` };
  }

  it('is refused when its event is older than the relay remembers events: it may be a replay', async () => {
    const hmac = { scheme: 'hmac', secret_encoding: 'base64' };
    expect((await postUnder(hmac, hmacOf, NOW_MS - 7 * DAY_MS)).status).toBe(202);
    const refused = await postUnder(hmac, hmacOf, NOW_MS - 7 * DAY_MS - 1);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ path: 'timestamp' });
  });

  it('is refused when the time of its event can not be used: it may be as old', async () => {
    const refused = await postUnder(
      { scheme: 'hmac', secret_encoding: 'base64' },
      hmacOf,
      NOW_MS + 3_600_000,
    );
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      path: 'timestamp',
      detail: expect.stringContaining('can not be used'),
    });
  });

  it('is judged by its signed time where there is one: an old event may come late', async () => {
    expect((await postUnder({}, sign, NOW_MS - 30 * DAY_MS)).status).toBe(202);
  });
});

/** How an object may fail, each in a way that passes. */
const FAILING: readonly [string, FakeRelay['accepts']][] = [
  ['throws', async () => Promise.reject(new Error('overloaded'))],
  ['does not answer in time', async () => new Promise(() => undefined)],
  ['has a fault', async () => ({ kind: 'unavailable', reason: 'object_fault' })],
  ['is of another version', async () => ({ kind: 'unavailable', reason: 'unknown_version' })],
];

describe("a webhook whose tenant's object fails", () => {
  beforeEach(async () => {
    await publishTenant({ id: 'acme', residency: 'global', privacy: { user_email: 'keep' } });
    fails(async () => Promise.reject(new Error('overloaded')));
  });

  function fails(accepts: FakeRelay['accepts']): void {
    world.prepare = (relay) => {
      relay.accepts = accepts;
    };
  }

  /** What the tenant's object would open, in order. */
  async function opened(): Promise<{ id: string; type: string; user?: { email: string } }[]> {
    const sealer = createSealer(settingsOf(world.env).masterKeys);
    const contents = await Promise.all(
      world.overflow.messages.map(async (message) => {
        const read = readOverflowMessage(message);
        const jwe = new TextDecoder().decode(read?.sealed);
        const text = await sealer.open(jwe, { tenant: 'acme', purpose: 'overflow' });
        return text.ok ? (JSON.parse(text.value) as { events: { id: string; type: string }[] }).events : [];
      }),
    );
    return contents.flat();
  }

  const DEFERRED = { status: 503, comesAgain: true };
  function outcomeOf({ status, headers }: Response): typeof DEFERRED {
    return { status, comesAgain: Number(headers.get('retry-after')) > 0 };
  }

  /** Events of so many bytes each in the webhook, and fewer as canonical events. */
  function manyEvents(count: number, model = 'gpt') {
    return Array.from({ length: count }, (_, i) => ({
      id: `evt_${i}`,
      type: 'interaction.high_risk',
      data: { model, policy_name: 'é'.repeat(500), user_email: 'ü'.repeat(500) },
    }));
  }

  it.each(FAILING)('waits sealed in the queue and is answered 202 when it %s', async (_case, accepts) => {
    fails(accepts);
    const response = await postSigned([EVENT, { ...EVENT, id: 'evt_2' }, { type: 'interaction.created' }, 7]);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      accepted: 2,
      duplicates: 0,
      filtered: 1,
      rejected: [{ index: 3, path: '', reason: 'not_an_object' }],
    });
    expect(world.overflow.messages).toHaveLength(1);
    expect(readOverflowMessage(world.overflow.messages[0] ?? new Uint8Array())).toMatchObject({
      tenant: 'acme',
      sealedAtMs: NOW_MS,
    });
    expect(await opened()).toMatchObject([
      { id: 'evt_1', user: { email: 'alice@acme.fr' } },
      { id: 'evt_2' },
    ]);
  });

  it('is readable in no part of its message', async () => {
    await postSigned(EVENT);
    const text = new TextDecoder().decode(world.overflow.messages[0]);
    const decoded = text.split('.').map((part) => new TextDecoder().decode(decodeBase64(part)));
    expect(decoded.join('\n')).toContain('"tenant":"acme"');
    for (const part of [text, ...decoded]) expect(part).not.toMatch(/alice|acme\.fr|evt_1|high_risk|0\.7/);
  });

  it('is logged with its count and cause, and with nothing of it', async () => {
    const lines = captureLog('warn');
    await postSigned([EVENT, { ...EVENT, id: 'evt_2' }]);
    const logged = lines();
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      event: 'webhook.overflowed',
      tenant: 'acme',
      requestId: 'req-1',
      count: 2,
      cause: 'Error',
    });
    expect(logged.join()).not.toMatch(/alice|evt_|high_risk/);
  });

  it('of 250 KiB goes out within the bounds of the queue, every event once', async () => {
    const events = manyEvents(100);
    const json = JSON.stringify(events);
    const body = json + ' '.repeat(250 * 1024 - encodeUtf8(json).byteLength);
    const response = await post(body, await sign(body));
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ accepted: 100 });
    expect(world.overflow.messages.length).toBeGreaterThan(3);
    expect(world.overflow.calls.length).toBeLessThan(world.overflow.messages.length);
    expect((await opened()).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });

  it('gets 503, and leaves nothing in the queue, when one of its events does not fit', async () => {
    const large = {
      ...EVENT,
      id: 'evt_2',
      classifications: Array.from({ length: 64 }, (_, i) => `${'語'.repeat(60)}${i}`),
    };
    expect(outcomeOf(await postSigned([EVENT, large]))).toEqual(DEFERRED);
    expect(world.overflow.calls).toEqual([]);
    fails(async () => ({ kind: 'accepted', accepted: 2, duplicates: 0 }));
    world.relays.forEach((relay) => world.prepare(relay));
    expect((await postSigned([EVENT, large])).status).toBe(202);
  });

  it('gets 503 when the queue refuses it', async () => {
    const lines = captureLog('error');
    world.overflow.sends = async () => Promise.reject(new Error('Queue is overloaded'));
    expect(outcomeOf(await postSigned(EVENT))).toEqual(DEFERRED);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      event: 'webhook.deferred',
      cause: 'Error',
      overflow: 'Error: Queue is overloaded',
    });
  });

  it('gets 503 when the queue hangs', async () => {
    world.overflow.sends = async () => new Promise(() => undefined);
    const startMs = performance.now();
    expect(outcomeOf(await postSigned(EVENT))).toEqual(DEFERRED);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it.each<[string, (call: number) => Promise<void>]>([
    ['refuses', async (call) => (call > 1 ? Promise.reject(new Error('too many')) : undefined)],
    ['never answers', async (call) => (call > 1 ? new Promise(() => undefined) : undefined)],
  ])('gets 503 when the queue %s a part of it', async (_case, sends) => {
    world.overflow.sends = async () => sends(world.overflow.calls.length);
    expect(outcomeOf(await postSigned(manyEvents(100)))).toEqual(DEFERRED);
    expect(world.overflow.calls.length).toBe(2);
  });

  it('gets 503 when all calls together take too long, however short each is', async () => {
    world.overflow.sends = async () => scheduler.wait(15);
    expect(outcomeOf(await postSigned(manyEvents(100)))).toEqual(DEFERRED);
  });

  it.each<[number, Awaited<ReturnType<FakeRelay['accepts']>>]>([
    [503, { kind: 'unavailable', reason: 'space_exhausted' }],
    [503, { kind: 'unavailable', reason: 'moving' }],
    [503, { kind: 'unavailable', reason: 'moved' }],
    [429, { kind: 'rate_limited', retryAfterSeconds: 17 }],
    [401, { kind: 'unknown_tenant' }],
  ])('gets %i and leaves nothing in the queue for %j', async (status, answer) => {
    fails(async () => answer);
    expect((await postSigned(EVENT)).status).toBe(status);
    expect(world.overflow.calls).toEqual([]);
  });
});

describe('a webhook of an EU tenant', () => {
  beforeEach(() => {
    world.prepare = (relay) => {
      relay.accepts = async () => Promise.reject(new Error('overloaded'));
    };
  });

  it.each(FAILING)(
    'never waits in the queue of a global deployment: 503 when its object %s',
    async (_c, accepts) => {
      world.prepare = (relay) => {
        relay.accepts = accepts;
      };
      const response = await postSigned(EVENT);
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(world.overflow.calls).toEqual([]);
    },
  );

  it('waits in the queue of an EU deployment', async () => {
    const eu = fakeWorld({ RELAY_RESIDENCY: 'eu' });
    for (const [key, value] of world.kv.values) eu.kv.values.set(key, value);
    eu.prepare = world.prepare;
    world = eu;
    expect((await postSigned(EVENT)).status).toBe(202);
    expect(world.overflow.messages).toHaveLength(1);
  });
});

describe('a webhook that can not be stored now', () => {
  it('gets 429 with the seconds that the object names', async () => {
    world.prepare = (relay) => {
      relay.accepts = async () => ({ kind: 'rate_limited', retryAfterSeconds: 17 });
    };
    const response = await postSigned(EVENT);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '17']);
  });

  it('gets 503, never 401, when KV can not be read', async () => {
    world.kv.fault = new Error('KV GET failed: 500');
    expect((await postSigned(EVENT)).status).toBe(503);
  });

  it('gets 503, never 401, when a seal does not open', async () => {
    const other = fakeWorld({ RELAY_MASTER_KEY: 'HxAAAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' });
    for (const [key, value] of world.kv.values) other.kv.values.set(key, value);
    world = other;
    expect((await postSigned(EVENT)).status).toBe(503);
  });

  it('gets 503 from an EU deployment for a tenant that lives elsewhere', async () => {
    await publishTenant({ residency: 'global' });
    const eu = fakeWorld({ RELAY_RESIDENCY: 'eu' });
    for (const [key, value] of world.kv.values) eu.kv.values.set(key, value);
    world = eu;
    expect((await postSigned(EVENT)).status).toBe(503);
    expect(world.relays.size).toBe(0);
  });
});

function captureLog(level: 'warn' | 'error'): () => string[] {
  const spy = vi.spyOn(console, level).mockImplementation(() => undefined);
  return () => {
    const lines = spy.mock.calls.map((call) => String(call[0]));
    spy.mockRestore();
    return lines;
  };
}

describe('the sealed map', () => {
  const privacy = { user_id: 'pseudonymise', user_email: 'pseudonymise', sealed_map: true };
  const ALICE = { ...EVENT, data: { user_id: 'u-alice', user_email: 'alice@acme.fr' } };

  /** What was sealed, by key. */
  async function namesOf(names: readonly { key: string; sealed: string }[] = []) {
    const sealer = createSealer(settingsOf(world.env).masterKeys);
    const binding = { tenant: 'acme', purpose: 'pseudonym-map' };
    const opened = await Promise.all(names.map(async ({ sealed }) => sealer.open(sealed, binding)));
    return opened.map((text) => (text.ok ? (JSON.parse(text.value) as unknown) : text.error.kind));
  }

  it('gets the names behind the keys of the events, sealed, and nothing else of them leaves', async () => {
    await publishTenant({ id: 'acme', residency: 'eu', privacy });
    await postSigned([ALICE, { ...ALICE, id: 'evt_2' }]);
    const [request] = theRelay().requests;
    const { user } = request?.events[0] ?? {};
    expect(await namesOf(request?.names)).toEqual([
      { key: user?.id, id: 'u-alice' },
      { key: user?.email, email: 'alice@acme.fr' },
    ]);
    expect(JSON.stringify(request)).not.toMatch(/alice/i);
  });

  it('gets no name of an event that is not forwarded', async () => {
    await publishTenant({ id: 'acme', residency: 'eu', privacy });
    await postSigned([EVENT, { ...ALICE, id: 'evt_2', type: 'interaction.created' }]);
    expect(await namesOf(theRelay().requests[0]?.names)).toMatchObject([{ email: 'alice@acme.fr' }]);
    expect(theRelay().requests[0]?.names).toHaveLength(1);
  });

  it.each([
    ['is off', { ...privacy, sealed_map: false }],
    ['is not there, as in what an earlier release published', { user_id: 'pseudonymise' }],
    ['is of nobody', { user_id: 'keep', user_email: 'drop', sealed_map: true }],
  ])('gets nothing where it %s: the request is as it always was', async (_case, settings) => {
    await publishTenant({ id: 'acme', residency: 'eu', privacy: settings });
    await postSigned(ALICE);
    expect(Object.keys(theRelay().requests[0] ?? {})).toEqual(['v', 'events']);
  });

  it('gets a name once, as soon as the object has taken it', async () => {
    await publishTenant({ id: 'acme', residency: 'eu', privacy });
    await postSigned(ALICE);
    theRelay().accepts = async () => ({ kind: 'rate_limited', retryAfterSeconds: 1 });
    await postSigned({ ...ALICE, id: 'evt_2', data: { user_id: 'u-bob', user_email: 'alice@acme.fr' } });
    theRelay().accepts = async () => ({ kind: 'accepted', accepted: 1, duplicates: 0 });
    await postSigned({ ...ALICE, id: 'evt_3', data: { user_id: 'u-bob', user_email: 'alice@acme.fr' } });
    await postSigned({ ...ALICE, id: 'evt_4', data: { user_id: 'u-bob' } });
    const sent = await Promise.all(theRelay().requests.map(async ({ names }) => namesOf(names)));
    expect(sent).toMatchObject([
      [{ id: 'u-alice' }, { email: 'alice@acme.fr' }],
      [{ id: 'u-bob' }],
      [{ id: 'u-bob' }],
      [],
    ]);
  });

  it('waits with the events in the overflow queue, sealed in what is sealed, and counts as handed over by no one', async () => {
    world = fakeWorld({ RELAY_RESIDENCY: 'eu' });
    await publishTenant({ id: 'acme', residency: 'eu', privacy });
    world.prepare = (relay) => {
      relay.accepts = async () => ({ kind: 'unavailable', reason: 'object_fault' });
    };
    expect((await postSigned(ALICE)).status).toBe(202);
    expect((await postSigned({ ...ALICE, id: 'evt_2' })).status).toBe(202);
    const sealer = createSealer(settingsOf(world.env).masterKeys);
    expect(world.overflow.messages).toHaveLength(2);
    for (const message of world.overflow.messages) {
      const sealed = new TextDecoder().decode(readOverflowMessage(message)?.sealed);
      const text = await sealer.open(sealed, { tenant: 'acme', purpose: 'overflow' });
      expect(text.ok && text.value).not.toMatch(/alice/i);
      const { names } = JSON.parse(text.ok ? text.value : '{}') as {
        names: { key: string; sealed: string }[];
      };
      expect(await namesOf(names)).toMatchObject([{ id: 'u-alice' }, { email: 'alice@acme.fr' }]);
    }
  });
});
