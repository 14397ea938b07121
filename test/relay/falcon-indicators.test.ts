import { beforeEach, describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import { FALCON_API, FALCON_CLIENT, FalconInProcess } from './falcon-in-process.ts';
import { Tenant } from './tenant.ts';

const LANE = 'falcon/indicators';
const DAY_MS = 24 * 3_600_000;

let tenant: Tenant;
let falcon: FalconInProcess;

const withIndicators =
  (indicators: readonly unknown[], changes: Record<string, unknown> = {}) =>
  (document: Record<string, unknown>): void => {
    document['destinations'] = [
      {
        name: 'falcon',
        type: 'falcon',
        region: 'eu-1',
        base_url: FALCON_API,
        client_id: FALCON_CLIENT.id,
        client_secret: FALCON_CLIENT.secret,
        actions: ['indicator'],
        requests_per_minute: 6000,
        indicators,
        ...changes,
      },
    ];
  };

const domains = (): string[] => falcon.indicators.map(({ value }) => value).toSorted();

/** Puts the in-process Falcon into the object; needed again after each eviction. */
async function useFalcon(): Promise<void> {
  await tenant.inside((relay) => {
    relay.io.fetch = falcon.fetch;
  });
}

async function untilSynced(count: number): Promise<void> {
  await tenant.until(async () => (await tenant.lane(LANE)).delivered >= count, `${count} syncs are done`);
}

/** How often the config was announced: entries of the log that nobody is shown. */
async function announcements(): Promise<number> {
  return tenant.inside((_relay, state) => {
    const { sql } = state.storage;
    const tables = sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name GLOB 'events_*'")
      .toArray();
    const counts = tables.map(({ name }) =>
      Number(
        sql.exec(`SELECT COUNT(*) AS n FROM ${name} WHERE body LIKE '%relay.indicators_changed%'`).one()['n'],
      ),
    );
    return counts.reduce((sum, n) => sum + n, 0);
  });
}

beforeEach(async () => {
  tenant = await Tenant.create();
  falcon = new FalconInProcess(() => tenant.nowMs);
  await useFalcon();
});

describe('a saved config', () => {
  it('has its indicators made, changed and removed', async () => {
    await tenant.configure(withIndicators(['perplexity', 'grok']));
    await untilSynced(1);
    expect(domains()).toEqual(['grok.com', 'perplexity.ai', 'www.perplexity.ai']);
    await tenant.configure(withIndicators([{ value: 'grok', severity: 'low' }]));
    await untilSynced(2);
    expect(falcon.indicators).toMatchObject([{ value: 'grok.com', severity: 'low' }]);
    await tenant.configure(withIndicators([]));
    await untilSynced(3);
    expect(domains()).toEqual([]);
  });

  it('asks for nothing where no destination keeps indicators', async () => {
    await tenant.configure();
    await tenant.alarm();
    expect(await announcements()).toBe(0);
    expect(falcon.requests).toEqual([]);
  });

  it('is announced after a crash that came between the save and the announcement', async () => {
    await tenant.configure(withIndicators(['grok']));
    await untilSynced(1);
    // As a crash leaves it: the config of the next version is stored, and nothing else.
    await tenant.inside((_relay, state) => {
      const row = state.storage.sql.exec<{ document: string }>('SELECT document FROM config').one();
      const document = row.document.replaceAll('"grok"', '"poe"');
      state.storage.sql.exec('UPDATE config SET version = version + 1, document = ?', document);
    });
    await tenant.crash();
    await useFalcon();
    await tenant.alarm();
    await untilSynced(2);
    expect(domains()).toEqual(['poe.com']);
    expect(await announcements()).toBe(2);
  });

  it('is announced once, however often the object starts', async () => {
    await tenant.configure(withIndicators(['grok']));
    await untilSynced(1);
    await tenant.evict();
    await useFalcon();
    await tenant.alarm();
    await tenant.evict();
    await useFalcon();
    await tenant.alarm();
    expect(await announcements()).toBe(1);
  });

  it('is looked after once a day: what somebody removed at Falcon comes back', async () => {
    const savedAtMs = tenant.nowMs;
    await tenant.configure(withIndicators(['grok']));
    await untilSynced(1);
    falcon.forgetIndicators();
    await tenant.passTimeUntil(() => domains().length > 0, 'the indicator is back');
    expect(tenant.nowMs - savedAtMs).toBeGreaterThanOrEqual(DAY_MS);
    expect(tenant.nowMs - savedAtMs).toBeLessThan(2 * DAY_MS);
    expect(domains()).toEqual(['grok.com']);
  });

  it('is announced anew when an operator gives up what waited', async () => {
    falcon.setScopes([]);
    await tenant.configure(withIndicators(['grok']));
    await tenant.until(async () => (await tenant.lane(LANE)).state === 'blocked', 'the lane blocks');
    falcon.setScopes(undefined);
    await tenant.stub.resume({ v: 1, destination: 'falcon', from: 'now' });
    await untilSynced(1);
    expect(domains()).toEqual(['grok.com']);
    expect(await tenant.lane(LANE)).toMatchObject({ discarded: 1, undelivered: 0 });
  });
});

describe('the lane', () => {
  it('blocks with the name of the missing scope, and goes on from there once it is granted', async () => {
    falcon.setScopes(['ioc:read']);
    await tenant.configure(withIndicators(['grok']));
    await tenant.until(async () => (await tenant.lane(LANE)).state === 'blocked', 'the lane blocks');
    expect((await tenant.lane(LANE)).blocked).toMatchObject({
      reason: 'scope_missing',
      detail: expect.stringContaining('IOC Management: Write') as string,
    });
    falcon.setScopes(undefined);
    await tenant.passTimeUntil(() => domains().length === 1, 'the indicator is made');
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 0 });
  });

  it('makes one indicator when the answer to its creation was lost in a crash', async () => {
    let isCreated = false;
    falcon.fault = (request) => {
      if (request.method !== 'POST' || request.path !== '/iocs/entities/indicators/v1' || isCreated)
        return undefined;
      isCreated = true;
      // The vendor has done it; the answer is lost with the connection.
      const { fault } = falcon;
      falcon.fault = () => undefined;
      void falcon.fetch(`${FALCON_API}${request.path}`, {
        method: 'POST',
        headers: request.headers,
        body: request.body.toString('utf8'),
      });
      falcon.fault = fault;
      throw new Error('connection lost');
    };
    await tenant.configure(withIndicators(['grok']));
    await tenant.until(() => isCreated, 'the request was made');
    await tenant.crash();
    await useFalcon();
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).delivered === 1, 'the sync is done');
    expect(domains()).toEqual(['grok.com']);
    expect(falcon.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('leaves a dead letter that names the refused domain, and makes the others', async () => {
    falcon.fault = ({ method, body }) =>
      method === 'POST' && body.toString('utf8').includes('"poe.com"')
        ? Response.json({ errors: [{ code: 400, message: 'not this one' }] }, { status: 400 })
        : undefined;
    await tenant.configure(withIndicators(['grok', 'poe']));
    await tenant.until(async () => (await tenant.lane(LANE)).deadLettered === 1, 'it is given up');
    expect(domains()).toEqual(['grok.com']);
    const letters: unknown = await tenant.stub.deadLetters({ limit: 10 });
    expect(letters).toMatchObject([
      { lane: LANE, reason: 'rejected', status: 400, excerpt: 'poe.com: 400 not this one' },
    ]);
  });

  it('makes the indicators of a detection that asks for them, and takes no other events', async () => {
    await tenant.configure(withIndicators([]));
    await untilSynced(1);
    const at = new Date(tenant.nowMs).toISOString();
    const facts = {
      ruleId: 'r',
      ruleName: 'Repeated violations',
      title: 'Repeated violations',
      level: 'high' as const,
      platforms: ['perplexity'],
      count: 11,
      windowSeconds: 3600,
      firstAt: at,
      lastAt: at,
      eventIds: [],
      dryRun: false,
      classifications: [],
    };
    const made = (id: string, changes: object) =>
      detectionEvent({ id, ...facts, ...changes }, { tenant: tenant.id, receivedAt: at });
    await tenant.accept(
      ...tenant.events(3),
      made('asks-for-none', { platforms: ['poe'] }),
      made('runs-dry', { platforms: ['mistral'], respond: ['indicator'], dryRun: true }),
      made('asks', { respond: ['indicator'] }),
    );
    await untilSynced(2);
    expect(domains()).toEqual(['perplexity.ai', 'www.perplexity.ai']);
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 2, undelivered: 0, deadLettered: 0 });
  });
});
