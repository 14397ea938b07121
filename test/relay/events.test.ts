import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { EventPage, EventsRequest } from '../../src/domain/event-view.ts';
import { Tenant } from './tenant.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

async function ask(tenant: Tenant, request: Partial<EventsRequest> = {}): Promise<EventPage> {
  const answer = await tenant.inside(async (relay) =>
    relay.events({ v: 1, filter: {}, limit: 50, showsPersons: false, ...request }),
  );
  if (answer.kind !== 'events') throw new Error(`Cannot list events: ${answer.kind}`);
  const { kind: _kind, ...page } = answer;
  return page;
}

function idsOf({ events }: EventPage): string[] {
  return events.map(({ id }) => id);
}

/** Nothing is sent anywhere: the log is what these tests are about. */
async function tenantOf(...events: (readonly Partial<CanonicalEvent>[])[]): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    document['destinations'] = [];
  });
  let n = 0;
  for (const batch of events)
    await tenant.accept(...batch.map((changes) => tenant.event(`evt-${++n}`, changes)));
  return tenant;
}

function many(count: number, changes: Partial<CanonicalEvent> = {}): Partial<CanonicalEvent>[] {
  return Array.from({ length: count }, () => changes);
}

/** Fills the log with rows, without a webhook for each hundred. */
async function fill(tenant: Tenant, count: number, changes: Partial<CanonicalEvent> = {}): Promise<void> {
  await tenant.accept(tenant.event('first', changes));
  const body = JSON.stringify(tenant.event('filler', changes));
  await tenant.inside((relay, { storage: { sql } }) => {
    const rows = `WITH RECURSIVE n(seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${count})`;
    sql.exec(`INSERT INTO events_1 (seq, body) ${rows} SELECT seq, ? FROM n`, body);
    relay.load();
  });
  await tenant.takeOver();
}

