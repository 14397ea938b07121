import { describe, expect, it } from 'vitest';

import { EDR, HEC, Tenant } from './tenant.ts';

const ACTOR = { by: 'bootstrap', requestId: 'req-1' };

async function endPauses(tenant: Tenant, expectedVersion = 1) {
  return tenant.stub.endPauses({ v: 1, actor: ACTOR, expectedVersion });
}

describe('a config that is saved again unchanged', () => {
  it('ends the pause of a blocked lane at once and for good', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('', { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    expect(await endPauses(tenant)).toEqual({ kind: 'ended', version: 1, isPublished: true });
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'idle', 'it goes on');
  });

  it('ends it although the object dies right after', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('', { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    tenant.destinations.answer(EDR, () => new Promise<Response>(() => undefined));
    await endPauses(tenant);
    await tenant.crash();
    tenant.destinations.answer(EDR, () => new Response('{}'));
    const { nowMs } = tenant;
    await tenant.passTimeUntil(() => tenant.destinations.ids(EDR).length === 1, 'it goes on');
    expect(tenant.nowMs - nowMs).toBeLessThanOrEqual(10_000);
  });

  it('is not undone by the failure of a probe that was under way', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('', { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    let isRefused = false;
    let probes = 0;
    tenant.destinations.answer(EDR, async () => {
      probes++;
      while (!isRefused) await scheduler.wait(1);
      return new Response('', { status: 401 });
    });
    tenant.nowMs += 15 * 60_000;
    await tenant.until(() => probes === 1, 'a probe is under way');
    tenant.destinations.answer(EDR, () => new Response('{}'));
    await endPauses(tenant);
    isRefused = true;
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'idle', 'it goes on');
    expect(probes).toBe(1);
  });

  it('writes no row and arms no alarm where no lane is paused', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(...tenant.events(5));
    await tenant.untilTaken(EDR, 5);
    await tenant.untilTaken(HEC, 5);
    await tenant.until(
      async () =>
        (await tenant.stub.lanes()).every(({ state, undelivered }) => state === 'idle' && undelivered === 0),
      'all is settled',
    );
    await scheduler.wait(20);
    const [rows, alarmAtMs] = [await tenant.inside((relay) => relay.rowsWritten), await tenant.alarmAtMs()];
    for (let i = 0; i < 5; i++) expect(await endPauses(tenant)).toMatchObject({ kind: 'ended' });
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows);
    expect(await tenant.alarmAtMs()).toBe(alarmAtMs);
  });

  it('is audited where it ended a pause, with the lanes', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, () => new Response('', { status: 401 }));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    await endPauses(tenant);
    const rows = await tenant.inside((_relay, { storage }) =>
      storage.sql.exec("SELECT actor, detail FROM audit WHERE action = 'pauses.ended'").toArray(),
    );
    expect(rows).toEqual([{ actor: 'bootstrap', detail: '{"lanes":["edr/events"]}' }]);
  });

  it('is refused when the config was changed meanwhile, and by an object without a tenant', async () => {
    const tenant = await Tenant.create();
    await tenant.configure();
    expect(await endPauses(tenant)).toEqual({ kind: 'version_conflict', version: 2 });
    expect(await endPauses(Tenant.unknown())).toEqual({ kind: 'unknown_tenant' });
  });
});
