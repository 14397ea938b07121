/** Digests: one entry of the log when it is due by the tenant's clocks, with what its hours hold, whatever restarts or sleeps. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { TOLD, digestEntries, teller, withTellers } from './own-entries.ts';
import { EDR, START_MS, Tenant, readConfig } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** 22 November 2096, a Thursday, 09:00 in Paris. */
const DAILY = { daily: '08:00', weekly: 'off', time_zone: 'Europe/Paris' };
const telling = (digest: Record<string, unknown> = DAILY, keys: Record<string, unknown> = {}) =>
  withTellers([teller()], { digest, ...keys });

const iso = (ms: number) => new Date(ms).toISOString();
const spans = async (tenant: Tenant) =>
  (await digestEntries(tenant)).map(({ digest }) => `${digest.period} ${digest.from} ${digest.to}`);

/** The alarm fires at this time. */
async function wakeAt(tenant: Tenant, atMs: number): Promise<void> {
  tenant.nowMs = atMs;
  await tenant.alarm();
}

/** Time passes from alarm to alarm until there is one digest more: when it was made. */
async function nextMadeAt(tenant: Tenant): Promise<string | undefined> {
  const { length } = await digestEntries(tenant);
  const isThere = async () => (await digestEntries(tenant)).length > length;
  await tenant.passTimeUntil(isThere, 'there is one more', 2_000);
  return (await digestEntries(tenant)).at(-1)?.occurredAt;
}

const at = (text: string) => Date.parse(text);

