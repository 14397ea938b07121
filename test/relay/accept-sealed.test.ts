import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { AcceptSealedAnswer } from '../../src/domain/rpc.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { EDR, Tenant } from './tenant.ts';

const DAY_MS = 24 * 3_600_000;
const sealer = createSealer(settingsOf(env).masterKeys);

interface Sealing {
  readonly tenant?: string;
  readonly purpose?: string;
  readonly content?: string;
  readonly sealedAtMs?: number;
  readonly with?: typeof sealer;
}

/** Events as the Worker seals them, for their own tenant unless told otherwise. */
async function acceptSealed(tenant: Tenant, ids: readonly string[], sealing: Sealing = {}) {
  const content = JSON.stringify({ v: 1, events: ids.map((id) => tenant.event(id)) });
  const binding = { tenant: sealing.tenant ?? tenant.id, purpose: sealing.purpose ?? 'overflow' };
  const jwe = await (sealing.with ?? sealer).seal(sealing.content ?? content, binding);
  return handOver(tenant, encodeUtf8(jwe), sealing.sealedAtMs);
}

async function handOver(tenant: Tenant, sealed: Uint8Array, sealedAtMs = tenant.nowMs) {
  const answer: AcceptSealedAnswer = await tenant.stub.acceptSealed({ v: 1, sealed, sealedAtMs });
  return answer;
}

const UNREADABLE = { kind: 'refused', reason: 'unreadable' };

