/** A notice is an entry of the log for the lanes that tell people: when it is made, when it is not, and that it counts as no event. */

import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { TOLD, logOf, metaOf, noticeEntries, teller, withTellers } from './own-entries.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const NO_DIGEST = { daily: 'off', weekly: 'off' };
const refusing = () => new Response(null, { status: 401 });
const isBlocked = async (tenant: Tenant, lane: string) => (await tenant.lane(lane)).state === 'blocked';
const kinds = async (tenant: Tenant) =>
  (await noticeEntries(tenant)).map(({ notice }) => `${notice.kind} ${notice.lane ?? ''}`.trim());
const findings = async (tenant: Tenant, lane?: string) =>
  (await tenant.stub.notices({ limit: 200 })).filter((notice) => !lane || notice.lane === lane).toReversed();

function critical(tenant: Tenant, id: string) {
  const lastAt = new Date(tenant.nowMs).toISOString();
  return detectionEvent(detectionForTest({ id, level: 'critical', lastAt, user: { id } }), {
    tenant: tenant.id,
    receivedAt: lastAt,
  });
}

async function withBlockedEdr(
  change: (document: Record<string, unknown>) => void,
  tellersAnswer?: () => Response,
): Promise<Tenant> {
  const tenant = await Tenant.create(change);
  if (tellersAnswer) tenant.destinations.answer(TOLD, tellersAnswer);
  tenant.destinations.answer(EDR, refusing);
  await tenant.accept(...tenant.events(3));
  await tenant.until(async () => isBlocked(tenant, 'edr/events'), 'the lane is blocked');
  await tenant.untilTaken(HEC, 3);
  return tenant;
}

