/** What a legal hold is about stays, whatever retention says; what it is not about goes as ever. */

import { describe, expect, it } from 'vitest';

import type { PlaceHoldRequest, HoldView } from '../../src/domain/rights.ts';
import { pseudonymOf } from '../../src/ingest/pseudonym.ts';
import { decodeBase64 } from '../../src/lib/bytes.ts';
import { RELAY_SIZES } from '../../src/relay/relay-parts.ts';
import { askedWhileRemoved, DAY_MS, eachOf, HOUR_MS, rowsOf, withRules } from './rules-for-test.ts';
import { countsOf, exported, rowsNaming } from './stored-of-person.ts';
import { EDR, Tenant, readConfig } from './tenant.ts';

/** The key that tenant.ts seals for every tenant. */
const PSEUDONYM_KEY = decodeBase64('A'.repeat(43)) ?? new Uint8Array(0);
const ADA = { id: 'ada.lovelace' };
const BOB = { id: 'bob.builder' };
const ADA_KEY = pseudonymOf(ADA.id, 'user_id', PSEUDONYM_KEY);
const RETENTION = { events: 3, detections: 5, audit: 30 };

async function tenantWith(change: (document: Record<string, unknown>) => void = () => undefined) {
  const tenant = await Tenant.create((document) => {
    withRules([eachOf('alert.severity_critical')])(document);
    document['retention'] = RETENTION;
    change(document);
  });
  tenant.destinations.answer(
    EDR,
    ({ ids }) => new Response('no', { status: ids.some((id) => id.endsWith('-refused')) ? 422 : 202 }),
  );
  return tenant;
}

async function place(tenant: Tenant, request: Partial<PlaceHoldRequest> = {}): Promise<HoldView> {
  const answer = await tenant.inside(async (relay) =>
    relay.placeHold({ v: 1, reason: 'case 7', ...request }),
  );
  if (answer.kind !== 'placed') throw new Error(`Cannot place: ${answer.kind}`);
  return answer.hold;
}

/** A day of the two: an event that passes, one that is refused, and one on which a rule fires. */
async function aDay(tenant: Tenant, day: string): Promise<void> {
  for (const [name, user] of [
    ['ada', ADA],
    ['bob', BOB],
  ] as const)
    await tenant.accept(
      tenant.event(`${day}-${name}`, { user }),
      tenant.event(`${day}-${name}-refused`, { user }),
      tenant.event(`${day}-${name}-alert`, { user, type: 'alert.severity_critical' }),
    );
  await tenant.until(
    async () => (await tenant.stub.lanes()).every(({ undelivered, parked }) => undelivered + parked === 0),
    'all is settled',
  );
}

/** Nobody is told: the log alone matters. */
function withoutDestinations(document: Record<string, unknown>): void {
  document['destinations'] = [];
}

/** From alarm to alarm, so many days on. */
async function pass(tenant: Tenant, days: number): Promise<void> {
  const endsAtMs = tenant.nowMs + days * DAY_MS;
  while (tenant.nowMs < endsAtMs) {
    const atMs = (await tenant.alarmAtMs()) ?? endsAtMs;
    tenant.nowMs = Math.min(endsAtMs, Math.max(tenant.nowMs, atMs));
    await tenant.alarm();
    // Lanes come to rest, so that a period can go.
    await scheduler.wait(2);
  }
}

const eventTables = async (tenant: Tenant) =>
  rowsOf<{ name: string }>(tenant, "SELECT name FROM sqlite_master WHERE name LIKE 'events\\_%' ESCAPE '\\'");
const heldIds = async (tenant: Tenant) =>
  (
    await rowsOf<{ id: string }>(
      tenant,
      "SELECT json_extract(body, '$.id') AS id FROM held_entries WHERE seq > 0 ORDER BY hold, seq",
    )
  ).map(({ id }) => id);
const auditOf = async (tenant: Tenant, action: string) =>
  (await tenant.inside(async (relay) => relay.auditEntries({ limit: 200 }))).filter(
    (entry) => entry.action === action,
  );

