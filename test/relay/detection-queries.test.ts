/** What operators are told of detections: pages of them, those of a user, and what became of what each asked for. */

import { describe, expect, it } from 'vitest';

import type { Actor } from '../../src/domain/principal.ts';
import type { DetectionFilter, DetectionsRequest, ResponseOutcome } from '../../src/domain/rule-views.ts';
import { askedWhileRemoved, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { EDR, HEC, Tenant, destination } from './tenant.ts';

const ACTOR: Actor = { by: 'token:t-1', requestId: 'req-1' };
const TYPE = 'interaction.policy_violated';
const DAY_MS = 86_400_000;

async function list(tenant: Tenant, filter: DetectionFilter = {}, more: Partial<DetectionsRequest> = {}) {
  const answer = await tenant.inside(async (relay) =>
    relay.detections({ v: 1, actor: ACTOR, filter, limit: 50, showsPersons: false, ...more }),
  );
  if (answer.kind !== 'detections') throw new Error(`Cannot list detections: ${answer.kind}`);
  return answer;
}

async function ids(tenant: Tenant, filter: DetectionFilter = {}): Promise<string[]> {
  const { detections } = await list(tenant, filter);
  return detections.map(({ detection }) => `${detection.ruleName} ${detection.eventIds.at(-1)}`);
}

async function explained(tenant: Tenant, showsPersons = false) {
  const [newest] = (await list(tenant)).detections;
  const answer = await tenant.inside(async (relay) =>
    relay.detection({ v: 1, actor: ACTOR, id: newest?.id ?? '', showsPersons }),
  );
  if (answer.kind !== 'detection') throw new Error(`Cannot explain: ${answer.kind}`);
  return answer;
}

/** `response outcome lane` of each. */
function short(responses: readonly ResponseOutcome[]): string[] {
  return responses.map(({ response, outcome, lane = '-' }) => `${response} ${outcome} ${lane}`);
}

async function audited(tenant: Tenant) {
  const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 50 }));
  return entries.filter(({ action }) => action === 'user.searched' || action === 'persons.shown');
}

/** Three detections of two rules, of two users. */
async function found(): Promise<Tenant> {
  const tenant = await Tenant.create(
    withRules([
      eachOf(TYPE, { name: 'loud', level: 'high', relay: { dry_run: true } }),
      eachOf('interaction.high_risk', { name: 'risky', level: 'critical' }),
    ]),
  );
  await tenant.accept(tenant.event('evt-1'));
  tenant.nowMs += 60_000;
  await tenant.accept(tenant.event('evt-2', { user: { id: 'user-2', email: 'bob@acme.fr' } }));
  tenant.nowMs += 60_000;
  await tenant.accept(tenant.event('evt-3', { type: 'interaction.high_risk' }));
  return tenant;
}

describe('a look at detections', () => {
  it.each(['list', 'one'] as const)(
    'while the tenant is removed is told that there is none: %s',
    async (what) => {
      const tenant = await found();
      const [newest] = (await list(tenant)).detections;
      const answer = await askedWhileRemoved(tenant, async (relay) => {
        const about = { v: 1, actor: ACTOR, showsPersons: true } as const;
        if (what === 'list') return relay.detections({ ...about, filter: {}, limit: 50 });
        return relay.detection({ ...about, id: newest?.id ?? '' });
      });
      expect(answer).toEqual({ kind: 'unknown_tenant' });
    },
  );
});