describe('a notice that a lane takes', () => {
  it('is one entry of the log, with the facts, the level and an id of its own', async () => {
    const tenant = await withBlockedEdr(withTellers([teller()]));
    expect(await noticeEntries(tenant)).toMatchObject([
      {
        id: `notice-1-${tenant.nowMs}`,
        tenant: tenant.id,
        severity: 'high',
        notice: { kind: 'lane_blocked', lane: 'edr/events', detail: 'unauthorized, HTTP 401' },
      },
    ]);
    expect(await findings(tenant, 'edr/events')).toMatchObject([{ id: 1, kind: 'lane_blocked' }]);
  });

  it('starts its lane, and arms the alarm', async () => {
    const tenant = await Tenant.create(withTellers([teller()]));
    await tenant.accept(...tenant.events(1));
    await tenant.untilTaken(EDR, 1);
    await tenant.passTimeUntil(async () => (await metaOf(tenant))['rolled_up_seq'] === 1, 'it is rolled up');
    tenant.destinations.answer(EDR, () => new Response(null, { status: 422 }));
    await tenant.accept(tenant.event('evt-2'));
    await tenant.until(async () => (await noticeEntries(tenant)).length === 1, 'the entry is there');
    expect(await tenant.alarmAtMs()).toBeLessThanOrEqual(tenant.nowMs + 5_000);
    // Everybody else passes it by, as far as the log goes.
    await tenant.until(
      async () => (await tenant.lane('falcon/events')).undelivered === 0,
      'HEC passed it by',
    );
    expect(tenant.destinations.ids(HEC)).toEqual(['evt-1', 'evt-2']);
  });

  it('says that the lane delivers again, as no alarm', async () => {
    const tenant = await withBlockedEdr(withTellers([teller()]));
    tenant.destinations.answer(EDR, () => new Response('{}', { status: 202 }));
    await tenant.configure(withTellers([teller()]));
    await tenant.untilTaken(EDR, 3);
    await tenant.until(async () => (await kinds(tenant)).length === 2, 'its end is told');
    expect((await noticeEntries(tenant))[1]).toMatchObject({
      severity: 'informational',
      notice: { kind: 'lane_recovered', lane: 'edr/events' },
    });
  });

  it('tells of webhooks that were refused, and of all of them when the hour is over', async () => {
    const tenant = await Tenant.create(
      withTellers([teller()], { limits: { events_per_minute: 600, burst: 100 } }),
    );
    await tenant.accept(...tenant.events(100));
    await tenant.accept(...tenant.events(50, 101));
    await tenant.accept(...tenant.events(60, 101));
    await tenant.passTimeUntil(
      async () => (await noticeEntries(tenant)).length === 2,
      'the rest is told',
      900,
    );
    const [first, second] = await noticeEntries(tenant);
    expect(first).toMatchObject({ severity: 'medium', notice: { kind: 'inbound_limited', count: 50 } });
    expect(second?.notice.count).toBe(60);
    expect(first?.notice).not.toHaveProperty('lane');
  });

  it('is made once, whatever restarts: a crash repeats neither the row nor the entry', async () => {
    const tenant = await withBlockedEdr(withTellers([teller()]));
    await tenant.crash();
    tenant.nowMs += 16 * MINUTE_MS;
    await tenant.alarm();
    await scheduler.wait(20);
    expect(await kinds(tenant)).toEqual(['lane_blocked edr/events']);
    expect(await findings(tenant, 'edr/events')).toHaveLength(1);
  });

  it.each([
    ['findings', 'INSERT ON findings'],
    ['the log', "INSERT ON events_1 WHEN NEW.body LIKE '%relay.notice%'"],
  ])(
    'stands nowhere where it cannot be written to %s, and what it is about goes on',
    async (_place, when) => {
      const tenant = await Tenant.create(withTellers([teller()]));
      await tenant.accept(tenant.event('evt-1'));
      await tenant.untilTaken(EDR, 1);
      const sql = async (text: string) =>
        tenant.inside((_relay, { storage }) => void storage.sql.exec(text).toArray());
      await sql(`CREATE TRIGGER full BEFORE ${when} BEGIN SELECT RAISE(ABORT, 'full'); END`);
      tenant.destinations.answer(EDR, refusing);
      await tenant.accept(tenant.event('evt-2'));
      await tenant.until(async () => isBlocked(tenant, 'edr/events'), 'the lane is blocked');
      await sql('DROP TRIGGER full');
      expect(await findings(tenant)).toEqual([]);
      // What was appended in vain has taken no place in the log.
      await tenant.accept(tenant.event('evt-3'));
      await tenant.untilTaken(HEC, 3);
      expect((await logOf(tenant)).map(({ id }) => id)).toEqual(['evt-1', 'evt-2', 'evt-3']);
      expect(tenant.destinations.ids(HEC)).toEqual(['evt-1', 'evt-2', 'evt-3']);
      expect(await tenant.stub.health()).toMatchObject({ eventsAccepted: 3 });
    },
  );

  it('reaches people once, in their language, and nobody who wants none', async () => {
    const tellers = [teller('soc'), teller('calm', { messages: { notices: false } })];
    const tenant = await withBlockedEdr(withTellers(tellers, { language: 'fr' }));
    await tenant.until(async () => (await tenant.lane('soc/messages')).delivered === 1, 'it is told');
    for (let n = 0; n < 3; n++) await tenant.alarm();
    const told = tenant.destinations.sent.filter(({ url }) => url.startsWith(TOLD));
    expect(told.map(({ url }) => url)).toEqual([`${TOLD}/soc`]);
    expect(told[0]?.body).toContain('edr/events est bloqué');
  });
});

describe('a notice that no lane takes', () => {
  it.each([
    ['there is none that tells people', () => undefined],
    ['its destination wants no notices', withTellers([teller('soc', { messages: { notices: false } })])],
    ['its destination is disabled', withTellers([teller('soc', { enabled: false })])],
  ])('is read by operators, and is no entry, where %s', async (_case, change) => {
    const tenant = await withBlockedEdr(change);
    expect(await noticeEntries(tenant)).toEqual([]);
    expect(await findings(tenant)).toMatchObject([{ kind: 'lane_blocked', lane: 'edr/events' }]);
    expect(await metaOf(tenant)).not.toHaveProperty('own_entries');
  });

  it('is no entry where the only lane that tells people is the one that it is about', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [teller('soc', { messages: { events_at_or_above: 'high' } })];
    });
    tenant.destinations.answer(TOLD, refusing);
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => isBlocked(tenant, 'soc/messages'), 'the lane is blocked');
    expect(await findings(tenant)).toMatchObject([{ kind: 'lane_blocked', lane: 'soc/messages' }]);
    expect(await noticeEntries(tenant)).toEqual([]);
  });
});