describe('a legal hold of a person', () => {
  it('keeps their entries, detections with verdicts and dead letters when the log lets them go, and nobody else', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'before');
    const hold = await place(tenant, { subject: ADA });
    expect(hold).toMatchObject({ id: 1, keys: [ADA_KEY], by: 'unknown', reason: 'case 7', held: 0 });
    tenant.nowMs += HOUR_MS;
    await aDay(tenant, 'after');
    const [{ id } = { id: '' }] = await rowsOf<{ id: string }>(
      tenant,
      'SELECT id FROM detections ORDER BY seq',
    );
    await tenant.inside(async (relay) => relay.judge({ v: 1, id, verdict: 'false_positive' }));
    await pass(tenant, 10);
    expect(await eventTables(tenant)).toEqual([]);
    expect(await rowsOf(tenant, 'SELECT seq FROM detections')).toEqual([]);
    expect(await rowsOf(tenant, 'SELECT id FROM dead_letters')).toEqual([]);
    const held = await heldIds(tenant);
    for (const day of ['before', 'after'])
      expect(held).toEqual(expect.arrayContaining([`${day}-ada`, `${day}-ada-refused`, `${day}-ada-alert`]));
    expect(Object.keys(await rowsNaming(tenant, [BOB.id, 'bob-refused']))).toEqual([]);
    const items = await exported(tenant, ADA);
    expect(countsOf(items)).toMatchObject({ held: held.length, dead_letter: 2 });
    expect(items.filter((item) => item.kind === 'held' && item.verdict === 'false_positive')).not.toEqual([]);
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'dead_letter', eventId: 'before-ada-refused', excerpt: 'no' }),
    );
    const list = await tenant.inside(async (relay) => relay.holds());
    expect(list).toMatchObject({ holds: [{ id: 1, held: held.length }] });
  });

  it('has copied all of a period before it goes, page by page, whatever dies in between', async () => {
    const tenant = await tenantWith(withoutDestinations);
    for (let i = 0; i < 130; i++) {
      tenant.nowMs += 10_000;
      const events = Array.from({ length: 100 }, (_, n) =>
        tenant.event(`e-${i}-${n}`, { user: n === 7 ? ADA : BOB }),
      );
      await tenant.accept(...events);
    }
    await place(tenant, { subject: ADA });
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += RETENTION.events * DAY_MS;
    const counts: number[] = [];
    for (let run = 0; run < 20 && (await eventTables(tenant)).length > 0; run++) {
      await tenant.alarm();
      counts.push((await heldIds(tenant)).length);
      const isGone = (await eventTables(tenant)).length === 0;
      // It goes with the step that has copied the last of it, and never before.
      expect(isGone).toBe(counts.at(-1) === 130);
      await tenant.crash();
      tenant.nowMs += 1_000;
    }
    expect(counts).toEqual([50, 100, 130]);
    expect(new Set(await heldIds(tenant)).size).toBe(130);
  }, 60_000);

  it('begins to copy anew where another hold is placed meanwhile', async () => {
    const tenant = await tenantWith(withoutDestinations);
    await place(tenant, { subject: BOB });
    for (let i = 0; i < 60; i++)
      await tenant.accept(
        ...Array.from({ length: 100 }, (_, n) => tenant.event(`e-${i}-${n}`, { user: i === 0 ? ADA : BOB })),
      );
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += RETENTION.events * DAY_MS;
    await tenant.alarm();
    const second = await place(tenant, { subject: ADA });
    for (let run = 0; run < 5; run++) {
      tenant.nowMs += 5_000;
      await tenant.alarm();
    }
    expect(await eventTables(tenant)).toEqual([]);
    const rows = await rowsOf<{ hold: number; count: number }>(
      tenant,
      'SELECT hold, COUNT(*) AS count FROM held_entries WHERE seq > 0 GROUP BY hold ORDER BY hold',
    );
    expect(rows).toEqual([
      { hold: 1, count: 5_900 },
      { hold: second.id, count: 100 },
    ]);
  }, 60_000);

  it('keeps what a lack of space drops early, too', async () => {
    const tenant = await tenantWith(withoutDestinations);
    await aDay(tenant, 'early');
    await place(tenant, { subject: ADA });
    await tenant.inside((relay) => {
      relay.sizes = { ...RELAY_SIZES, periodBytesMax: 1, spaceBytesHigh: 1 };
      relay.load();
    });
    // The next one closes the period.
    tenant.nowMs += 1_000;
    await tenant.accept(tenant.event('next', { user: BOB }));
    await tenant.passTimeUntil(
      async () => (await rowsOf(tenant, 'SELECT 1 FROM periods WHERE n = 1 AND has_events = 1')).length === 0,
      'the first period went early',
    );
    // Days before its retention is over.
    expect(tenant.nowMs).toBeLessThanOrEqual(Date.UTC(2096, 10, 23, 8));
    expect(await heldIds(tenant)).toEqual(expect.arrayContaining(['early-ada', 'early-ada-alert']));
  });

  it('drops nothing while the key by which the held are found does not open', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'day');
    await place(tenant, { subject: ADA });
    await tenant.inside((relay, { storage }) => {
      storage.sql.exec("UPDATE config SET document = json_set(document, '$.pseudonym_key', 'x')");
      relay.load();
    });
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += 9 * DAY_MS;
    for (let run = 0; run < 3; run++) await tenant.alarm();
    expect(await eventTables(tenant)).toHaveLength(1);
    expect(await rowsOf(tenant, 'SELECT seq FROM detections')).toHaveLength(2);
  });

  it('costs a tenant without one no row, and no key', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'day');
    await pass(tenant, 10);
    const keys = await rowsOf(tenant, "SELECT key FROM meta WHERE key LIKE '%hold%'");
    expect([keys, await heldIds(tenant)]).toEqual([[], []]);
    expect(await eventTables(tenant)).toEqual([]);
  });

  it('that is lifted goes with all of its copies, and those of another stay', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'day');
    const [first, second] = [await place(tenant, { subject: ADA }), await place(tenant, { subject: BOB })];
    await pass(tenant, 10);
    const actor = { by: 'token:ops', requestId: 'req-9' };
    const lifted = await tenant.inside(async (relay) => relay.liftHold({ v: 1, actor, id: first.id }));
    expect(lifted).toMatchObject({ kind: 'lifted', hold: { id: first.id } });
    await tenant.crash();
    for (let run = 0; run < 3; run++) {
      tenant.nowMs += 1_000;
      await tenant.alarm();
    }
    const holds = await rowsOf<{ hold: number }>(tenant, 'SELECT DISTINCT hold FROM held_entries');
    expect(holds).toEqual([{ hold: second.id }]);
    expect(Object.keys(await rowsNaming(tenant, [ADA.id]))).toEqual([]);
    expect(await tenant.inside(async (relay) => relay.liftHold({ v: 1, id: first.id }))).toEqual({
      kind: 'not_found',
    });
    // A later one has another id: it must not find what an earlier one left.
    expect((await place(tenant, { subject: ADA })).id).toBe(3);
    expect(await rowsOf(tenant, "SELECT key FROM meta WHERE key LIKE 'lifted%'")).toEqual([]);
  });

  it('holds an address whatever its capitals are', async () => {
    const tenant = await tenantWith();
    const { keys } = await place(tenant, { subject: { email: 'Ada@Acme.fr' } });
    expect(keys).toEqual([pseudonymOf('ada@acme.fr', 'user_email', PSEUDONYM_KEY)]);
    expect(await tenant.stub.erase({ v: 1, subject: { email: 'ada@ACME.fr' } })).toMatchObject({
      kind: 'held',
    });
  });

  it('is audited with keys and reason, never with a name', async () => {
    const tenant = await tenantWith();
    const actor = { by: 'token:ops', requestId: 'req-8' };
    const { id } = await place(tenant, { actor, subject: { ...ADA, email: 'ada@acme.fr' } });
    const reason = 'closed';
    await tenant.inside(async (relay) => relay.liftHold({ v: 1, actor: { ...actor, reason }, id }));
    const [placed, lifted] = [await auditOf(tenant, 'hold.placed'), await auditOf(tenant, 'hold.lifted')];
    const keys = [ADA_KEY, pseudonymOf('ada@acme.fr', 'user_email', PSEUDONYM_KEY)];
    expect(placed).toMatchObject([{ by: 'token:ops', reason: 'case 7', detail: { hold: id, keys } }]);
    expect(lifted).toMatchObject([
      { by: 'token:ops', reason: 'closed', detail: { hold: id, keys, held: 0 } },
    ]);
    expect(JSON.stringify([placed, lifted])).not.toContain('ada');
  });

  it('is one of fifty at most', async () => {
    const tenant = await tenantWith();
    for (let i = 0; i < 50; i++) await place(tenant, { subject: { id: `user-${i}` } });
    const answer = await tenant.inside(async (relay) => relay.placeHold({ v: 1, reason: 'one more' }));
    expect(answer).toEqual({ kind: 'too_many' });
  });

  it('is placed on no tenant that goes meanwhile', async () => {
    const tenant = await tenantWith();
    const answer = await askedWhileRemoved(tenant, async (relay) =>
      relay.placeHold({ v: 1, subject: ADA, reason: 'case 7' }),
    );
    expect(answer).toEqual({ kind: 'unknown_tenant' });
  });
});