describe('acceptSealed', () => {
  it('takes what overflowed like any webhook, and delivers it', async () => {
    const tenant = await Tenant.create();
    expect(await acceptSealed(tenant, ['evt-1', 'evt-2'])).toEqual({
      kind: 'accepted',
      accepted: 2,
      duplicates: 0,
    });
    expect(await tenant.alarmAtMs()).toBe(tenant.nowMs + 5_000);
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1', 'evt-2']);
  });

  it('takes an event once, whether it comes sealed, doubled, or in a webhook before or after', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    expect(await acceptSealed(tenant, ['evt-1', 'evt-2'])).toMatchObject({ accepted: 1, duplicates: 1 });
    const again = await Promise.all([1, 2, 3].map(() => acceptSealed(tenant, ['evt-1', 'evt-2', 'evt-2'])));
    expect(again.every((answer) => answer.kind === 'accepted' && answer.accepted === 0)).toBe(true);
    expect(await tenant.accept(tenant.event('evt-2'))).toMatchObject({ accepted: 0, duplicates: 1 });
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-1', 'evt-2']);
  });

  it('recognises an event that it stored when it was sealed, for as long as the queue may keep it', async () => {
    const tenant = await Tenant.create();
    const sealedAtMs = tenant.nowMs;
    await tenant.accept(tenant.event('evt-1'));
    for (let day = 1; day <= 6; day++) {
      tenant.nowMs += DAY_MS;
      await tenant.accept(tenant.event(`evt-day-${day}`));
      await tenant.alarm();
    }
    expect(await acceptSealed(tenant, ['evt-1'], { sealedAtMs })).toMatchObject({ duplicates: 1 });
    tenant.nowMs += 1;
    expect(await acceptSealed(tenant, ['evt-1'], { sealedAtMs })).toEqual({
      kind: 'refused',
      reason: 'too_old',
    });
  });

  it('takes what was sealed by a clock ahead of its own', async () => {
    const tenant = await Tenant.create();
    const sealedAtMs = tenant.nowMs + DAY_MS;
    expect(await acceptSealed(tenant, ['evt-1'], { sealedAtMs })).toMatchObject({ accepted: 1 });
  });

  it.each<[string, Sealing]>([
    ['for another tenant', { tenant: 'somebody-else' }],
    ['for another purpose', { purpose: 'webhook' }],
    ['around something else than JSON', { content: 'nonsense' }],
    ['around no events', { content: '{"v":1,"events":[]}' }],
  ])('refuses a seal %s for good, and stores nothing', async (_case, sealing) => {
    const tenant = await Tenant.create();
    const rows = await tenant.inside((relay) => relay.rowsWritten);
    expect(await acceptSealed(tenant, ['evt-1'], sealing)).toEqual(UNREADABLE);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(rows);
  });

  it('refuses bytes that are no seal, or one that was tampered with', async () => {
    const tenant = await Tenant.create();
    const jwe = await sealer.seal('{"v":1}', { tenant: tenant.id, purpose: 'overflow' });
    const swapped = jwe.endsWith('A') ? 'B' : 'A';
    for (const text of ['', 'nonsense', 'a.b.c.d.e', `${jwe.slice(0, -8)}${swapped.repeat(8)}`]) {
      expect(await handOver(tenant, encodeUtf8(text))).toEqual(UNREADABLE);
    }
    expect(await handOver(tenant, new Uint8Array([0xff, 0xfe]))).toEqual(UNREADABLE);
  });

  it.each<[string, Sealing]>([
    ['a version that it does not know', { content: '{"v":2,"events":[]}' }],
    ['a key that it does not have', { with: createSealer({ primary: new Uint8Array(32).fill(9) }) }],
  ])('waits for %s: a deploy or a rotation may be under way', async (_case, sealing) => {
    const tenant = await Tenant.create();
    expect(await acceptSealed(tenant, ['evt-1'], sealing)).toEqual({
      kind: 'unavailable',
      reason: 'unknown_version',
    });
  });

  it('is not limited by the rate, and uses none of it up', async () => {
    const tenant = await Tenant.create((document) => {
      document['limits'] = { events_per_minute: 60, burst: 100 };
    });
    const ids = (from: number) => Array.from({ length: 100 }, (_, i) => `evt-${from + i}`);
    expect(await acceptSealed(tenant, ids(1))).toMatchObject({ accepted: 100 });
    expect(await acceptSealed(tenant, ids(101))).toMatchObject({ accepted: 100 });
    expect(await tenant.accept(...tenant.events(100, 201))).toMatchObject({ accepted: 100 });
    expect(await tenant.accept(...tenant.events(10, 301))).toMatchObject({ kind: 'rate_limited' });
    expect(await acceptSealed(tenant, ['evt-400'])).toMatchObject({ accepted: 1 });
  });

  it('waits while the space is used up', async () => {
    const tenant = await Tenant.create();
    const fillTo = async (spaceBytesFull: number) =>
      tenant.inside((relay) => {
        relay.sizes = { ...relay.sizes, spaceBytesFull };
        relay.load();
      });
    await fillTo(1);
    expect(await acceptSealed(tenant, ['evt-1'])).toEqual({ kind: 'unavailable', reason: 'space_exhausted' });
    await fillTo(9e9);
    expect(await acceptSealed(tenant, ['evt-1'])).toMatchObject({ accepted: 1 });
  });

  it('refuses a tenant without a config and writes nothing', async () => {
    const tenant = Tenant.unknown();
    expect(await acceptSealed(tenant, ['evt-1'])).toEqual({ kind: 'unknown_tenant' });
    const tables = await tenant.inside((_relay, state) => [
      ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
    ]);
    expect(tables).toEqual([]);
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(0);
    expect(await tenant.alarmAtMs()).toBeNull();
  });

  it('waits while the object can not read its storage, or can not write to it', async () => {
    const tenant = await Tenant.create();
    const rename = async (from: string, to: string) =>
      tenant.inside((_relay, state) => void state.storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`));
    const fault = { kind: 'unavailable', reason: 'object_fault' };
    await acceptSealed(tenant, ['evt-1']);
    await rename('events_1', 'events_gone');
    expect(await acceptSealed(tenant, ['evt-2'])).toEqual(fault);
    await rename('events_gone', 'events_1');
    await rename('lanes', 'lanes_gone');
    await tenant.inside((relay) => relay.load());
    expect(await acceptSealed(tenant, ['evt-2'])).toEqual(fault);
    await rename('lanes_gone', 'lanes');
    await tenant.inside((relay) => relay.load());
    expect(await acceptSealed(tenant, ['evt-2'])).toMatchObject({ accepted: 1 });
  });

  it('refuses an argument of a version that it does not know', async () => {
    const tenant = await Tenant.create();
    const request = { v: 2 as 1, sealed: new Uint8Array(), sealedAtMs: tenant.nowMs };
    expect(await tenant.stub.acceptSealed(request)).toEqual({
      kind: 'unavailable',
      reason: 'unknown_version',
    });
  });
});
