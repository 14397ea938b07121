import { env } from 'cloudflare:workers';
import { listDurableObjectIds } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';

import { EDR, HEC, Tenant, destination, sealedConfig } from './tenant.ts';

describe('accept', () => {
  it('refuses a tenant without a config and writes nothing', async () => {
    const tenant = Tenant.unknown();
    expect(await tenant.accept(tenant.event('evt-1'))).toEqual({ kind: 'unknown_tenant' });
    expect(await tenant.stub.drain({ v: 1, lane: '*' })).toEqual({ kind: 'unknown_tenant' });
    expect(await tenant.stub.readConfig()).toBeNull();
    const tables = await tenant.inside((_relay, state) => [
      ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
    ]);
    expect(tables).toEqual([]);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(0);
    expect(await tenant.inside((_relay, state) => state.storage.getAlarm())).toBeNull();
  });

  it('delivers an event to every destination, with its id as idempotency key', async () => {
    const tenant = await Tenant.create();
    expect(await tenant.accept(tenant.event('evt-1'))).toEqual({
      kind: 'accepted',
      accepted: 1,
      duplicates: 0,
    });
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    const edr = tenant.destinations.sent.find(({ url }) => url.startsWith(EDR));
    expect(edr?.url).toBe(`${EDR}/api/v1/events`);
    expect(edr?.headers.get('authorization')).toBe('Token edr-token');
    expect(edr?.headers.get('idempotency-key')).toBe('interaction.policy_violated:evt-1');
    const hec = tenant.destinations.sent.find(({ url }) => url === HEC);
    expect(hec?.headers.get('authorization')).toBe('Bearer hec-token');
  });

  it('takes the same event once, however often and however much at once it comes', async () => {
    const tenant = await Tenant.create();
    const answers = await Promise.all(Array.from({ length: 50 }, () => tenant.accept(tenant.event('evt-1'))));
    const accepted = answers.map((answer) => (answer.kind === 'accepted' ? answer.accepted : NaN));
    expect(accepted.reduce((sum, n) => sum + n)).toBe(1);
    await tenant.evict();
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ accepted: 0, duplicates: 1 });
    await tenant.accept(tenant.event('evt-2'));
    await tenant.untilTaken(EDR, 2);
    await tenant.untilTaken(HEC, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1', 'evt-2']);
    expect(tenant.destinations.ids(HEC)).toEqual(['evt-1', 'evt-2']);
  });

  it('takes the same id of another type as another event', async () => {
    const tenant = await Tenant.create();
    const answer = await tenant.accept(
      tenant.event('evt-1'),
      tenant.event('evt-1', { type: 'interaction.high_risk' }),
      tenant.event('evt-1'),
    );
    expect(answer).toEqual({ kind: 'accepted', accepted: 2, duplicates: 1 });
  });

  it('recognises a duplicate from an earlier period for a week', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    for (let day = 1; day <= 6; day++) {
      tenant.nowMs += 24 * 3_600_000;
      await tenant.accept(tenant.event(`evt-day-${day}`));
    }
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('refuses what exceeds the rate, whole, and says when there is room again', async () => {
    const tenant = await Tenant.create((document) => {
      document['limits'] = { events_per_minute: 60, burst: 100 };
    });
    expect(await tenant.accept(...tenant.events(90))).toMatchObject({ accepted: 90 });
    expect(await tenant.accept(...tenant.events(20, 100))).toEqual({
      kind: 'rate_limited',
      retryAfterSeconds: 10,
    });
    tenant.nowMs += 10_000;
    expect(await tenant.accept(...tenant.events(20, 100))).toMatchObject({ accepted: 20 });
  });

  it('refuses an argument of a version that it does not know', async () => {
    const tenant = await Tenant.create();
    const answer = await tenant.stub.accept({ v: 2 as 1, events: tenant.events(1) });
    expect(answer).toEqual({ kind: 'unavailable', reason: 'unknown_version' });
  });

  it('answers unavailable when its space is used up, and takes events again when there is room', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((relay) => {
      relay.sizes = { ...relay.sizes, spaceBytesFull: 1 };
      relay.load();
    });
    expect(await tenant.accept(tenant.event('evt-1'))).toEqual({
      kind: 'unavailable',
      reason: 'space_exhausted',
    });
    await tenant.inside((relay) => {
      relay.sizes = { ...relay.sizes, spaceBytesFull: 9e9 };
      relay.load();
    });
    expect(await tenant.accept(tenant.event('evt-1'))).toMatchObject({ accepted: 1 });
  });

  it('keeps two tenants apart', async () => {
    const [one, two] = [await Tenant.create(), await Tenant.create()];
    await one.accept(one.event('evt-1'));
    await two.accept(two.event('evt-1'));
    await one.untilTaken(EDR, 1);
    await two.untilTaken(EDR, 1);
    expect(one.destinations.sent.every(({ body }) => !body.includes(two.id))).toBe(true);
  });

  it('sends only what a destination wants', async () => {
    const tenant = await Tenant.create((document) => {
      destination('edr', { events: ['interaction.high_risk'], where: { 'event.data.risk_score|gte': 0.5 } })(
        document,
      );
    });
    await tenant.accept(
      tenant.event('no-type'),
      tenant.event('no-score', { type: 'interaction.high_risk', riskScore: 0.4 }),
      tenant.event('yes', { type: 'interaction.high_risk', riskScore: 0.5 }),
    );
    await tenant.untilTaken(HEC, 3);
    await tenant.untilTaken(EDR, 1);
    expect(tenant.destinations.ids(EDR)).toEqual(['yes']);
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the lane is at the head',
    );
  });
});

