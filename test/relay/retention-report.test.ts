/** What is kept, kind by kind, and the proof that what was older is gone: also of a tenant that gets no events any more. */

import { describe, expect, it } from 'vitest';

import type { RetentionLine } from '../../src/domain/rights.ts';
import { DAY_MS, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { rowsNaming } from './stored-of-person.ts';
import { EDR, START_MS, Tenant } from './tenant.ts';

const ADA = { id: 'ada.lovelace' };
const DAYS = { events: 5, detections: 10, rollups: 20, audit: 35 };
const TABLES: Readonly<Record<string, string>> = {
  detections: 'detections',
  watched_users: 'watched_users',
  dead_letters: 'dead_letters',
  follow_ups: 'follow_ups',
  rollups: 'rollups',
  channel_memory: 'channel_memory',
};

async function lines(tenant: Tenant): Promise<ReadonlyMap<string, RetentionLine>> {
  const answer = await tenant.inside(async (relay) => relay.retention());
  if (answer.kind !== 'retention') throw new Error(answer.kind);
  return new Map(answer.lines.map((line) => [line.kind, line]));
}

/** Something of every kind that is dropped when it is too old. */
async function tenantWithAll(): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    withRules([eachOf('alert.severity_critical', { relay: { watch: '24h' } }), repeatedViolations()])(
      document,
    );
    document['retention'] = DAYS;
  });
  tenant.destinations.answer(EDR, () => new Response('no', { status: 422 }));
  await tenant.accept(
    tenant.event('evt-1', { user: ADA }),
    tenant.event('evt-2', { user: ADA, type: 'alert.severity_critical' }),
  );
  await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 2, 'two are refused');
  await tenant.inside((_relay, { storage }) => {
    const memory = 'INSERT INTO channel_memory (lane, key, value, expires_at) VALUES (?, ?, ?, ?)';
    storage.sql.exec(memory, 'edr/events', 'k', ADA.id, START_MS + 15 * DAY_MS);
    const parked =
      'INSERT INTO follow_ups (lane, seq, due, tries, attempts, letter) VALUES (?, 1, ?, 1, 1, NULL)';
    storage.sql.exec(parked, 'gone/events', START_MS);
  });
  return tenant;
}

/** From alarm to alarm, and no other call. */
async function pass(tenant: Tenant, days: number): Promise<void> {
  const endsAtMs = tenant.nowMs + days * DAY_MS;
  while (tenant.nowMs < endsAtMs) {
    tenant.nowMs = Math.min(endsAtMs, Math.max(tenant.nowMs, (await tenant.alarmAtMs()) ?? endsAtMs));
    await tenant.alarm();
    await scheduler.wait(2);
  }
}

describe('the report on retention', () => {
  it('says of each kind how long it is kept, the oldest, and when that goes', async () => {
    const tenant = await tenantWithAll();
    tenant.nowMs += 120_000;
    await tenant.alarm();
    const report = await lines(tenant);
    expect([...report.keys()]).toEqual([
      'events',
      'deduplication_ids',
      'dead_letters',
      'follow_ups',
      'detections',
      'windows',
      'watched_users',
      'rollups',
      'audit',
      'rule_changes',
      'notices',
      'digests',
      'channel_memory',
      'last_webhook',
      'pseudonyms',
      'erasures',
      'held_entries',
    ]);
    const at = (days: number): string => new Date(START_MS + days * DAY_MS).toISOString();
    expect(report.get('events')).toMatchObject({ days: 5, oldestAt: at(0), goesBy: at(6), isOverdue: false });
    expect(report.get('dead_letters')).toMatchObject({ days: 5, goesBy: at(6) });
    expect(report.get('detections')).toMatchObject({ days: 10, oldestAt: at(0), goesBy: at(11) });
    expect(report.get('audit')).toMatchObject({ days: 35, oldestAt: at(0), goesBy: at(36) });
    expect([...report.values()].filter((line) => line.isOverdue || line.lastDroppedAt)).toEqual([]);
  });

  it('has nothing overdue after forty days, and the audit says what went when', async () => {
    const tenant = await tenantWithAll();
    await pass(tenant, 4);
    const letters = (await rowsOf(tenant, 'SELECT 1 FROM dead_letters')).length;
    await pass(tenant, 36);
    const report = await lines(tenant);
    expect([...report.values()].filter(({ isOverdue }) => isOverdue)).toEqual([]);
    for (const [kind, table] of Object.entries(TABLES)) {
      expect([kind, await rowsOf(tenant, `SELECT 1 FROM ${table}`)]).toEqual([kind, []]);
      expect([kind, report.get(kind)?.lastDroppedAt]).toEqual([kind, expect.stringMatching(/^2096-1[12]/)]);
    }
    for (const kind of ['events', 'deduplication_ids', 'windows', 'audit', 'rule_changes'])
      expect([kind, report.get(kind)?.lastDroppedAt]).toEqual([kind, expect.any(String)]);
    expect(await rowsOf(tenant, 'SELECT n FROM periods')).toEqual([]);
    expect(await rowsNaming(tenant, [ADA.id])).toEqual({});
    const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 200 }));
    const applied = entries.filter(({ action }) => action === 'retention.applied');
    expect(new Set(applied.map(({ by }) => by))).toEqual(new Set(['relay']));
    expect(applied.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'events', periods: 1 }),
        expect.objectContaining({ kind: 'dead_letters', count: letters }),
        expect.objectContaining({ kind: 'detections', count: 1 }),
        expect.objectContaining({ kind: 'audit' }),
      ]),
    );
  });

  it('has one entry a day and kind in the audit, with what went in between in the next', async () => {
    const tenant = await tenantWithAll();
    await pass(tenant, 8);
    const entries = async () =>
      (await tenant.inside(async (relay) => relay.auditEntries({ limit: 200 }))).filter(
        ({ action, detail }) => action === 'retention.applied' && detail['kind'] === 'channel_memory',
      );
    const put = async (key: string) =>
      tenant.inside((_relay, { storage }) =>
        storage.sql.exec(
          'INSERT INTO channel_memory (lane, key, value, expires_at) VALUES (?, ?, ?, ?)',
          'edr/events',
          key,
          'x',
          tenant.nowMs,
        ),
      );
    for (const hours of [2, 2, 23]) {
      await put(`k-${tenant.nowMs}`);
      tenant.nowMs += hours * 3_600_000;
      await tenant.inside(async (relay) => relay.alarm());
    }
    expect((await entries()).map(({ detail }) => detail['count'])).toEqual([2, 1]);
  });

  it('says that a tenant is overdue whose alarm did not come', async () => {
    const tenant = await tenantWithAll();
    tenant.nowMs += DAY_MS;
    await tenant.alarm();
    tenant.nowMs += 30 * DAY_MS;
    const report = await lines(tenant);
    expect(report.get('events')).toMatchObject({ isOverdue: true });
    expect(report.get('detections')).toMatchObject({ isOverdue: true });
    expect(report.get('notices')).toMatchObject({ isOverdue: false });
  });
});
