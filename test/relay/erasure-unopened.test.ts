/** An erasure whose names do not open any more, as the master key that sealed them is gone. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { encodeBase64Url } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { edrOnly, erase, erasures, tablesWith } from './erasing.ts';
import { Tenant } from './tenant.ts';

const actor = { by: 'admin', requestId: 'req-1' };
const OLD_KEY = new Uint8Array(32).fill(7);
const ADA = { id: 'ada.lovelace' };
const BOB = { id: 'bob.stored' };

/** Ada's erasure has begun, is put off by a hold, and its row is changed. */
async function putOff(tenant: Tenant, change: string): Promise<void> {
  await tenant.inside(async (relay, { storage }) => {
    relay.io.sleep = async () => new Promise(() => undefined);
    expect(await relay.erase({ v: 1, actor, subject: ADA })).toMatchObject({ kind: 'erasing' });
    await relay.placeHold({ v: 1, actor, reason: 'a case' });
    storage.sql.exec(`UPDATE erasures SET state = ${change}`);
  });
}

/** Ada's erasure was put off by a hold, and the master key was changed twice meanwhile. */
async function withUnopenedErasure(): Promise<Tenant> {
  const tenant = await Tenant.create(edrOnly());
  await tenant.accept(tenant.event('evt-1', { user: ADA }), tenant.event('evt-2', { user: BOB }));
  await tenant.until(async () => (await tenant.lane('edr/events')).delivered === 2, 'both are delivered');
  await putOff(tenant, "json_set(state, '$.sealed', 'a.seal.of.another.key')");
  await tenant.evict();
  await tenant.inside(async (relay) => relay.liftHold({ v: 1, actor, id: 1 }));
  await tenant.alarm();
  return tenant;
}

describe('an erasure whose names do not open any more', () => {
  it('keeps no other erasure waiting', async () => {
    const tenant = await withUnopenedErasure();
    await erase(tenant, BOB);
    await tenant.until(
      async () => (await erasures(tenant)).some(({ doneAt }) => doneAt !== undefined),
      'the other is done',
    );
    expect(await tablesWith(tenant, BOB.id)).toEqual([]);
  });

  it('is looked after ever less often', async () => {
    const tenant = await withUnopenedErasure();
    const beganAtMs = tenant.nowMs;
    for (let alarms = 0; alarms < 30; alarms++) {
      tenant.nowMs = Math.max(tenant.nowMs, (await tenant.alarmAtMs()) ?? tenant.nowMs);
      await tenant.alarm();
      await scheduler.wait(2);
    }
    expect(tenant.nowMs - beganAtMs).toBeGreaterThan(12 * 3_600_000);
  });

  it('is not there where all was sealed anew in time: its names were, too', async () => {
    const tenant = await Tenant.create(edrOnly());
    const names = JSON.stringify({ ids: [ADA.id], emails: [] });
    const sealed = await createSealer({ primary: OLD_KEY }).seal(names, {
      tenant: tenant.id,
      purpose: 'erasure',
    });
    await putOff(tenant, `json_set(state, '$.sealed', '${sealed}')`);
    const both = { ...env, RELAY_MASTER_KEY_PREVIOUS: encodeBase64Url(OLD_KEY) };
    await tenant.inside((relay) => {
      Object.assign(relay, { env: both });
      relay.load();
    });
    await tenant.inside(async (relay) => relay.resealNames({ v: 1, actor }));
    await tenant.evict();
    await tenant.inside(async (relay) => relay.liftHold({ v: 1, actor, id: 1 }));
    await tenant.until(
      async () => (await erasures(tenant)).every(({ doneAt }) => doneAt !== undefined),
      'it is done',
    );
    expect(await tablesWith(tenant, ADA.id)).toEqual([]);
  });

  it('comes to its end when it is asked for again', async () => {
    const tenant = await withUnopenedErasure();
    expect(await erase(tenant, ADA)).toMatchObject({ kind: 'erasing', erasure: { id: 1 } });
    await tenant.until(
      async () => (await erasures(tenant)).every(({ doneAt }) => doneAt !== undefined),
      'it is done',
    );
    expect(await tablesWith(tenant, ADA.id)).toEqual([]);
    expect(await tenant.lane('edr/events')).toMatchObject({ delivered: 2, undelivered: 0 });
  });
});
