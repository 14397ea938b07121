/** What a tenant that gets nothing any more costs: few alarms, and none again and again for what can't be done. */

import { describe, expect, it } from 'vitest';

import { DAY_MS, eachOf, repeatedViolations, withRules } from './rules-for-test.ts';
import { Tenant } from './tenant.ts';

const actor = { by: 'admin', requestId: 'req-1' };
const ADA = { id: 'ada' };

/** A tenant with something of most kinds that are dropped when they are too old. */
async function idleTenant(): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    withRules([eachOf('alert.severity_critical', { relay: { watch: '24h' } }), repeatedViolations()])(
      document,
    );
    document['privacy'] = { sealed_map: true };
    document['retention'] = { events: 5, detections: 10, rollups: 20, audit: 35 };
  });
  await tenant.accept(
    ...tenant.events(5),
    tenant.event('evt-critical', { type: 'alert.severity_critical', user: ADA }),
  );
  const lane = async () => (await tenant.lane('edr/events')).undelivered;
  await tenant.until(async () => (await lane()) === 0, 'all is delivered');
  await tenant.inside((_relay, { storage }) => {
    storage.sql.exec("INSERT INTO pseudonyms (key, sealed, at) VALUES ('k', 's', ?)", tenant.nowMs);
  });
  return tenant;
}

/** From alarm to alarm, and no other call: how many there are, and the rows that they write. */
async function cost(tenant: Tenant, days: number): Promise<{ alarms: number; rows: number }> {
  const endsAtMs = tenant.nowMs + days * DAY_MS;
  const written = async (): Promise<number> => tenant.inside((relay) => relay.rowsWritten);
  const before = await written();
  for (let alarms = 0; ; alarms++) {
    const atMs = (await tenant.alarmAtMs()) ?? Infinity;
    if (atMs > endsAtMs || alarms > 2_000) return { alarms, rows: (await written()) - before };
    tenant.nowMs = Math.max(tenant.nowMs, atMs);
    await tenant.alarm();
    await scheduler.wait(1);
  }
}

async function hold(tenant: Tenant, subject?: { readonly id: string }): Promise<void> {
  await tenant.inside(async (relay) =>
    relay.placeHold({ v: 1, actor, reason: 'a case', ...(subject && { subject }) }),
  );
}

const CASES: readonly (readonly [string, (tenant: Tenant) => Promise<void>])[] = [
  ['that nobody is held of', async () => undefined],
  ['of which everything is held', async (tenant) => hold(tenant)],
  ['of which a person is held', async (tenant) => hold(tenant, ADA)],
  [
    'with an erasure that a hold puts off',
    async (tenant) => {
      await tenant.inside(async (relay) => relay.erase({ v: 1, actor, subject: ADA }));
      await hold(tenant);
    },
  ],
  [
    'whose hold of everything was lifted after a month',
    async (tenant) => {
      await hold(tenant);
      tenant.nowMs += 30 * DAY_MS;
      await tenant.alarm();
      await tenant.inside(async (relay) => relay.liftHold({ v: 1, actor, id: 1 }));
    },
  ],
];

describe('400 days of a tenant that gets nothing any more', () => {
  it.each(CASES)('%s: an alarm in four days, and few rows', async (_of, prepare) => {
    const tenant = await idleTenant();
    await prepare(tenant);
    const { alarms, rows } = await cost(tenant, 400);
    expect(alarms).toBeLessThan(100);
    expect(rows).toBeLessThan(700);
  });

  it('of which a person is held whose key does not open: an alarm an hour at most', async () => {
    const tenant = await idleTenant();
    await hold(tenant, ADA);
    await tenant.inside((_relay, { storage }) => {
      storage.sql.exec("UPDATE config SET document = json_set(document, '$.pseudonym_key', 'no.seal')");
    });
    await tenant.evict();
    expect((await cost(tenant, 5)).alarms).toBeLessThan(20);
    const { alarms } = await cost(tenant, 10);
    expect(alarms).toBeGreaterThan(100);
    expect(alarms).toBeLessThan(10 * 25);
  });
});