describe('a digest', () => {
  it('is not made for a time before the config was saved, but for the next, once', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, START_MS + MINUTE_MS);
    expect(await spans(tenant)).toEqual([]);
    await wakeAt(tenant, at('2096-11-23T06:59:59Z'));
    expect(await spans(tenant)).toEqual([]);
    expect(await tenant.alarmAtMs()).toBe(at('2096-11-23T07:00:00Z'));
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    await wakeAt(tenant, at('2096-11-23T07:05:00Z'));
    expect(await digestEntries(tenant)).toMatchObject([
      {
        id: `digest-daily-${at('2096-11-23T07:00:00Z')}`,
        tenant: tenant.id,
        severity: 'informational',
        digest: { period: 'daily', timeZone: 'Europe/Paris' },
      },
    ]);
    expect(await spans(tenant)).toEqual(['daily 2096-11-22T07:00:00.000Z 2096-11-23T07:00:00.000Z']);
  });

  it('comes once a day and once a week, each with its own hours, without a gap', async () => {
    const tenant = await Tenant.create(telling({ ...DAILY, weekly: 'saturday' }));
    for (let day = 1; day <= 10; day++) await wakeAt(tenant, START_MS - HOUR_MS + day * DAY_MS);
    const all = await digestEntries(tenant);
    const daily = all.filter(({ digest }) => digest.period === 'daily');
    expect(daily).toHaveLength(10);
    daily.slice(1).forEach(({ digest }, n) => expect(digest.from).toBe(daily[n]?.digest.to));
    const weekly = all.filter(({ digest }) => digest.period === 'weekly').map(({ digest }) => digest);
    expect(weekly.map(({ from, to }) => [from, to])).toEqual([
      ['2096-11-17T07:00:00.000Z', '2096-11-24T07:00:00.000Z'],
      ['2096-11-24T07:00:00.000Z', '2096-12-01T07:00:00.000Z'],
    ]);
  });

  it('is made once whatever restarts, at its time or right after it', async () => {
    const tenant = await Tenant.create(telling());
    await tenant.evict();
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    await tenant.crash();
    await wakeAt(tenant, at('2096-11-23T07:00:01Z'));
    await tenant.evict();
    await wakeAt(tenant, at('2096-11-23T07:00:30Z'));
    expect(await spans(tenant)).toHaveLength(1);
    expect(await nextMadeAt(tenant)).toBe('2096-11-24T07:00:00.000Z');
  });

  it('comes late where the alarm does, one for all that was slept through, from where the last one ended', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    await wakeAt(tenant, at('2096-11-26T15:20:00Z'));
    expect((await spans(tenant)).slice(1)).toEqual([
      'daily 2096-11-23T07:00:00.000Z 2096-11-26T07:00:00.000Z',
    ]);
    await wakeAt(tenant, at('2096-12-20T06:00:00Z'));
    // Eight days at most.
    expect((await spans(tenant)).slice(2)).toEqual([
      'daily 2096-12-11T07:00:00.000Z 2096-12-19T07:00:00.000Z',
    ]);
  });

  it.each([
    ['leap over', '2097-03-30T02:00:00Z', '2097-03-31T01:00:00.000Z', '2097-04-01T00:30:00.000Z'],
    ['show twice', '2097-10-26T02:00:00Z', '2097-10-27T00:30:00.000Z', '2097-10-28T01:30:00.000Z'],
  ])('is due once on the day on which the clocks %s its time', async (_what, before, onTheDay, theNext) => {
    const tenant = await Tenant.create();
    tenant.nowMs = at(before);
    await tenant.configure(telling({ ...DAILY, daily: '02:30' }));
    expect(await nextMadeAt(tenant)).toBe(onTheDay);
    expect(await nextMadeAt(tenant)).toBe(theNext);
    expect(await spans(tenant)).toHaveLength(2);
  });

  it('spans whole hours where its time is within one', async () => {
    const tenant = await Tenant.create(telling({ ...DAILY, time_zone: 'Asia/Kolkata' }));
    await wakeAt(tenant, at('2096-11-23T02:30:00Z'));
    expect(await spans(tenant)).toEqual(['daily 2096-11-22T02:00:00.000Z 2096-11-23T02:00:00.000Z']);
  });

  it('is tried again where it could not be written', async () => {
    const tenant = await Tenant.create(telling());
    const sql = async (text: string) =>
      tenant.inside((_relay, { storage }) => void storage.sql.exec(text).toArray());
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await wakeAt(tenant, START_MS + 2 * MINUTE_MS);
    await sql(
      "CREATE TRIGGER full BEFORE INSERT ON meta WHEN NEW.key = 'digest_daily_to' BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    expect(await digestEntries(tenant)).toEqual([]);
    const alarmAtMs = (await tenant.alarmAtMs()) ?? 0;
    // Soon, and never at once: the alarm must not spin.
    expect(alarmAtMs - tenant.nowMs).toBeGreaterThan(0);
    expect(alarmAtMs - tenant.nowMs).toBeLessThanOrEqual(5_000);
    await sql('DROP TRIGGER full');
    await wakeAt(tenant, alarmAtMs);
    expect(await spans(tenant)).toEqual(['daily 2096-11-22T07:00:00.000Z 2096-11-23T07:00:00.000Z']);
  });

  it('comes again after a clock has gone back', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, at('2097-11-23T07:00:00Z'));
    expect(await spans(tenant)).toHaveLength(1);
    await wakeAt(tenant, at('2096-11-23T06:00:00Z'));
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    expect((await spans(tenant))[1]).toBe('daily 2096-11-22T07:00:00.000Z 2096-11-23T07:00:00.000Z');
  });
});

