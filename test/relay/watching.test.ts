/** A rule that watches its user makes that user's next events one level graver. */

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { Level } from '../../src/domain/severity.ts';
import { DAY_MS, HOUR_MS, eachOf, rowsOf, rowsWrittenBy, withRules } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

const WATCHED_FOR = '24h';
const WATCH = [eachOf('alert.severity_critical', { relay: { watch: WATCHED_FOR } })];

async function watching(user: CanonicalEvent['user'] = { id: 'user-1' }): Promise<Tenant> {
  const tenant = await Tenant.create(withRules(WATCH));
  await tenant.accept(alert(tenant, 'alert', user));
  return tenant;
}

function alert(tenant: Tenant, id: string, user: CanonicalEvent['user']): CanonicalEvent {
  return tenant.event(id, { type: 'alert.severity_critical', severity: 'critical', ...(user && { user }) });
}

/** What is stored of an event. */
async function stored(tenant: Tenant, id: string): Promise<CanonicalEvent> {
  const tables = await rowsOf<{ n: number }>(tenant, 'SELECT n FROM periods ORDER BY n');
  for (const { n } of tables) {
    const [row] = await rowsOf<{ body: string }>(
      tenant,
      `SELECT body FROM events_${n} WHERE json_extract(body, '$.id') = ?`,
      id,
    );
    if (row) return JSON.parse(row.body) as CanonicalEvent;
  }
  throw new Error(`Cannot find ${id}`);
}

