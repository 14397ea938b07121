import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { ObjectHealth, WebhookView } from '../../src/domain/object-health.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { START_MS, Tenant } from './tenant.ts';

async function lastOf(tenant: Tenant): Promise<WebhookView | undefined> {
  const health: ObjectHealth | null = await tenant.stub.health();
  return health?.lastWebhook;
}

async function row(tenant: Tenant): Promise<unknown> {
  return tenant.inside((_relay, state) => [...state.storage.sql.exec('SELECT * FROM last_webhook')][0]);
}

const at = (ms: number) => new Date(ms).toISOString();

describe('the last webhook', () => {
  it('is none before the first', async () => {
    expect(await lastOf(await Tenant.create())).toBeUndefined();
  });

  it('is known at once, and written with the roll-ups', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'), tenant.event('evt-2', { type: 'alert.severity_high' }));
    const first = { at: at(START_MS), type: 'interaction.policy_violated', accepted: true };
    expect(await lastOf(tenant)).toEqual(first);
    expect(await row(tenant)).toBeUndefined();
    tenant.nowMs += 61_000;
    await tenant.alarm();
    await tenant.evict();
    expect(await lastOf(tenant)).toEqual(first);
  });

  it('is one that was repeated, and one that was over the limit, too', async () => {
    const tenant = await Tenant.create((document) => {
      document['limits'] = { events_per_minute: 1, burst: 100 };
    });
    await tenant.accept(tenant.event('evt-1'));
    tenant.nowMs += 1_000;
    await tenant.accept(tenant.event('evt-1'));
    expect(await lastOf(tenant)).toMatchObject({ at: at(START_MS + 1_000), accepted: true });
    tenant.nowMs += 1_000;
    expect(await tenant.accept(...tenant.events(100, 2))).toMatchObject({ kind: 'rate_limited' });
    expect(await lastOf(tenant)).toMatchObject({ at: at(START_MS + 2_000), accepted: false });
  });

  it('is one that overflowed, by the time at which it came', async () => {
    const tenant = await Tenant.create();
    const { masterKeys } = settingsOf(env);
    const content = JSON.stringify({ v: 1, events: [tenant.event('evt-1')] });
    const jwe = await createSealer(masterKeys).seal(content, { tenant: tenant.id, purpose: 'overflow' });
    tenant.nowMs += 60_000;
    await tenant.stub.acceptSealed({ v: 1, sealed: encodeUtf8(jwe), sealedAtMs: START_MS + 1 });
    expect(await lastOf(tenant)).toEqual({
      at: at(START_MS + 1),
      type: 'interaction.policy_violated',
      accepted: true,
    });
  });

  it('is known after an eviction, although no minute had passed to write it', async () => {
    const tenant = await Tenant.create();
    await tenant.stub.noteWebhook({ v: 1, atMs: START_MS, type: 'webhook.test' });
    tenant.nowMs += 5_000;
    await tenant.accept(tenant.event('evt-1'));
    await tenant.evict();
    expect(await lastOf(tenant)).toEqual({
      at: at(START_MS + 5_000),
      type: 'interaction.policy_violated',
      accepted: true,
    });
  });

  it('is what the Worker notes of webhooks that it does not forward', async () => {
    const tenant = await Tenant.create();
    await tenant.stub.noteWebhook({ v: 1, atMs: START_MS - 10, type: 'webhook.test' });
    const noted = { at: at(START_MS - 10), type: 'webhook.test', accepted: false };
    expect(await lastOf(tenant)).toEqual(noted);
    await tenant.evict();
    expect(await lastOf(tenant)).toEqual(noted);
  });

  it('is never an earlier one than is known, nor one from a clock that is ahead', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.stub.noteWebhook({ v: 1, atMs: START_MS - 1, type: 'webhook.test' });
    expect(await lastOf(tenant)).toMatchObject({ accepted: true });
    await tenant.stub.noteWebhook({ v: 1, atMs: START_MS + 3_600_000, type: 'webhook.test' });
    expect(await lastOf(tenant)).toEqual({ at: at(START_MS), type: 'webhook.test', accepted: false });
    tenant.nowMs -= 600_000;
    await tenant.accept(tenant.event('evt-2'));
    expect(await lastOf(tenant)).toMatchObject({ at: at(START_MS - 600_000), accepted: true });
  });

  it('costs at most one row a minute, however many come', async () => {
    const tenant = await Tenant.create();
    const before = await tenant.inside((relay) => relay.rowsWritten);
    for (let i = 0; i < 119; i++) {
      await tenant.stub.noteWebhook({ v: 1, atMs: tenant.nowMs, type: 'webhook.test' });
      tenant.nowMs += 1_000;
    }
    expect(await tenant.inside((relay) => relay.rowsWritten)).toBe(before + 2);
  });

  it('leaves no trace in an object that was never configured, nor in an unknown version', async () => {
    const unknown = Tenant.unknown();
    await unknown.stub.noteWebhook({ v: 1, atMs: START_MS, type: 'webhook.test' });
    expect(await unknown.inside((relay) => relay.rowsWritten)).toBe(0);
    expect(await unknown.stub.health()).toBeNull();
    const tenant = await Tenant.create();
    await tenant.stub.noteWebhook({ v: 2 as unknown as 1, atMs: START_MS, type: 'webhook.test' });
    expect(await lastOf(tenant)).toBeUndefined();
  });
});
