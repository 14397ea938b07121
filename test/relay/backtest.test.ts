/** Rules run over what is stored: what they would have found, step by step, while the tenant goes on. */

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { BacktestReport, BacktestRequest } from '../../src/domain/rule-views.ts';
import type { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { askedWhileRemoved, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { EDR, Tenant } from './tenant.ts';

const TYPE = 'interaction.policy_violated';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

type Asked = Partial<Omit<BacktestRequest, 'v'>>;

async function ask(tenant: Tenant, request: Asked = {}) {
  return tenant.inside(async (relay) => relay.backtest({ v: 1, showsPersons: false, ...request }));
}

async function step(tenant: Tenant, request: Asked = {}): Promise<BacktestReport> {
  const answer = await ask(tenant, request);
  if (answer.kind !== 'backtest') throw new Error(`Cannot run: ${JSON.stringify(answer)}`);
  return answer;
}

async function violate(tenant: Tenant, count: number, user: string, prefix = user): Promise<void> {
  await tenant.accept(
    ...Array.from({ length: count }, (_, i) => tenant.event(`${prefix}-${i + 1}`, { user: { id: user } })),
  );
}

/** Makes the log long, at once: by entries like its newest one. */
async function grow(
  tenant: Tenant,
  rows: number,
  changes: (seq: number) => Partial<CanonicalEvent> = () => ({}),
): Promise<void> {
  await tenant.inside((relay: TenantRelay, { storage }) => {
    const newest = storage.sql
      .exec<{ n: number; seq: number }>(
        'SELECT (SELECT MAX(n) FROM periods) AS n, MAX(seq) AS seq FROM events_1',
      )
      .one();
    storage.transactionSync(() => {
      for (let seq = newest.seq + 1; seq <= newest.seq + rows; seq++) {
        const body = JSON.stringify(tenant.event(`grown-${seq}`, changes(seq)));
        storage.sql.exec(`INSERT INTO events_${newest.n} (seq, body) VALUES (?, ?)`, seq, body);
      }
    });
    relay.load();
  });
}

describe('a run over what is stored', () => {
  it('finds what the rule would have found, by day and user, and records nothing', async () => {
    const tenant = await Tenant.create();
    await violate(tenant, 6, 'user-1', 'first');
    await violate(tenant, 3, 'user-2');
    tenant.nowMs += DAY_MS;
    await violate(tenant, 7, 'user-1', 'next');
    const report = await step(tenant, { text: repeatedViolations() });
    expect(report).toMatchObject({
      isComplete: true,
      scanned: 16,
      total: 16,
      forgottenWindows: 0,
      rules: [
        {
          rule: 'repeated_violations',
          hits: 2,
          perDay: { '2096-11-22': 1, '2096-11-23': 1 },
          topUsers: [{ user: expect.stringMatching(/^p_/), hits: 2 }],
          markedTrue: 0,
          failures: 0,
          samples: [
            { eventId: 'next-6', count: 6 },
            { eventId: 'first-6', count: 6 },
          ],
        },
      ],
    });
    expect(JSON.stringify(report.rules[0]?.topUsers)).not.toContain('user-1');
    expect(await rowsOf(tenant, 'SELECT * FROM detections')).toEqual([]);
    expect(await rowsOf(tenant, 'SELECT * FROM windows_0')).toEqual([]);
  });

  it('shows the newest hits by the time of the event, however they came', async () => {
    const tenant = await Tenant.create();
    const agesMinutes = [3, 1, 6, 2, 5, 4];
    await tenant.accept(
      ...agesMinutes.map((age) =>
        tenant.event(`${age}-ago`, { occurredAt: new Date(tenant.nowMs - age * MINUTE_MS).toISOString() }),
      ),
    );
    const [rule] = (await step(tenant, { text: eachOf(TYPE) })).rules;
    expect(rule?.hits).toBe(6);
    expect(rule?.samples.map(({ eventId }) => eventId)).toEqual([1, 2, 3, 4, 5].map((age) => `${age}-ago`));
  });

  it('agrees with what the rule found as the events came', async () => {
    const text = repeatedViolations({ over: 2, timespan: '30m' });
    const tenant = await Tenant.create(withRules([text]));
    for (let i = 0; i < 40; i++) {
      tenant.nowMs += (i % 7) * MINUTE_MS;
      await tenant.accept(tenant.event(`evt-${i}`, { user: { id: `user-${i % 3}` } }));
    }
    const live = await rowsOf(tenant, 'SELECT * FROM detections');
    expect(live.length).toBeGreaterThan(1);
    expect((await step(tenant, { rule: 'repeated_violations' })).rules[0]?.hits).toBe(live.length);
  });

  it('takes a week by default, another time when asked, and counts what came just before in windows alone', async () => {
    const tenant = await Tenant.create();
    await violate(tenant, 5, 'user-1', 'old');
    tenant.nowMs += 30 * MINUTE_MS;
    const sinceMs = tenant.nowMs;
    await violate(tenant, 1, 'user-1', 'sixth');
    const text = repeatedViolations();
    expect((await step(tenant, { text, sinceMs })).rules[0]).toMatchObject({
      hits: 1,
      samples: [{ count: 6 }],
    });
    expect((await step(tenant, { text, untilMs: sinceMs })).rules[0]?.hits).toBe(0);
    expect((await step(tenant, { text: eachOf(TYPE), sinceMs })).rules[0]?.hits).toBe(1);
    tenant.nowMs += 7 * DAY_MS + MINUTE_MS;
    expect((await step(tenant, { text })).rules[0]?.hits).toBe(0);
  });

  it('runs a rule that is off when it is asked for, and else those that are on', async () => {
    const tenant = await Tenant.create(
      withRules([eachOf(TYPE, { name: 'off' }), eachOf(TYPE, { name: 'on' })], {
        overrides: { off: { enabled: false } },
      }),
    );
    await violate(tenant, 2, 'user-1');
    const named = async (request: Asked) =>
      (await step(tenant, request)).rules.map(({ rule, hits }) => `${rule} ${hits}`);
    expect(await named({ rule: 'off' })).toEqual(['off 2']);
    expect(await named({})).toEqual(['on 2']);
    expect(await ask(tenant, { rule: 'nosuch' })).toEqual({ kind: 'not_found' });
    expect(await ask(tenant, { text: 'title: x' })).toMatchObject({ kind: 'text_refused' });
  });

  it('counts hits that were marked when the rule of the same name found them', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE, { name: 'each' })]));
    await violate(tenant, 3, 'user-1');
    const [first, second] = await rowsOf<{ id: string }>(tenant, 'SELECT id FROM detections ORDER BY seq');
    await tenant.stub.judge({ v: 1, id: first?.id ?? '', verdict: 'false_positive' });
    await tenant.stub.judge({ v: 1, id: second?.id ?? '', verdict: 'true_positive' });
    const marks = { hits: 3, markedFalse: 1, markedTrue: 1 };
    expect((await step(tenant, { rule: 'each' })).rules[0]).toMatchObject(marks);
    expect(
      (await step(tenant, { text: eachOf(TYPE, { name: 'each', level: 'low' }) })).rules[0],
    ).toMatchObject(marks);
    expect((await step(tenant, { text: eachOf(TYPE, { name: 'other' }) })).rules[0]).toMatchObject({
      hits: 3,
      markedFalse: 0,
    });
  });

  it('forgets the window that was written longest ago when there are too many, and says so', async () => {
    const tenant = await Tenant.create();
    await violate(tenant, 1, 'first');
    await grow(tenant, 20_000, (seq) => ({ user: { id: `other-${seq}` } }));
    await tenant.takeOver();
    await tenant.accept(tenant.event('again', { user: { id: 'first' } }));
    const text = repeatedViolations({ over: 1 });
    const { job } = await step(tenant, { text });
    expect(await step(tenant, { job })).toMatchObject({
      isComplete: true,
      forgottenWindows: 2,
      rules: [{ hits: 0 }],
    });
  });

  it('names users once it is complete and they are asked for, which is audited', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE, { name: 'each' })]));
    await violate(tenant, 2, 'user-1');
    const report = await step(tenant, { showsPersons: true });
    expect(report.rules[0]?.topUsers).toEqual([{ user: 'user-1', hits: 2 }]);
    const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 10 }));
    expect(entries[0]).toMatchObject({ action: 'persons.shown', detail: { what: 'backtest', count: 1 } });
  });
});