describe('a watched user', () => {
  it.each<[Level, Level]>([
    ['informational', 'low'],
    ['low', 'medium'],
    ['medium', 'high'],
    ['high', 'critical'],
  ])('has the level of events raised from %s to %s, with what it was', async (severity, raised) => {
    const tenant = await watching();
    await tenant.accept(tenant.event('next', { severity }));
    expect(await stored(tenant, 'next')).toMatchObject({ severity: raised, raisedFrom: severity });
  });

  it('has critical events as they are, and the event that it is watched for, too', async () => {
    const tenant = await watching();
    await tenant.accept(tenant.event('next', { severity: 'critical' }));
    for (const id of ['alert', 'next']) {
      expect(await stored(tenant, id)).toMatchObject({ severity: 'critical' });
      expect(await stored(tenant, id)).not.toHaveProperty('raisedFrom');
    }
  });

  it('is watched for as long as the rule says, and the detection says until when', async () => {
    const tenant = await watching();
    const beganAtMs = tenant.nowMs;
    const [row] = await rowsOf<{ body: string }>(tenant, 'SELECT body FROM detections');
    expect((JSON.parse(row?.body ?? '') as CanonicalEvent).detection?.watchedUntil).toBe(
      new Date(beganAtMs + DAY_MS).toISOString(),
    );
    tenant.nowMs = beganAtMs + DAY_MS - 1;
    await tenant.accept(tenant.event('within'));
    tenant.nowMs = beganAtMs + DAY_MS;
    await tenant.accept(tenant.event('after'));
    expect(await stored(tenant, 'within')).toMatchObject({ severity: 'critical', raisedFrom: 'high' });
    expect(await stored(tenant, 'after')).toMatchObject({ severity: 'high' });
  });

  it('has what happened before as it was, however late it comes', async () => {
    const tenant = await watching();
    const occurredAt = new Date(tenant.nowMs - 1).toISOString();
    await tenant.accept(tenant.event('late', { occurredAt }));
    await tenant.crash();
    await tenant.accept(tenant.event('later', { occurredAt }), tenant.event('next'));
    expect(await stored(tenant, 'late')).not.toHaveProperty('raisedFrom');
    expect(await stored(tenant, 'later')).not.toHaveProperty('raisedFrom');
    expect(await stored(tenant, 'next')).toMatchObject({ raisedFrom: 'high' });
  });

  it('is watched from the earlier of two detections on, in whatever order they come', async () => {
    const tenant = await watching();
    const early = new Date(tenant.nowMs - HOUR_MS).toISOString();
    await tenant.accept({ ...alert(tenant, 'earlier', { id: 'user-1' }), occurredAt: early });
    const between = new Date(tenant.nowMs - HOUR_MS / 2).toISOString();
    await tenant.accept(tenant.event('late', { occurredAt: between }));
    expect(await stored(tenant, 'late')).toMatchObject({ raisedFrom: 'high' });
  });

  it('is no other user', async () => {
    const tenant = await watching();
    await tenant.accept(tenant.event('other', { user: { id: 'user-2', email: 'user-2@example.org' } }));
    expect(await stored(tenant, 'other')).toMatchObject({ severity: 'high' });
  });

  it('is known by the e-mail address where there is no id', async () => {
    const tenant = await watching({ email: 'p_1' });
    await tenant.accept(tenant.event('next', { user: { email: 'p_1' } }));
    expect(await stored(tenant, 'next')).toMatchObject({ raisedFrom: 'high' });
  });

  it('is watched from the next event of the same webhook on, and after a crash', async () => {
    const tenant = await Tenant.create(withRules(WATCH));
    const user = { id: 'user-1' };
    await tenant.accept(tenant.event('before'), alert(tenant, 'alert', user), tenant.event('same'));
    await tenant.crash();
    await tenant.accept(tenant.event('next'));
    expect(await stored(tenant, 'before')).not.toHaveProperty('raisedFrom');
    expect(await stored(tenant, 'same')).toMatchObject({ raisedFrom: 'high' });
    expect(await stored(tenant, 'next')).toMatchObject({ raisedFrom: 'high' });
  });

  it('is watched for longer after another detection, and never shorter', async () => {
    const tenant = await watching();
    const beganAtMs = tenant.nowMs;
    tenant.nowMs += HOUR_MS;
    await tenant.accept(alert(tenant, 'again', { id: 'user-1' }));
    const late = {
      ...alert(tenant, 'late', { id: 'user-1' }),
      occurredAt: new Date(beganAtMs).toISOString(),
    };
    await tenant.accept(late);
    expect(await rowsOf(tenant, 'SELECT * FROM watched_users')).toEqual([
      { user: 'user-1', since: beganAtMs, until: beganAtMs + HOUR_MS + DAY_MS },
    ]);
  });

  it('has an event that is sent again stored once, as it was', async () => {
    const tenant = await Tenant.create(withRules(WATCH));
    const event = tenant.event('evt-1');
    await tenant.accept(event);
    await tenant.accept(alert(tenant, 'alert', { id: 'user-1' }));
    expect(await tenant.accept(event)).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await stored(tenant, 'evt-1')).toMatchObject({ severity: 'high' });
  });

  it('is forgotten once no event of the time can come any more', async () => {
    const tenant = await watching();
    const beganAtMs = tenant.nowMs;
    tenant.nowMs = beganAtMs + DAY_MS + 6 * DAY_MS - 1;
    await tenant.alarm();
    expect(await rowsOf(tenant, 'SELECT * FROM watched_users')).toHaveLength(1);
    await tenant.passTimeUntil(
      async () => (await rowsOf(tenant, 'SELECT * FROM watched_users')).length === 0,
      'nobody is watched',
    );
    expect(tenant.nowMs).toBeLessThan(beganAtMs + 9 * DAY_MS);
  });

  it('is still watched where the rule is gone, and costs no row for each event', async () => {
    const tenant = await watching();
    await tenant.configure((document) => {
      document['destinations'] = [];
    });
    const rows = await rowsWrittenBy(tenant, async () => tenant.accept(...tenant.events(10)));
    expect(rows).toBeLessThanOrEqual(21);
    expect(await stored(tenant, 'evt-1')).toMatchObject({ raisedFrom: 'high' });
  });
});