describe('a page of events', () => {
  it('goes from the newest to the oldest, and ends', async () => {
    const tenant = await tenantOf(many(5));
    const first = await ask(tenant, { limit: 2 });
    expect([idsOf(first), first.nextBefore, first.lastSeq]).toEqual([['evt-5', 'evt-4'], 4, 5]);
    const second = await ask(tenant, { limit: 2, before: 4 });
    expect([idsOf(second), second.nextBefore]).toEqual([['evt-3', 'evt-2'], 2]);
    const third = await ask(tenant, { limit: 2, before: 2 });
    expect([idsOf(third), third.nextBefore]).toEqual([['evt-1'], undefined]);
    expect((await ask(tenant, { limit: 5 })).nextBefore).toBeUndefined();
  });

  it('spans periods, those that are gone left out', async () => {
    const tenant = await tenantOf(many(2));
    for (const id of ['b', 'c']) {
      tenant.nowMs += DAY_MS;
      await tenant.accept(tenant.event(id));
    }
    expect(idsOf(await ask(tenant))).toEqual(['c', 'b', 'evt-2', 'evt-1']);
    expect(idsOf(await ask(tenant, { after: 1 }))).toEqual(['evt-2', 'b', 'c']);
    tenant.nowMs += 30 * DAY_MS - HOUR_MS;
    await tenant.passTimeUntil(async () => (await ask(tenant)).events.length === 2, 'one period is gone', 5);
    expect(await ask(tenant)).toMatchObject({ lastSeq: 4 });
  });

  it('is empty for a tenant without events', async () => {
    expect(await ask(await tenantOf())).toEqual({ events: [], lastSeq: 0 });
  });

  it.each<[string, EventsRequest['filter'], string[]]>([
    ['type', { type: 'alert.severity_high' }, ['evt-2']],
    ['platform, in any case', { platform: 'ChatGPT' }, ['evt-3']],
    ['level', { level: 'critical' }, ['evt-4']],
    ['decision', { decision: 'coach' }, ['evt-5']],
    ['two at once', { decision: 'block', level: 'critical' }, ['evt-4']],
    ['two at once, of which one is not', { decision: 'coach', level: 'critical' }, []],
  ])('is filtered by %s', async (_case, filter, ids) => {
    const tenant = await tenantOf([
      {},
      { type: 'alert.severity_high' },
      { platform: { id: 'chatgpt', name: 'ChatGPT' } },
      { severity: 'critical' },
      { policy: { decision: 'coach' } },
    ]);
    expect(idsOf(await ask(tenant, { filter }))).toEqual(ids);
  });

  it('is of the time when events occurred: from one instant on, before another', async () => {
    const tenant = await tenantOf();
    const at = (hours: number) => tenant.nowMs - hours * HOUR_MS;
    for (const hours of [1, 5, 2, 4, 3])
      await tenant.accept(tenant.event(`h${hours}`, { occurredAt: new Date(at(hours)).toISOString() }));
    expect(idsOf(await ask(tenant, { filter: { sinceMs: at(4), untilMs: at(2) } }))).toEqual(['h3', 'h4']);
  });

  it('does not look at periods that ended before the time that is asked for, and finds what came late', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 6_000);
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += DAY_MS;
    const late = new Date(tenant.nowMs - 3 * DAY_MS).toISOString();
    await tenant.accept(tenant.event('late', { occurredAt: late }), tenant.event('new'));
    const page = await ask(tenant, { filter: { sinceMs: tenant.nowMs - HOUR_MS } });
    expect([idsOf(page), page.nextBefore]).toEqual([['new'], undefined]);
    expect(idsOf(await ask(tenant, { filter: { untilMs: Date.parse(late) + 1 }, limit: 1 }))).toEqual([
      'late',
    ]);
  });

  it('looks at 5,000 rows in a turn, and says where it stopped', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 12_000);
    const pages: EventPage[] = [];
    let before: number | undefined;
    do {
      const page = await ask(tenant, {
        filter: { type: 'alert.severity_high' },
        ...(before !== undefined && { before }),
      });
      pages.push(page);
      before = page.nextBefore;
    } while (before !== undefined);
    expect(pages.map(({ events, nextBefore }) => [events.length, nextBefore])).toEqual([
      [0, 7_001],
      [0, 2_001],
      [0, undefined],
    ]);
  });

  const NOTHING = { v: 1, filter: { platform: 'nope' }, limit: 1, showsPersons: false } as const;

  it('is refused while the rows that may be looked at are used up, and then there are as many as the time allows', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 6_000);
    const kinds = async (times: number) =>
      tenant.inside(async (relay) => {
        const answers: unknown[] = [];
        for (let n = 0; n < times; n++) answers.push(await relay.events(NOTHING));
        return answers;
      });
    const answers = await kinds(11);
    expect(answers.slice(0, 10)).toEqual(
      Array.from({ length: 10 }, () => ({ kind: 'events', events: [], lastSeq: 6_000, nextBefore: 1_001 })),
    );
    expect(answers[10]).toEqual({ kind: 'busy', retryAfterSeconds: 1 });
    const explained = await tenant.inside(async (relay) =>
      relay.explainEvent({ v: 1, id: 'nope', showsPersons: false }),
    );
    expect(explained).toEqual({ kind: 'busy', retryAfterSeconds: 1 });
    const searched = await tenant.inside(async (relay) =>
      relay.events({ ...NOTHING, user: { id: 'nobody' } }),
    );
    expect(searched).toMatchObject({ kind: 'busy' });
    expect(
      (await tenant.inside(async (relay) => relay.auditEntries({ limit: 9 }))).map((e) => e.action),
    ).toEqual(['config.saved']);
    tenant.nowMs += 1_000;
    expect((await kinds(3)).map((answer) => (answer as { kind: string }).kind)).toEqual([
      'events',
      'events',
      'busy',
    ]);
  });

  it('costs what was looked at: short pages and a tail that finds nothing new go on', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 6_000);
    for (let n = 0; n < 50; n++) expect((await ask(tenant, { limit: 1 })).events).toHaveLength(1);
    for (let n = 0; n < 8; n++) expect((await ask(tenant, NOTHING)).events).toEqual([]);
    await tenant.inside(async (relay) => relay.events(NOTHING));
    expect(await tenant.inside(async (relay) => relay.events(NOTHING))).toMatchObject({ kind: 'busy' });
    for (let n = 0; n < 20; n++)
      expect(await ask(tenant, { after: 6_000 })).toEqual({ events: [], lastSeq: 6_000 });
  });

  it('finds what a filter wants whatever else its text has', async () => {
    const tenant = await tenantOf([{ platform: { id: 'a"b\\é', name: 'x' } }, { model: 'critical' }]);
    expect(idsOf(await ask(tenant, { filter: { platform: 'A"b\\É' } }))).toEqual(['evt-1']);
    expect(idsOf(await ask(tenant, { filter: { level: 'critical' } }))).toEqual([]);
  });

  it('has at most 200 events, whatever is asked for', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 300);
    expect((await ask(tenant, { limit: 1_000 })).events).toHaveLength(200);
    expect((await ask(tenant, { limit: -1 })).events).toHaveLength(1);
  });

  it('has at most 1 MB, and the next one begins with what did not fit', async () => {
    const faults = Array.from({ length: 64 }, () => ({
      path: `data.${'x'.repeat(300)}`,
      reason: 'too_long' as const,
    }));
    const tenant = await tenantOf(many(80, { faults }));
    const first = await ask(tenant, { limit: 200 });
    expect(JSON.stringify(first.events).length).toBeLessThan(1_010_000);
    expect(first.events.length).toBeGreaterThan(40);
    const second = await ask(tenant, { limit: 200, before: first.nextBefore ?? 0 });
    expect([...idsOf(first), ...idsOf(second)]).toHaveLength(80);
    const forward = await ask(tenant, { limit: 200, after: 0 });
    expect(idsOf(forward).length).toBe(first.events.length);
    expect(forward.lastSeq).toBe(forward.events.at(-1)?.seq);
  });
});