describe('configure', () => {
  it('counts versions and refuses a writer who read an older one', async () => {
    const tenant = await Tenant.create();
    const config = await sealedConfig(tenant.id);
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toEqual({
      kind: 'saved',
      version: 2,
      isPublished: true,
    });
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toEqual({
      kind: 'version_conflict',
      version: 2,
    });
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: null })).toMatchObject({
      kind: 'version_conflict',
    });
  });

  it('lets one of two writers win who write at once', async () => {
    const tenant = await Tenant.create();
    const config = await sealedConfig(tenant.id);
    const answers = await Promise.all(
      [1, 2, 3].map(() => tenant.stub.configure({ v: 1, config, expectedVersion: 1 })),
    );
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual([
      'saved',
      'version_conflict',
      'version_conflict',
    ]);
  });

  it('publishes to KV what ingest needs, and no secret in clear', async () => {
    const tenant = await Tenant.create();
    const value = await env.RELAY_KV.get(`ingest/v1/${tenant.id}`);
    expect(JSON.parse(value ?? '')).toMatchObject({ v: 1, tenant: tenant.id, version: 1, residency: 'eu' });
    expect(value).not.toContain('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(value).not.toMatch(/edr-token|hec-token|destinations/);
  });

  it('publishes from the alarm what KV did not take at once', async () => {
    const tenant = await Tenant.create();
    const broken = { put: async () => Promise.reject(new Error('KV is down')) };
    await tenant.inside((relay) => {
      Object.assign(relay, { env: { ...env, RELAY_KV: broken } });
      relay.load();
    });
    const config = await sealedConfig(tenant.id);
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toMatchObject({
      kind: 'saved',
      version: 2,
      isPublished: false,
    });
    await tenant.evict();
    expect(await tenant.alarm()).toBe(true);
    expect(JSON.parse((await env.RELAY_KV.get(`ingest/v1/${tenant.id}`)) ?? '')).toMatchObject({
      version: 2,
    });
  });

  it('leaves everything as it was when a save fails', async () => {
    const tenant = await Tenant.create();
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes RENAME TO lanes_gone');
    });
    const config = await sealedConfig(tenant.id, (document) => {
      (document['destinations'] as unknown[]).push({
        name: 'new',
        type: 'harfanglab',
        base_url: EDR,
        token: 't',
      });
    });
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toEqual({
      kind: 'unavailable',
      reason: 'object_fault',
    });
    await tenant.inside((_relay, state) => {
      state.storage.sql.exec('ALTER TABLE lanes_gone RENAME TO lanes');
    });
    expect((await tenant.stub.lanes()).map(({ lane }) => lane).toSorted()).toEqual([
      'edr/alerts',
      'edr/events',
      'edr/incidents',
      'falcon/events',
    ]);
    expect(await tenant.stub.configure({ v: 1, config, expectedVersion: 1 })).toMatchObject({ version: 2 });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 2);
  });

  it('starts an added destination from now, and keeps the place of one that was disabled', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = (document['destinations'] as unknown[]).slice(0, 1);
    });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.configure(destination('edr', { enabled: false }));
    await tenant.accept(tenant.event('evt-2'));
    await tenant.untilTaken(HEC, 1);
    expect(tenant.destinations.ids(HEC)).toEqual(['evt-2']);
    expect(await tenant.lane('edr/events')).toMatchObject({ state: 'disabled', undelivered: 1 });
    await tenant.configure();
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1', 'evt-2']);
  });

  it('leaves one object per tenant behind, under a name that is not the tenant id', async () => {
    const tenant = await Tenant.create();
    const ids = await listDurableObjectIds(env.TENANT_RELAY);
    expect(ids.some((id) => id.equals(env.TENANT_RELAY.idFromName(tenant.id)))).toBe(false);
  });
});
