import { beforeEach, describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { PERMISSIONS } from '../simulators/harfanglab-api.ts';
import { HarfangLabRulesInProcess, MANAGER, MANAGER_TOKEN } from './harfanglab-rules-in-process.ts';
import { Tenant } from './tenant.ts';

const INDICATORS = 'edr/indicators';
const RULES = 'edr/rules';

const RULE_NAMES = ['Noxys - unapproved AI platform (DNS)', 'Noxys - unapproved AI platform (TLS)'];

let tenant: Tenant;
let manager: HarfangLabRulesInProcess;

const withManager =
  (changes: Record<string, unknown>, platforms: Record<string, unknown> = {}) =>
  (document: Record<string, unknown>): void => {
    document['platforms'] = platforms;
    document['destinations'] = [
      {
        name: 'edr',
        type: 'harfanglab',
        base_url: MANAGER,
        token: MANAGER_TOKEN,
        mode: 'native',
        actions: ['indicator', 'rule'],
        ...changes,
      },
    ];
  };

const domains = () => manager.indicators.map(({ value }) => value).toSorted();
const ruleNames = () => manager.sigmaRules.map(({ name }) => name).toSorted();

/** Puts the in-process manager into the object; needed again after each eviction. */
async function useManager(): Promise<void> {
  await tenant.inside((relay) => {
    relay.io.fetch = manager.fetch;
  });
}

async function untilDelivered(lane: string, count: number): Promise<void> {
  await tenant.until(async () => (await tenant.lane(lane)).delivered >= count, `${lane} has done ${count}`);
}

beforeEach(async () => {
  tenant = await Tenant.create();
  manager = new HarfangLabRulesInProcess(() => tenant.nowMs);
  await useManager();
});

describe('a saved config', () => {
  it('has its indicators made, removed when it drops them, and when their platform is approved', async () => {
    await tenant.configure(
      withManager({ actions: ['indicator'], indicators: ['grok', 'poe', 'perplexity'] }),
    );
    await untilDelivered(INDICATORS, 1);
    expect(manager.indicatorSources).toMatchObject([{ name: `noxys-relay ${tenant.id} edr` }]);
    expect(domains()).toEqual(['grok.com', 'perplexity.ai', 'poe.com', 'www.perplexity.ai']);
    await tenant.configure(withManager({ actions: ['indicator'], indicators: ['grok', 'poe'] }));
    await untilDelivered(INDICATORS, 2);
    expect(domains()).toEqual(['grok.com', 'poe.com']);
    await tenant.configure(
      withManager({ actions: ['indicator'], indicators: ['poe'] }, { approved: ['grok'] }),
    );
    await untilDelivered(INDICATORS, 3);
    expect(domains()).toEqual(['poe.com']);
  });

  it('has its Sigma rules made, changed when a platform is approved, and removed when it drops them', async () => {
    await tenant.configure(withManager({ actions: ['rule'] }));
    await untilDelivered(RULES, 1);
    expect(manager.sigmaSources).toMatchObject([{ name: `noxys-relay ${tenant.id} edr` }]);
    expect(ruleNames()).toEqual(RULE_NAMES);
    expect(manager.sigmaRules.every(({ content }) => content.includes('grok.com'))).toBe(true);
    await tenant.configure(withManager({ actions: ['rule'] }, { approved: ['grok'] }));
    await untilDelivered(RULES, 2);
    expect(manager.sigmaRules.some(({ content }) => content.includes('grok.com'))).toBe(false);
    await tenant.configure(withManager({ actions: ['rule'], endpoint_rules: [] }));
    await untilDelivered(RULES, 3);
    expect(ruleNames()).toEqual([]);
  });

  it('is looked after once a day: what somebody removed in the console comes back', async () => {
    await tenant.configure(withManager({ indicators: ['grok'] }));
    await untilDelivered(INDICATORS, 1);
    await untilDelivered(RULES, 1);
    const headers = { authorization: `Token ${MANAGER_TOKEN}` };
    const base = `${MANAGER}/api/data/threat_intelligence`;
    for (const { id } of manager.indicators)
      await manager.fetch(`${base}/IOCRule/${id}/`, { method: 'DELETE', headers });
    for (const { id } of manager.sigmaRules)
      await manager.fetch(`${base}/SigmaRule/${id}/`, { method: 'DELETE', headers });
    expect([...domains(), ...ruleNames()]).toEqual([]);
    await tenant.passTimeUntil(() => domains().length === 1 && ruleNames().length === 2, 'they are back');
  });
});

describe('the lanes', () => {
  it('block with the name of the missing permission, each by itself, and go on once it is granted', async () => {
    manager.setPermissions([PERMISSIONS.rulesView]);
    await tenant.configure(withManager({ indicators: ['grok'] }));
    for (const lane of [INDICATORS, RULES]) {
      await tenant.until(async () => (await tenant.lane(lane)).state === 'blocked', `${lane} blocks`);
      expect((await tenant.lane(lane)).blocked).toMatchObject({
        reason: 'forbidden',
        detail: expect.stringContaining(PERMISSIONS.rulesEdit) as string,
      });
    }
    manager.setPermissions(undefined);
    await tenant.passTimeUntil(() => domains().length === 1 && ruleNames().length === 2, 'both are done');
    expect(await tenant.lane(RULES)).toMatchObject({ delivered: 1, deadLettered: 0 });
  });

  it('leave one dead letter each, with what the manager refused, and make the rest', async () => {
    manager = new HarfangLabRulesInProcess(() => tenant.nowMs, { refusedSigmaFields: ['OutgoingTlsSni'] });
    manager.fault = ({ method, body }) =>
      method === 'POST' && body.toString('utf8').includes('"poe.com"')
        ? Response.json({ value: ['not this one'] }, { status: 400 })
        : undefined;
    await useManager();
    await tenant.configure(withManager({ indicators: ['grok', 'poe'] }));
    for (const lane of [INDICATORS, RULES])
      await tenant.until(async () => (await tenant.lane(lane)).deadLettered === 1, `${lane} gives up`);
    expect(domains()).toEqual(['grok.com']);
    expect(ruleNames()).toEqual(['Noxys - unapproved AI platform (DNS)']);
    const letters: unknown = await tenant.stub.deadLetters({ limit: 10 });
    expect(letters).toHaveLength(2);
    expect(letters).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ lane: INDICATORS, excerpt: 'poe.com: value: not this one' }),
        expect.objectContaining({
          lane: RULES,
          excerpt: expect.stringContaining('invalid_sigma_content: unsupported field') as string,
        }),
      ]),
    );
  });

  it.each([
    [INDICATORS, { actions: ['indicator'], indicators: ['grok'] }, () => domains(), ['grok.com']],
    [RULES, { actions: ['rule'] }, () => ruleNames(), RULE_NAMES],
  ])(
    'make one of each when the answer to a creation was lost in a crash: %s',
    async (lane, config, made, all) => {
      let isCreated = false;
      manager.fault = (request) => {
        if (request.method !== 'POST' || !request.path.endsWith('Rule/') || isCreated) return undefined;
        isCreated = true;
        // The vendor has done it; the answer is lost with the connection.
        const { fault } = manager;
        manager.fault = () => undefined;
        void manager.fetch(`${MANAGER}${request.path}`, {
          method: 'POST',
          headers: request.headers,
          body: request.body.toString('utf8'),
        });
        manager.fault = fault;
        throw new Error('connection lost');
      };
      await tenant.configure(withManager(config));
      await tenant.until(() => isCreated, 'the request was made');
      await tenant.crash();
      await useManager();
      await tenant.passTimeUntil(async () => (await tenant.lane(lane)).delivered === 1, 'it is done');
      expect(made()).toEqual(all);
      const posts = manager.requests.filter(
        ({ method, path }) => method === 'POST' && path.endsWith('Rule/'),
      );
      expect(posts).toHaveLength(all.length);
    },
  );

  it('make more indicators than a turn has room for in several turns, none of them twice', async () => {
    const all = Array.from({ length: 600 }, (_, i) => `ai-${i}.example.com`);
    const ids = Array.from({ length: 30 }, (_, i) => `platform-${i}`);
    const known = Object.fromEntries(ids.map((id, i) => [id, all.slice(i * 20, i * 20 + 20)]));
    await tenant.configure(withManager({ actions: ['indicator'], indicators: ids }, { domains: known }));
    await tenant.passTimeUntil(async () => (await tenant.lane(INDICATORS)).delivered === 1, 'it is done');
    expect(domains()).toEqual(all.toSorted());
    expect(manager.requests.filter(({ status }) => status >= 400)).toEqual([]);
    expect(await tenant.lane(INDICATORS)).toMatchObject({ undelivered: 0, deadLettered: 0 });
  });

  it('are not at it for ever when a slow manager refuses more indicators than a turn has room for', async () => {
    const bad = Array.from({ length: 100 }, (_, i) => `bad-${i}.example.com`);
    let refusals = 0;
    manager.fault = ({ method, body }) => {
      tenant.nowMs += 300;
      if (method !== 'POST' || !body.toString('utf8').includes('"bad-')) return undefined;
      refusals++;
      return Response.json({ global_state: ['"alert" is not a valid choice.'] }, { status: 400 });
    };
    const startMs = tenant.nowMs;
    await tenant.configure(withManager({ actions: ['indicator'], indicators: [...bad, 'good.example.com'] }));
    await tenant.passTimeUntil(async () => (await tenant.lane(INDICATORS)).deadLettered === 1, 'it gives up');
    expect(refusals).toBe(100);
    expect(tenant.nowMs - startMs).toBeLessThan(5 * 60_000);
    expect(domains()).toEqual(['good.example.com']);
    expect(await tenant.lane(INDICATORS)).toMatchObject({ state: 'idle', parked: 0, undelivered: 0 });
    expect(await tenant.stub.deadLetters({ limit: 10 })).toMatchObject([
      { excerpt: expect.stringMatching(/^bad-0\.example\.com: global_state: "alert" is not/) as string },
    ]);
  });

  it('take the detections that ask for an indicator, and no other events', async () => {
    await tenant.configure(withManager({ indicators: [] }));
    await untilDelivered(INDICATORS, 1);
    await untilDelivered(RULES, 1);
    const receivedAt = new Date(tenant.nowMs).toISOString();
    const made = (id: string, changes: Partial<Detection>) =>
      detectionEvent(detectionForTest({ id, lastAt: receivedAt, ...changes }), {
        tenant: tenant.id,
        receivedAt,
      });
    await tenant.accept(
      ...tenant.events(3),
      made('asks-for-none', { platforms: ['poe'] }),
      made('runs-dry', { platforms: ['mistral'], respond: ['indicator'], dryRun: true }),
      made('asks', { respond: ['indicator'] }),
    );
    await untilDelivered(INDICATORS, 2);
    expect(domains()).toEqual(['perplexity.ai', 'www.perplexity.ai']);
    expect(await tenant.lane(RULES)).toMatchObject({ delivered: 1, undelivered: 0 });
  });
});