describe('a long run', () => {
  it('goes on step by step to where the log ended when it began, and events come in between', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await grow(tenant, 44_999);
    await tenant.takeOver();
    const first = await step(tenant, { text: eachOf(TYPE) });
    expect(first).toMatchObject({ isComplete: false, scanned: 20_000, total: 45_000 });
    expect(await tenant.accept(tenant.event('evt-new'))).toMatchObject({ accepted: 1 });
    await tenant.until(() => tenant.destinations.ids(EDR).length > 0, 'delivery goes on');
    tenant.nowMs += MINUTE_MS;
    const second = await step(tenant, { job: first.job });
    expect(second).toMatchObject({ isComplete: false, scanned: 40_000, total: 45_000 });
    const third = await step(tenant, { job: first.job });
    expect(third).toMatchObject({ isComplete: true, scanned: 45_000, rules: [{ hits: 45_000 }] });
    expect(tenant.slept.filter((ms) => ms === 0).length).toBeGreaterThanOrEqual(9);
  });

  it('of rules that count takes shorter turns, as each of its events costs more', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await grow(tenant, 9_999, (seq) => ({ user: { id: `user-${seq}` } }));
    await tenant.takeOver();
    await step(tenant, { text: repeatedViolations() });
    expect(tenant.slept.filter((ms) => ms === 0).length).toBeGreaterThanOrEqual(10);
  });

  it('is told to come later once the budget of all who look is used up, and not lost by that', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await grow(tenant, 59_999);
    await tenant.takeOver();
    const { job } = await step(tenant, { text: eachOf(TYPE) });
    await step(tenant, { job });
    expect(await step(tenant, { job })).toMatchObject({ scanned: 50_000 });
    expect(await ask(tenant, { job })).toEqual({ kind: 'busy', retryAfterSeconds: 1 });
    tenant.nowMs += 2_000;
    expect(await step(tenant, { job })).toMatchObject({ isComplete: true });
  });

  it('is lost when nobody asks for ten minutes, when the object starts anew, and where there never was one', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await violate(tenant, 1, 'user-1');
    const idle = await step(tenant);
    tenant.nowMs += 9 * MINUTE_MS;
    expect(await step(tenant, { job: idle.job })).toMatchObject({ isComplete: true });
    tenant.nowMs += 11 * MINUTE_MS;
    expect(await ask(tenant, { job: idle.job })).toEqual({ kind: 'job_lost' });
    const { job } = await step(tenant);
    await tenant.evict();
    expect(await ask(tenant, { job })).toEqual({ kind: 'job_lost' });
    expect(await ask(tenant, { job: 'nosuch' })).toEqual({ kind: 'job_lost' });
  });

  it('is one of four at most; one that is complete makes room', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await grow(tenant, 20_999);
    await tenant.takeOver();
    const text = eachOf(TYPE);
    const jobs: string[] = [];
    for (let i = 0; i < 4; i++) {
      jobs.push((await step(tenant, { text })).job);
      tenant.nowMs += MINUTE_MS;
    }
    expect(await ask(tenant, { text })).toEqual({ kind: 'busy', retryAfterSeconds: 60 });
    expect(await step(tenant, { job: jobs[0] ?? '' })).toMatchObject({ isComplete: true });
    expect(await step(tenant, { text })).toMatchObject({ isComplete: false });
    expect(await ask(tenant, { job: jobs[0] ?? '' })).toEqual({ kind: 'job_lost' });
  });

  it('ends with its tenant', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await violate(tenant, 1, 'user-1');
    await tenant.retire();
    expect(await ask(tenant)).toEqual({ kind: 'unknown_tenant' });
  });

  it('is told so when the tenant is removed while it runs', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await violate(tenant, 3, 'user-1');
    const answer = await askedWhileRemoved(tenant, async (relay) =>
      relay.backtest({ v: 1, showsPersons: true }),
    );
    expect(answer).toEqual({ kind: 'unknown_tenant' });
  });
});
