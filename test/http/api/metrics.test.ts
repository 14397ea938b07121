import { Hono } from 'hono';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import type { Grant } from '../../../src/domain/principal.ts';
import { mountAdminRoutes } from '../../../src/http/admin-route.ts';
import { metricsRoutes } from '../../../src/http/api/metrics.ts';
import { metricsText } from '../../../src/http/api/metrics-text.ts';
import { createApp } from '../../../src/http/app.ts';
import type { AppEnv, AppOptions } from '../../../src/http/deployment.ts';
import { objectName } from '../../../src/residency.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { ADMIN_TOKEN } from '../fakes.ts';
import { labelKey, parsePrometheus } from './prometheus.ts';

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
  for (const { reads } of acme.world.relays.values()) Object.assign(reads, { config: 0, health: 0 });
});

async function scrape(query = '?tenant=acme'): Promise<Response> {
  const request = new Request(`https://relay.example.com/metrics${query}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  return createApp().fetch(request, acme.world.env);
}

/** The answer to somebody with these grants. */
async function scrapeAs(grants: readonly Grant[], query: string): Promise<Response> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req-1');
    c.set('principal', { id: 'token:1', grants });
    await next();
  });
  mountAdminRoutes(app, { nowMs: () => 0 } as AppOptions, metricsRoutes);
  return app.fetch(new Request(`https://relay.example.com/metrics${query}`), acme.world.env);
}

describe('GET /metrics', () => {
  it('is text that Prometheus reads, of one tenant', async () => {
    const lanes = await acme.relay.lanes();
    acme.relay.ails = {
      version: 3,
      publishedVersion: 2,
      lanes: [
        {
          ...lanes[0],
          lane: 'edr/events',
          delivered: 12,
          expired: 1,
          discarded: 2,
          erased: 4,
          parked: 4,
          lastDeliveredAt: '2026-11-22T00:00:01.500Z',
        },
        {
          ...lanes[0],
          lane: 'falcon/events',
          state: 'blocked',
          undelivered: 9,
          deadLettered: 5,
          blocked: { reason: 'unauthorized', detail: 'HTTP 401: alice', since: '' },
        },
        {
          ...lanes[0],
          lane: 'old/events',
          state: 'disabled',
          blocked: { reason: 'forbidden', detail: '', since: '' },
        },
      ] as never,
    };
    Object.assign(acme.world.env, { VERSION: { id: 'v"1\\\n' } });
    const response = await scrape();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).not.toContain('alice');
    const families = parsePrometheus(text);
    const values = Object.fromEntries([...families].map(([name, { samples }]) => [name, samples]));
    const lane = (name: string, value: number) => ({ labels: { lane: name }, value });
    const each = (a: number, b: number, c: number) => [
      lane('edr/events', a),
      lane('falcon/events', b),
      lane('old/events', c),
    ];
    expect(values).toEqual({
      noxys_relay_build_info: [{ labels: { version_id: 'v"1\\\n' }, value: 1 }],
      noxys_relay_config_version: [{ labels: {}, value: 3 }],
      noxys_relay_config_published: [{ labels: {}, value: 0 }],
      noxys_relay_events_accepted_total: [{ labels: {}, value: 3 }],
      noxys_relay_last_webhook_timestamp_seconds: [{ labels: {}, value: Date.UTC(2026, 10, 22) / 1000 }],
      noxys_relay_storage_bytes: [{ labels: {}, value: 4096 }],
      noxys_relay_lane_delivered_total: each(12, 3, 3),
      noxys_relay_lane_expired_total: each(1, 0, 0),
      noxys_relay_lane_discarded_total: each(2, 0, 0),
      noxys_relay_lane_erased_total: each(4, 0, 0),
      noxys_relay_lane_dead_lettered: each(0, 5, 0),
      noxys_relay_lane_undelivered: each(0, 9, 0),
      noxys_relay_lane_parked: each(4, 0, 0),
      noxys_relay_lane_blocked: [
        { labels: { lane: 'edr/events', reason: 'none' }, value: 0 },
        { labels: { lane: 'falcon/events', reason: 'unauthorized' }, value: 1 },
        { labels: { lane: 'old/events', reason: 'none' }, value: 0 },
      ],
      noxys_relay_lane_enabled: each(1, 1, 0),
      noxys_relay_lane_last_delivered_timestamp_seconds: [
        lane('edr/events', Date.UTC(2026, 10, 22) / 1000 + 1.5),
      ],
    });
  });

  it('counts the detections of each rule by its level, dry runs apart, and its failures', async () => {
    const rule = { level: 'high', detections: 3, dryRuns: 1, failures: 2 } as const;
    acme.relay.ails = { rules: [{ rule: 'repeated "x"', ...rule }] };
    const families = parsePrometheus(await (await scrape()).text());
    const labels = { rule: 'repeated "x"', level: 'high' };
    expect(families.get('noxys_relay_rule_detections_total')).toMatchObject({
      type: 'counter',
      samples: [
        { labels: { ...labels, dry_run: 'false' }, value: 3 },
        { labels: { ...labels, dry_run: 'true' }, value: 1 },
      ],
    });
    expect(families.get('noxys_relay_rule_failures_total')?.samples).toEqual([
      { labels: { rule: 'repeated "x"' }, value: 2 },
    ]);
    const health = await acme.call('GET', 'acme/health');
    expect(health.body).not.toHaveProperty('rules');
  });

  it('leaves out what there is nothing to tell of', async () => {
    Object.assign(acme.relay, {
      health: async () => ({
        jurisdiction: null,
        version: 1,
        publishedVersion: 1,
        lanes: [],
        eventsAccepted: 0,
        deadLetters: 0,
        storageBytes: 1,
      }),
    });
    expect([...parsePrometheus(await (await scrape()).text()).keys()]).toEqual([
      'noxys_relay_build_info',
      'noxys_relay_config_version',
      'noxys_relay_config_published',
      'noxys_relay_events_accepted_total',
      'noxys_relay_storage_bytes',
    ]);
  });

  it('wakes one object with one call', async () => {
    await scrape();
    expect(acme.relay.reads).toEqual({ config: 0, health: 1 });
    expect(
      [...acme.world.relays.values()].filter((relay) => relay.reads.health + relay.reads.config > 0),
    ).toEqual([acme.relay]);
  });

  it.each([
    ['does not have it yet', () => acme.world.kv.values.clear()],
    ['can not be read', () => (acme.world.kv.fault = new Error('KV GET failed: 500'))],
    [
      'has another place',
      () =>
        acme.world.kv.values.forEach((value, key) =>
          acme.world.kv.values.set(key, value.replace('"residency":"eu"', '"residency":"global"')),
        ),
    ],
  ])('finds the tenant although KV %s', async (_case, change) => {
    change();
    expect((await scrape()).status).toBe(200);
  });

  it('asks its one place alone in an EU deployment, and no KV', async () => {
    Object.assign(acme.world, { env: { ...acme.world.env, RELAY_RESIDENCY: 'eu' } });
    const reads = acme.world.kv.reads;
    expect((await scrape()).status).toBe(200);
    expect((await scrape('?tenant=nobody')).status).toBe(404);
    expect(acme.world.kv.reads).toBe(reads);
    expect(acme.world.relays.get(`eu/${objectName('nobody')}`)?.reads).toEqual({ config: 0, health: 1 });
  });

  it('answers 404 for a tenant that does not exist', async () => {
    expect((await scrape('?tenant=nobody')).status).toBe(404);
  });

  it.each([
    ['', 400, 'tenant'],
    ['?tennant=acme', 400, 'tenant'],
    ['?tenant=acme&x=1', 400, 'x'],
    ['?tenant=acme&tenant=other', 400, 'tenant'],
  ])('answers %j with %i for %s', async (query, status, path) => {
    const response = await scrape(query);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ path });
  });

  it.each<[string, Grant[], string, number]>([
    ['their own tenant', [{ role: 'metrics', tenant: 'acme' }], '?tenant=acme', 200],
    ['another tenant', [{ role: 'metrics', tenant: 'other' }], '?tenant=acme', 404],
    ['another tenant, as an admin elsewhere', [{ role: 'admin', tenant: 'other' }], '?tenant=acme', 404],
    [
      'another tenant beside their own',
      [{ role: 'metrics', tenant: 'other' }],
      '?tenant=other&tenant=acme',
      400,
    ],
    ['any tenant, with a grant for all', [{ role: 'metrics', tenant: null }], '?tenant=acme', 200],
    ['any tenant, as a viewer', [{ role: 'viewer', tenant: null }], '?tenant=acme', 200],
  ])('answers whoever asks for %s as the grants say', async (_case, grants, query, status) => {
    expect((await scrapeAs(grants, query)).status).toBe(status);
  });

  it('answers 503 with Retry-After when the object throws', async () => {
    Object.assign(acme.relay, { health: async () => Promise.reject(new Error('object was reset')) });
    const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const response = await scrape();
    const lines = spy.mock.calls.map(([line]) => String(line));
    spy.mockRestore();
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(lines).toEqual([expect.stringMatching(/tenant\.unavailable.*"tenant":"acme".*object was reset/)]);
  });
});

describe('metricsText', () => {
  it('is read back as it was written, whatever stands in labels and help', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', '=', ' ', 'é', '#'),
    });
    const anySample = fc.record({
      labels: fc.dictionary(fc.constantFrom('lane', 'reason'), text),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anySample, {
          minLength: 1,
          maxLength: 4,
          selector: ({ labels }) => labelKey(labels),
        }),
        text,
        (samples, help) => {
          const metric = { name: 'x_total', type: 'counter', help: `h${help}`, samples } as const;
          const family = parsePrometheus(metricsText([metric])).get('x_total');
          expect(family?.samples).toEqual(
            samples.map(({ labels, value }) => ({ labels: { ...labels }, value: value === 0 ? 0 : value })),
          );
          expect(family?.type).toBe('counter');
        },
      ),
    );
  });
});