describe('a tail', () => {
  it('gets what is newer, oldest first, from where the last page ended', async () => {
    const tenant = await tenantOf(many(2));
    const { lastSeq } = await ask(tenant);
    expect(await ask(tenant, { after: lastSeq })).toEqual({ events: [], lastSeq: 2 });
    await tenant.accept(tenant.event('a'), tenant.event('b'), tenant.event('c'));
    const page = await ask(tenant, { after: lastSeq, limit: 2 });
    expect([idsOf(page), page.lastSeq, page.nextBefore]).toEqual([['a', 'b'], 4, undefined]);
    expect(idsOf(await ask(tenant, { after: page.lastSeq }))).toEqual(['c']);
  });

  it('moves on over what its filter does not want', async () => {
    const tenant = await tenantOf(many(3));
    const filter = { type: 'alert.severity_high' };
    expect(await ask(tenant, { after: 0, filter })).toEqual({ events: [], lastSeq: 3 });
  });

  it('goes through a backlog in turns of 5,000 rows', async () => {
    const tenant = await tenantOf();
    await fill(tenant, 6_000);
    const filter = { type: 'alert.severity_high' };
    expect((await ask(tenant, { after: 0, filter })).lastSeq).toBe(5_000);
    expect((await ask(tenant, { after: 5_000, filter })).lastSeq).toBe(6_000);
  });

  it('begins anew when the log is shorter than it knows: the tenant was made again', async () => {
    expect(await ask(await tenantOf(many(2)), { after: 900 })).toEqual({ events: [], lastSeq: 2 });
  });
});

describe('events', () => {
  it('are not asked of a tenant that is not there, nor in a version that is not known', async () => {
    const request = { v: 1, filter: {}, limit: 1, showsPersons: false } as const;
    const nobody = Tenant.unknown();
    expect(await nobody.inside(async (relay) => relay.events(request))).toEqual({ kind: 'unknown_tenant' });
    const tenant = await tenantOf();
    expect(await tenant.inside(async (relay) => relay.events({ ...request, v: 2 as unknown as 1 }))).toEqual({
      kind: 'unavailable',
      reason: 'unknown_version',
    });
  });
});