describe('a legal hold of everything', () => {
  it('stops what retention and a lack of space drop, and lets it go once it is lifted', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'day');
    const hold = await place(tenant);
    expect(hold).not.toHaveProperty('keys');
    await tenant.inside((relay) => {
      relay.sizes = { ...RELAY_SIZES, spaceBytesHigh: 1 };
      relay.load();
    });
    await pass(tenant, 60);
    expect(await eventTables(tenant)).toHaveLength(1);
    expect(await rowsOf(tenant, 'SELECT seq FROM detections')).toHaveLength(2);
    expect(await rowsOf(tenant, 'SELECT id FROM dead_letters')).toHaveLength(2);
    expect(await auditOf(tenant, 'config.saved')).toHaveLength(1);
    expect(await heldIds(tenant)).toEqual([]);
    const report = await tenant.inside(async (relay) => relay.retention());
    const lines = report.kind === 'retention' ? report.lines : [];
    expect(lines.filter(({ isOverdue }) => isOverdue).map(({ kind, keptBy }) => [kind, keptBy])).toEqual(
      ['events', 'dead_letters', 'detections', 'audit', 'rule_changes'].map((kind) => [
        kind,
        'legal hold 1, of everything',
      ]),
    );
    await tenant.inside(async (relay) => relay.liftHold({ v: 1, id: hold.id }));
    await pass(tenant, 2);
    expect(await eventTables(tenant)).toEqual([]);
    expect(await rowsOf(tenant, 'SELECT seq FROM detections')).toEqual([]);
    expect(await auditOf(tenant, 'config.saved')).toEqual([]);
  });

  it('does not make the alarm spin', async () => {
    const tenant = await tenantWith();
    await aDay(tenant, 'day');
    await place(tenant);
    tenant.nowMs += 20 * DAY_MS;
    for (let run = 0; run < 4; run++) await tenant.alarm();
    expect(((await tenant.alarmAtMs()) ?? Infinity) - tenant.nowMs).toBeGreaterThan(HOUR_MS);
  });

  it('keeps the tenant from being removed, whatever is given up, until it is lifted', async () => {
    const tenant = await tenantWith();
    const hold = await place(tenant);
    const expectedVersion = (await readConfig(tenant.stub))?.version ?? 0;
    const removal = { v: 1, expectedVersion, discard: true } as const;
    expect(await tenant.inside(async (relay) => relay.remove(removal))).toEqual({
      kind: 'held',
      holds: [hold.id],
    });
    expect(await readConfig(tenant.stub)).not.toBeNull();
    await tenant.inside(async (relay) => relay.liftHold({ v: 1, id: hold.id }));
    expect(await tenant.inside(async (relay) => relay.remove(removal))).toMatchObject({ kind: 'removed' });
  });
});