describe('two lanes that tell people', () => {
  const both = [teller('soc'), teller('ops')];
  const all = ['lane_blocked edr/events', 'lane_blocked ops/messages', 'lane_blocked soc/messages'];

  it('tell of each other, once, that they are blocked, whatever the hours', async () => {
    const tenant = await withBlockedEdr(withTellers(both), refusing);
    const untilMs = tenant.nowMs + 6 * HOUR_MS;
    await tenant.passTimeUntil(() => tenant.nowMs >= untilMs, 'six hours passed', 6 * 60 * 15);
    expect((await kinds(tenant)).toSorted()).toEqual(all);
    expect((await findings(tenant)).filter(({ kind }) => kind === 'lane_blocked')).toHaveLength(3);
  });

  it('do not feed each other, for days, with what they lose while they are blocked', async () => {
    const config = withTellers(both, { retention: { events: 1 }, digest: NO_DIGEST });
    const tenant = await withBlockedEdr(config, refusing);
    await tenant.until(async () => isBlocked(tenant, 'ops/messages'), 'both are blocked');
    const untilMs = tenant.nowMs + 10 * 24 * HOUR_MS;
    while (tenant.nowMs < untilMs) {
      tenant.nowMs += HOUR_MS;
      await tenant.alarm();
      await scheduler.wait(1);
    }
    // What they lost is told of those that are no such lanes; operators read the others.
    const lost = (await findings(tenant)).filter(({ kind }) => kind === 'events_expired');
    expect(lost.map(({ lane }) => lane)).toEqual(
      expect.arrayContaining(['edr/events', 'ops/messages', 'soc/messages']),
    );
    expect(lost.filter(({ lane }) => lane === 'soc/messages').length).toBeLessThan(5);
    const { own_entries: made = 0 } = await metaOf(tenant);
    const told = (await findings(tenant)).filter(
      ({ kind, lane }) => kind === 'lane_blocked' || !lane?.endsWith('/messages'),
    );
    expect(made).toBe(told.length);
    expect(
      (await noticeEntries(tenant)).filter(
        ({ occurredAt }) => Date.parse(occurredAt) > untilMs - 3 * 24 * HOUR_MS,
      ),
    ).toEqual([]);
  });

  it('do not feed each other, for days, with what they lose while they are down', async () => {
    const tenant = await withBlockedEdr(
      withTellers(both, { retention: { events: 2 }, digest: NO_DIGEST }),
      () => new Response(null, { status: 503 }),
    );
    const untilMs = tenant.nowMs + 8 * DAY_MS;
    while (tenant.nowMs < untilMs) {
      tenant.nowMs += HOUR_MS;
      await tenant.alarm();
      await scheduler.wait(1);
    }
    const lost = (await findings(tenant)).filter(({ kind }) => kind === 'events_expired');
    expect(lost.map(({ lane }) => lane)).toEqual(
      expect.arrayContaining(['edr/events', 'ops/messages', 'soc/messages']),
    );
    const { own_entries: made = 0 } = await metaOf(tenant);
    expect(made).toBe((await findings(tenant)).filter(({ lane }) => !lane?.endsWith('/messages')).length);
    expect((await noticeEntries(tenant)).map(({ notice }) => notice.lane)).not.toContain('soc/messages');
  });

  it.each([
    ['notices, and take everything else', (body: string) => body.includes('noxys.notice'), [0, 0]],
    // Of both lanes, what was lost of 12 detections.
    ['every message', () => true, [1, 2 * 12]],
  ])(
    'that refuse %s do not circle, for days, with detections in between: operators read of what is lost',
    async (_what, refuses, [least = 0, most = 0]) => {
      const tenant = await Tenant.create(withTellers(both, { digest: NO_DIGEST }));
      tenant.destinations.answer(
        TOLD,
        ({ body }) => new Response(null, { status: refuses(body) ? 400 : 204 }),
      );
      tenant.destinations.answer(EDR, refusing);
      await tenant.accept(tenant.event('evt-1'));
      await tenant.until(async () => isBlocked(tenant, 'edr/events'), 'the lane is blocked');
      const startMs = tenant.nowMs;
      for (let hour = 0; hour < 72; hour++) {
        if (hour % 6 === 1) await tenant.accept(critical(tenant, `det-${hour}`));
        const untilMs = startMs + (hour + 1) * HOUR_MS;
        while (tenant.nowMs < untilMs) {
          tenant.nowMs = Math.min(untilMs, tenant.nowMs + 10 * MINUTE_MS);
          await tenant.alarm();
          await scheduler.wait(1);
        }
      }
      const rows = (await findings(tenant)).filter(({ kind }) => kind === 'dead_letters');
      expect(rows.map(({ lane }) => lane)).toEqual(expect.arrayContaining(['soc/messages', 'ops/messages']));
      const told = (await kinds(tenant)).filter((kind) => kind.startsWith('dead_letters'));
      expect(told.length).toBeGreaterThanOrEqual(least);
      expect(told.length).toBeLessThanOrEqual(most);
    },
    60_000,
  );

  it('are told of a lost detection at once, whatever operators alone have just read of', async () => {
    const tenant = await withBlockedEdr(
      withTellers(both, { digest: NO_DIGEST }),
      () => new Response(null, { status: 400 }),
    );
    const letters = async () => (await tenant.lane('soc/messages')).deadLettered;
    await tenant.until(async () => (await letters()) === 1, 'the notice is given up');
    expect(await kinds(tenant)).toEqual(['lane_blocked edr/events']);
    expect(await findings(tenant, 'soc/messages')).toMatchObject([{ kind: 'dead_letters', count: 1 }]);
    await tenant.accept(critical(tenant, 'det-1'));
    await tenant.until(async () => (await letters()) >= 2, 'the detection is given up');
    const told = async () => (await kinds(tenant)).filter((kind) => kind.startsWith('dead_letters'));
    await tenant.until(async () => (await told()).length === 2, 'it is told');
    expect((await told()).toSorted()).toEqual(['dead_letters ops/messages', 'dead_letters soc/messages']);
  });
});

