import { beforeEach, describe, expect, it } from 'vitest';

import { createApp } from '../../../src/http/app.ts';
import {
  CHAT_HOSTS,
  sampleDocument,
  sampleHarfangLab,
  sampleSlack,
  sampleTeams,
} from '../../tenants/sample.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { expectDescribed } from '../described.ts';
import { ADMIN_TOKEN, FakeQueue, fakeWorld } from '../fakes.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET /api/v1/tenants/{id}/health', () => {
  it("is what the tenant's object, config and seals say", async () => {
    const { status, body } = await acme.call('GET', 'acme/health');
    expect(status).toBe(200);
    expect(body).toEqual({
      tenant: 'acme',
      jurisdiction: 'eu',
      version: 1,
      publishedVersion: 1,
      configFaults: [],
      secrets: { total: 4, opens: 4, primary: 4 },
      lanes: await acme.relay.lanes(),
      lastWebhook: { at: '2026-11-22T00:00:00.000Z', type: 'interaction.high_risk', accepted: true },
      eventsAccepted: 3,
      deadLetters: 0,
      storageBytes: 4096,
      noticeChannels: [],
      time: expect.stringMatching(/^20\d\d-\d\d-\d\dT.*Z$/),
    });
    expect(JSON.stringify(body)).not.toMatch(/eyJ|secret-token|whsec_/);
  });

  it('names what of the stored config the settings of now do not allow', async () => {
    Object.assign(acme.world, { env: { ...acme.world.env, RELAY_EGRESS_ALLOW: '' } });
    const { body } = await acme.call('GET', 'acme/health');
    expect(body).toMatchObject({
      configFaults: [
        {
          path: 'destinations[0].base_url',
          message: expect.stringContaining('RELAY_EGRESS_ALLOW'),
        },
      ],
    });
  });

  it('names the lanes that tell people of the relay: those that take notices and are not paused', async () => {
    Object.assign(acme.world, {
      env: { ...acme.world.env, RELAY_EGRESS_ALLOW: ['harfanglab.acme.fr', ...CHAT_HOSTS].join() },
    });
    const silent = { ...sampleSlack(), name: 'silent', messages: { notices: false } };
    const paused = { ...sampleSlack(), name: 'paused', enabled: false };
    const destinations = [sampleHarfangLab(), sampleSlack(), silent, paused, sampleTeams()];
    const saved = await acme.call('PUT', 'acme', { ...sampleDocument(), destinations });
    expect(saved.status).toBe(200);
    expect((await acme.call('GET', 'acme/health')).body).toMatchObject({
      noticeChannels: ['soc/messages', 'team/messages'],
    });
  });

  it('counts the seals that the master keys of now do not open', async () => {
    const RELAY_MASTER_KEY = 'HxEQDw4NDAsKCQgHBgUEAwIBAAECAwQFBgcICQoLDA0';
    const { RELAY_MASTER_KEY: old } = acme.world.env;
    Object.assign(acme.world, { env: { ...acme.world.env, RELAY_MASTER_KEY } });
    expect((await acme.call('GET', 'acme/health')).body).toMatchObject({
      secrets: { total: 4, opens: 0, primary: 0 },
    });
    Object.assign(acme.world, { env: { ...acme.world.env, RELAY_MASTER_KEY_PREVIOUS: old } });
    expect((await acme.call('GET', 'acme/health')).body).toMatchObject({
      secrets: { total: 4, opens: 4, primary: 0 },
    });
  });

  it('answers 404 for a tenant that does not exist, and for one that is deleted meanwhile', async () => {
    expect((await acme.call('GET', 'nobody/health')).status).toBe(404);
    Object.assign(acme.relay, { health: async () => null });
    expect((await acme.call('GET', 'acme/health')).status).toBe(404);
  });
});

describe('GET /api/v1/health', () => {
  async function get(world = fakeWorld()) {
    const request = new Request('https://relay.example.com/api/v1/health', {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const app = createApp({ nowMs: () => Date.UTC(2026, 10, 22) });
    const response = await app.fetch(request, world.env);
    const body: unknown = await response.json();
    expectDescribed('GET', '/api/v1/health', response.status, body);
    return { status: response.status, body, world };
  }

  it('is what the deployment says, without a key and without waking an object', async () => {
    const { status, body, world } = await get();
    expect(status).toBe(200);
    expect(body).toEqual({
      time: '2026-11-22T00:00:00.000Z',
      env: 'production',
      residency: 'global',
      keyIds: { primary: expect.stringMatching(/^[\w-]{11}$/) },
      access: false,
      egressAllow: ['harfanglab.acme.fr'],
      queues: { wakeups: { backlog: 0 }, overflow: { backlog: 0 } },
    });
    expect(world.relays.size).toBe(0);
    expect(JSON.stringify(body)).not.toContain('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8');
  });

  it('tells both keys during a rotation, Access, the version, and what waits in the queues', async () => {
    const world = fakeWorld({ RELAY_MASTER_KEY_PREVIOUS: 'HxEQDw4NDAsKCQgHBgUEAwIBAAECAwQFBgcICQoLDA0' });
    world.overflow.backlog = {
      backlogCount: 7,
      backlogBytes: 700,
      oldestMessageTimestamp: new Date('2026-11-21T00:00:00Z'),
    };
    Object.assign(world.env, {
      VERSION: { id: 'v-1', tag: '', timestamp: '' },
      ACCESS_TEAM_DOMAIN: 'acme.cloudflareaccess.com',
      ACCESS_AUD: 'ab'.repeat(32),
    });
    const { body } = await get(world);
    expect(body).toMatchObject({
      keyIds: { primary: expect.any(String), previous: expect.any(String) },
      access: true,
      queues: { wakeups: { backlog: 0 }, overflow: { backlog: 7, oldestAt: '2026-11-21T00:00:00.000Z' } },
      versionId: 'v-1',
    });
  });

  it.each<[string, object]>([
    ['does not know the call', { metrics: undefined }],
    ['refuses', { metrics: async () => Promise.reject(new Error('no')) }],
  ])('has null for a queue whose runtime %s', async (_case, change) => {
    const world = fakeWorld();
    Object.assign(world.env, { WAKEUPS: Object.assign(new FakeQueue(), change) });
    expect((await get(world)).body).toMatchObject({
      queues: { wakeups: null, overflow: { backlog: 0 } },
    });
  });

  it('needs a token', async () => {
    const request = new Request('https://relay.example.com/api/v1/health');
    expect((await createApp().fetch(request, fakeWorld().env)).status).toBe(401);
  });
});