describe('a list of detections', () => {
  it('is newest first, page by page', async () => {
    const tenant = await found();
    expect(await ids(tenant)).toEqual(['risky evt-3', 'loud evt-2', 'loud evt-1']);
    const first = await list(tenant, {}, { limit: 2 });
    expect(first.detections).toHaveLength(2);
    const rest = await list(tenant, {}, { limit: 2, before: first.nextBefore ?? 0 });
    expect(rest.detections.map(({ detection }) => detection.eventIds)).toEqual([['evt-1']]);
    expect(rest.nextBefore).toBeUndefined();
  });

  it('passes every filter', async () => {
    const tenant = await found();
    const [newest] = (await list(tenant)).detections;
    await tenant.stub.judge({ v: 1, id: newest?.id ?? '', verdict: 'true_positive' });
    expect(await ids(tenant, { rule: 'risky' })).toEqual(['risky evt-3']);
    expect(await ids(tenant, { rule: newest?.detection.ruleId ?? '' })).toEqual(['risky evt-3']);
    expect(await ids(tenant, { level: 'high', dryRun: true })).toHaveLength(2);
    expect(await ids(tenant, { dryRun: false })).toEqual(['risky evt-3']);
    expect(await ids(tenant, { verdict: 'true_positive' })).toEqual(['risky evt-3']);
    expect(await ids(tenant, { verdict: 'none' })).toHaveLength(2);
    expect(await ids(tenant, { verdict: 'false_positive' })).toEqual([]);
    expect(await ids(tenant, { sinceMs: tenant.nowMs - 60_000, untilMs: tenant.nowMs })).toEqual([
      'loud evt-2',
    ]);
    expect((await list(tenant, { verdict: 'true_positive' })).detections[0]?.verdict).toBe('true_positive');
  });

  it('names nobody, not in what a rule groups by either, unless asked to, which is audited', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations({ over: 0 })]));
    await tenant.accept(tenant.event('of-user-1', { user: { id: 'user-1', email: 'alice@acme.fr' } }));
    const nameless = await list(tenant);
    expect(JSON.stringify(nameless)).not.toMatch(/user-1|alice/);
    const [view] = nameless.detections;
    expect(view?.detection.eventIds).toEqual(['…']);
    expect(view?.detection.groupKey).toBe(view?.user?.key);
    const events = await tenant.inside(async (relay) =>
      relay.events({ v: 1, filter: {}, limit: 9, showsPersons: false }),
    );
    expect(JSON.stringify(events)).not.toMatch(/user-1|alice/);
    expect(await audited(tenant)).toEqual([]);
    const named = await list(tenant, {}, { showsPersons: true });
    expect(named.detections[0]).toMatchObject({ user: { id: 'user-1' }, detection: { groupKey: 'user-1' } });
    expect(await audited(tenant)).toMatchObject([
      { action: 'persons.shown', by: 'token:t-1', detail: { what: 'detections', count: 1 } },
    ]);
  });

  it.each([{ id: 'user-2' }, { email: 'bob@acme.fr' }])(
    'finds those of the user %j, which is audited by their key',
    async (user) => {
      const tenant = await found();
      const { detections } = await list(tenant, {}, { user });
      expect(detections.map(({ detection }) => detection.eventIds)).toEqual([['evt-2']]);
      const [entry] = await audited(tenant);
      expect(entry).toMatchObject({ action: 'user.searched', detail: { key: expect.stringMatching(/^p_/) } });
      expect(JSON.stringify(entry)).not.toMatch(/user-2|bob/);
      const key = detections[0]?.user?.key ?? '';
      expect((await list(tenant, {}, { user: { key } })).detections).toHaveLength(1);
    },
  );

  it('shares the budget of all who look: too much of it is told to come later', async () => {
    const tenant = await found();
    const ask = async () =>
      tenant.inside(async (relay) => relay.detections({ v: 1, filter: {}, limit: 1, showsPersons: false }));
    await tenant.inside((_relay, { storage }) => {
      storage.sql.exec(
        `INSERT INTO detections (seq, id, at, rule, level, dry_run, body) WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 6999)
         SELECT i, 'det_' || i, 0, 'r', 'high', 0, (SELECT body FROM detections LIMIT 1) FROM n`,
      );
    });
    const kinds = await Promise.all(Array.from({ length: 11 }, ask));
    expect(kinds.map(({ kind }) => kind).filter((kind) => kind === 'busy')).toHaveLength(1);
  });
});