describe('a config that is changed', () => {
  it('is followed from its save on: a time that has passed is not made up for', async () => {
    const tenant = await Tenant.create(telling());
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    tenant.nowMs = at('2096-11-23T10:00:00Z');
    await tenant.configure(telling({ ...DAILY, daily: '10:00' }));
    await wakeAt(tenant, at('2096-11-23T10:01:00Z'));
    expect(await spans(tenant)).toHaveLength(1);
    expect(await nextMadeAt(tenant)).toBe('2096-11-24T09:00:00.000Z');
    // The hours go on from where they ended.
    expect((await spans(tenant))[1]).toBe('daily 2096-11-23T07:00:00.000Z 2096-11-24T09:00:00.000Z');
  });

  it('that says the same of digests changes nothing of them', async () => {
    const tenant = await Tenant.create(telling());
    tenant.nowMs = at('2096-11-23T07:00:30Z');
    await tenant.configure(telling(DAILY, { language: 'fr' }));
    expect(await spans(tenant)).toHaveLength(1);
  });

  it.each<[string, (tenant: Tenant) => Promise<unknown>]>([
    ['other times', async (tenant) => tenant.configure(telling({ ...DAILY, daily: '20:00' }))],
    ['no digests', async (tenant) => tenant.configure(telling({ ...DAILY, daily: 'off' }))],
    ['no lane for them', async (tenant) => tenant.configure(() => undefined)],
    ['a pause of the only such lane', async (tenant) => tenant.stub.pause({ v: 1, destination: 'soc' })],
  ])('to %s between the time of a digest and a late alarm leaves none out', async (_what, change) => {
    const tenant = await Tenant.create(telling());
    tenant.nowMs = at('2096-11-23T07:00:30Z');
    await change(tenant);
    expect(await spans(tenant)).toEqual(['daily 2096-11-22T07:00:00.000Z 2096-11-23T07:00:00.000Z']);
  });

  it('is saved where a digest that is due can not be written', async () => {
    const tenant = await Tenant.create(telling());
    const sql = async (text: string) =>
      tenant.inside((_relay, { storage }) => void storage.sql.exec(text).toArray());
    await sql("CREATE TRIGGER full BEFORE INSERT ON digests BEGIN SELECT RAISE(ABORT, 'full'); END");
    tenant.nowMs = at('2096-11-23T07:00:30Z');
    await tenant.configure(telling({ ...DAILY, daily: '20:00' }));
    expect(await spans(tenant)).toEqual([]);
    expect((await readConfig(tenant.stub))?.config.digest.daily).toBe('20:00');
    await sql('DROP TRIGGER full');
    expect(await nextMadeAt(tenant)).toBe('2096-11-23T19:00:00.000Z');
  });

  it('without a lane that takes digests, or with none asked for, has no alarm for one, and no digest', async () => {
    const without = [
      undefined,
      telling({ ...DAILY, daily: 'off' }),
      withTellers([teller('soc', { messages: { digests: false } })], { digest: DAILY }),
      withTellers([teller('soc', { enabled: false })], { digest: DAILY }),
    ];
    for (const change of without) {
      const tenant = await Tenant.create(change);
      await wakeAt(tenant, START_MS + MINUTE_MS);
      // What is left is the end of the audit's retention.
      expect(await tenant.alarmAtMs()).toBeGreaterThan(START_MS + 300 * 24 * 60 * MINUTE_MS);
      await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
      expect(await digestEntries(tenant)).toEqual([]);
    }
  });

  it('that lets the only such lane go on again makes up for no time that it was away', async () => {
    const tenant = await Tenant.create(telling());
    await tenant.stub.pause({ v: 1, destination: 'soc' });
    await wakeAt(tenant, at('2096-11-25T12:00:00Z'));
    await tenant.stub.resume({ v: 1, destination: 'soc', from: 'backlog' });
    await wakeAt(tenant, at('2096-11-25T12:01:00Z'));
    expect(await spans(tenant)).toEqual([]);
    await wakeAt(tenant, at('2096-11-26T07:00:00Z'));
    expect(await spans(tenant)).toHaveLength(1);
  });
});