describe('what Noxys sent', () => {
  it('is counted without notices: accepted events, roll-ups, the last webhook, the list of events', async () => {
    const tenant = await withBlockedEdr(withTellers([teller()]));
    await tenant.evict();
    const health = await tenant.stub.health();
    expect(health).toMatchObject({ eventsAccepted: 3, lastWebhook: { type: 'interaction.policy_violated' } });
    tenant.nowMs += 2 * MINUTE_MS;
    await tenant.alarm();
    const hours = await tenant.stub.activity(0);
    expect(hours.find(({ dimension }) => dimension === 'type')?.counts).toEqual({
      'interaction.policy_violated': 3,
    });
    const page = await tenant.inside(async (relay) =>
      relay.events({ v: 1, limit: 10, filter: {}, showsPersons: false }),
    );
    expect(page.kind === 'events' && page.events.map(({ id }) => id)).toEqual(['evt-3', 'evt-2', 'evt-1']);
  });

  it('leaves no lane of events owing anything', async () => {
    const tenant = await withBlockedEdr(withTellers([teller()]));
    expect(await noticeEntries(tenant)).toHaveLength(1);
    const answer = await tenant.stub.remove({ v: 1, discard: false, expectedVersion: 1 });
    const rest = answer.kind === 'undelivered' ? answer.rest : [];
    expect(rest.filter(({ lane }) => !lane.endsWith('/messages'))).toEqual([
      { lane: 'edr/events', undelivered: 3, deadLetters: 0 },
    ]);
  });
});