describe('an explained detection', () => {
  it('says of each response what became of it, where and why', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([
        eachOf(TYPE, {
          name: 'asks',
          level: 'high',
          relay: { respond: ['incident', 'alert', 'case', 'contain', 'notify'] },
        }),
      ])(document);
    });
    tenant.destinations.answer(EDR, ({ url }) =>
      url.endsWith('/alerts') ? new Response('no', { status: 400 }) : new Response('{}', { status: 202 }),
    );
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(
      async () => short((await explained(tenant)).responses).every((one) => !one.includes('waiting')),
      'everything is settled',
    );
    const { responses, lanes } = await explained(tenant);
    expect(short(responses)).toEqual([
      'case skipped -',
      'incident done edr/incidents',
      'alert failed edr/alerts',
      'indicator skipped -',
      'contain skipped -',
      'workflow skipped -',
      'notify skipped -',
    ]);
    const why = Object.fromEntries(responses.map((one) => [one.response, one.why]));
    expect(why['case']).toBe('No destination can do it: it takes a falcon destination with client_id.');
    expect(why['alert']).toMatch(/refused it for good.*Dead letter \d+\.$/);
    expect(why['indicator']).toBe('Its rule does not ask for it.');
    expect(lanes?.map(({ lane }) => lane)).toContain('falcon/events');
  });

  it('names the key that would grant what nobody is granted', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE, { relay: { respond: ['contain', 'incident'] } })])(document);
      destination('edr', { mode: 'both', actions: ['event'] })(document);
    });
    await tenant.accept(tenant.event('evt-1'));
    const { responses } = await explained(tenant);
    expect(responses.filter(({ why }) => why.includes('actions'))).toMatchObject([
      { response: 'incident', outcome: 'skipped', why: expect.stringContaining('destinations.edr.actions') },
      { response: 'contain', outcome: 'skipped', why: expect.stringContaining('add contain to') },
    ]);
  });

  it('says that nothing is done for a rule that runs dry', async () => {
    const tenant = await Tenant.create(
      withRules([eachOf(TYPE, { relay: { dry_run: true, respond: ['incident'] } })]),
    );
    await tenant.accept(tenant.event('evt-1'));
    const { responses } = await explained(tenant);
    expect(responses[1]).toMatchObject({
      response: 'incident',
      outcome: 'skipped',
      why: expect.stringContaining('dry_run'),
    });
  });

  it('says that a paused destination waits', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE, { relay: { respond: ['incident'] } })])(document);
      destination('edr', { enabled: false })(document);
    });
    await tenant.accept(tenant.event('evt-1'));
    expect(short((await explained(tenant)).responses)).toContain('incident waiting edr/incidents');
  });

  it('outlives the log, and says what is not known any more', async () => {
    const tenant = await Tenant.create((document) => {
      withRules([eachOf(TYPE, { relay: { respond: ['incident'] } })])(document);
      document['retention'] = { events: 1, detections: 30 };
    });
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 2);
    const before = await explained(tenant);
    for (let day = 0; day < 4; day++) {
      tenant.nowMs += DAY_MS;
      await tenant.accept(tenant.event(`later-${day}`, { type: 'alert.severity_high' }));
      await tenant.alarm();
    }
    await tenant.until(
      async () => (await explained(tenant)).lanes === undefined,
      'the log has dropped the detection',
    );
    const { responses, detection } = await explained(tenant);
    expect(detection.id).toBe(before.detection.id);
    expect(responses[1]).toMatchObject({
      response: 'incident',
      outcome: 'unknown',
      why: expect.stringContaining('retention.events'),
    });
  });

  it('is audited when it names somebody', async () => {
    const tenant = await found();
    expect(JSON.stringify(await explained(tenant))).not.toContain('user-1');
    expect(JSON.stringify(await explained(tenant, true))).toContain('user-1');
    expect(await audited(tenant)).toMatchObject([
      { action: 'persons.shown', detail: { detectionId: expect.stringMatching(/^det_/) } },
    ]);
  });

  it('is not there for an id of nothing, nor for an event of Noxys', async () => {
    const tenant = await found();
    for (const id of ['det_nosuch', 'evt-1'])
      expect(
        await tenant.inside(async (relay) => relay.detection({ v: 1, id, showsPersons: false })),
      ).toEqual({
        kind: 'not_found',
      });
    expect(await rowsOf(tenant, 'SELECT id FROM detections')).toHaveLength(3);
  });
});