describe('what a digest tells', () => {
  const detected = (tenant: Tenant, id: string, changes: Parameters<typeof detectionForTest>[0] = {}) => {
    const lastAt = iso(tenant.nowMs);
    return detectionEvent(detectionForTest({ id, lastAt, ...changes }), {
      tenant: tenant.id,
      receivedAt: lastAt,
    });
  };

  it('is what its hours hold, and what those before them held: of what is not rolled up yet, too', async () => {
    const tenant = await Tenant.create(telling(DAILY, { limits: { events_per_minute: 600, burst: 100 } }));
    tenant.nowMs = at('2096-11-23T06:00:00Z');
    await tenant.accept(...tenant.events(2));
    await wakeAt(tenant, at('2096-11-23T07:00:00Z'));
    tenant.nowMs = at('2096-11-24T06:59:30Z');
    tenant.destinations.answer(EDR, () => new Response(null, { status: 401 }));
    await tenant.accept(
      tenant.event('evt-10', { severity: 'critical', classifications: ['IBAN', 'EMAIL'] }),
      tenant.event('evt-11', { platform: { id: 'grok', name: 'Grok' }, policy: { decision: 'coach' } }),
      detected(tenant, 'det-1'),
      detected(tenant, 'det-2'),
      detected(tenant, 'det-3', { level: 'high', ruleName: 'a rule of two words' }),
      detected(tenant, 'det-4', { dryRun: true, level: 'critical' }),
    );
    await tenant.accept(...tenant.events(100, 20));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).state === 'blocked',
      'the lane is blocked',
    );
    await wakeAt(tenant, at('2096-11-24T07:00:00Z'));
    const [first, second] = await digestEntries(tenant);
    expect(first?.digest.totals).toMatchObject({ events: 2, byPlatform: { perplexity: 2 } });
    expect(first?.digest.before).toMatchObject({ events: 0, byLevel: {}, detections: [] });
    expect(second?.digest).toMatchObject({
      totals: {
        events: 2,
        limited: 100,
        byLevel: { critical: 1, high: 1 },
        byDecision: { block: 1, coach: 1 },
        byPlatform: { perplexity: 1, grok: 1 },
        byClassification: { IBAN: 1, EMAIL: 2 },
        detections: [
          { level: 'high', rule: 'a rule of two words', count: 1 },
          { level: 'medium', rule: 'noxys_hl3_repeated_violations', count: 2 },
        ],
      },
      before: { events: 2, limited: 0 },
      notices: { inbound_limited: 1, lane_blocked: expect.any(Number) },
    });
    expect(second?.digest.blockedLanes).toContain('edr/events');
    expect(JSON.stringify(second)).not.toContain('user-');
  });

  it('reaches people, once', async () => {
    const tenant = await Tenant.create(telling());
    await nextMadeAt(tenant);
    await tenant.until(async () => (await tenant.lane('soc/messages')).delivered === 1, 'it is told');
    await tenant.alarm();
    expect(tenant.destinations.sent.filter(({ url }) => url.startsWith(TOLD))).toHaveLength(1);
  });

  it('comes from the roll-ups where the events are gone, and from what is left of those', async () => {
    const weekly = { daily: 'off', weekly: 'friday', time_zone: 'UTC' };
    for (const [rollups, counted] of [
      [30, 6],
      [2, 2],
    ]) {
      const tenant = await Tenant.create(telling(weekly, { retention: { events: 1, rollups } }));
      for (let day = 0; day < 6; day++) {
        tenant.nowMs = at('2096-11-23T10:00:00Z') + day * DAY_MS + (day > 0 ? DAY_MS : 0);
        await tenant.accept(tenant.event(`evt-${day}`));
        await tenant.untilTaken(EDR, day + 1);
        await wakeAt(tenant, tenant.nowMs + 2 * MINUTE_MS);
      }
      await wakeAt(tenant, at('2096-11-30T08:00:00Z'));
      const last = (await digestEntries(tenant)).at(-1);
      expect(last?.digest).toMatchObject({ to: '2096-11-30T08:00:00.000Z', totals: { events: counted } });
      const ids = await tenant.inside(async (relay) =>
        relay.events({ v: 1, limit: 50, filter: {}, showsPersons: false }),
      );
      expect(ids.kind === 'events' && ids.events.map(({ id }) => id)).not.toContain('evt-0');
    }
  });
});
