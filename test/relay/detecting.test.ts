/** Rules run on what comes in: what they find is stored together with the event, or neither is. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { OVERFLOW_PURPOSE, writeOverflowContent } from '../../src/domain/overflow.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { HOUR_MS, detectionsOf, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const MINUTE_MS = 60_000;

/** Accepts violations one by one, so many minutes apart. */
async function violate(tenant: Tenant, events: readonly string[], { minutes = 1, user = 'user-1' } = {}) {
  for (const id of events) {
    await tenant.accept(tenant.event(id, { user: { id: user } }));
    tenant.nowMs += minutes * MINUTE_MS;
  }
}

function ids(count: number, prefix = 'evt'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}-${i + 1}`);
}

async function seal(tenant: Tenant, events: readonly CanonicalEvent[]): Promise<Uint8Array<ArrayBuffer>> {
  const content = writeOverflowContent(events.map((event) => JSON.stringify(event)));
  const binding = { tenant: tenant.id, purpose: OVERFLOW_PURPOSE };
  return encodeUtf8(await createSealer(settingsOf(env).masterKeys).seal(content, binding));
}

describe('a rule that counts', () => {
  it.each([
    ["HarfangLab's guide", 'noxys_hl3_repeated_violations', 5],
    ["Falcon's guide", 'noxys_cs2_high_volume', 10],
  ])(
    'of %s fires on the event that is one more than its threshold, and on none before',
    async (_guide, name, over) => {
      const tenant = await Tenant.create((document) => {
        document['rules'] = { catalog: 'all' };
      });
      const found = async () => (await detectionsOf(tenant)).filter((line) => line.startsWith(name));
      await violate(tenant, ids(over));
      expect(await found()).toEqual([]);
      await violate(tenant, ['one-more', 'and-another']);
      expect(await found()).toEqual([`${name} one-more`]);
    },
  );

  it('has started anew 61 minutes later', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    await violate(tenant, ids(5), { minutes: 0 });
    tenant.nowMs += 61 * MINUTE_MS;
    await violate(tenant, ids(5, 'later'), { minutes: 0 });
    expect(await detectionsOf(tenant)).toEqual([]);
    await violate(tenant, ['sixth']);
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
  });

  it('counts an event of a late webhook when it happened', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    const atMs = tenant.nowMs;
    await violate(tenant, ids(4));
    tenant.nowMs += 3 * HOUR_MS;
    await tenant.accept(tenant.event('now'));
    const late = (id: string, minute: number) =>
      tenant.event(id, { occurredAt: new Date(atMs + minute * MINUTE_MS).toISOString() });
    await tenant.accept(late('late-1', 7));
    expect(await detectionsOf(tenant)).toEqual([]);
    await tenant.accept(late('late-2', 5));
    expect(await detectionsOf(tenant)).toHaveLength(1);
  });

  it('counts a redelivered webhook once, and finds the same once', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    const events = tenant.events(5);
    await tenant.accept(...events);
    await tenant.accept(...events);
    for (const event of events) await tenant.accept(event);
    expect(await detectionsOf(tenant)).toEqual([]);
    const sixth = tenant.event('sixth');
    expect(await tenant.accept(sixth)).toEqual({ kind: 'accepted', accepted: 1, duplicates: 0 });
    expect(await tenant.accept(sixth)).toEqual({ kind: 'accepted', accepted: 0, duplicates: 1 });
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
  });

  it('does not mix a hundred users', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    const users = ids(100, 'user');
    const round = (n: number) => users.map((user) => tenant.event(`${user}-${n}`, { user: { id: user } }));
    for (let n = 1; n <= 5; n++) await tenant.accept(...round(n));
    expect(await detectionsOf(tenant)).toEqual([]);
    await tenant.accept(...round(6));
    expect(await detectionsOf(tenant)).toEqual(users.map((user) => `repeated_violations ${user}-6`));
  });

  it('counts on over a crash, an eviction and a batch', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    await tenant.accept(...tenant.events(2));
    await tenant.crash();
    await tenant.accept(...tenant.events(2, 3));
    await tenant.evict();
    await tenant.accept(tenant.event('fifth'));
    expect(await detectionsOf(tenant)).toEqual([]);
    await tenant.crash();
    await tenant.accept(tenant.event('sixth'));
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
    await tenant.crash();
    expect(await tenant.accept(tenant.event('sixth'))).toMatchObject({ duplicates: 1 });
    expect(await detectionsOf(tenant)).toHaveLength(1);
  });

  it('counts what comes at the same time, and what overflowed, once each', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    const sealed = await seal(tenant, tenant.events(3));
    const sealedAtMs = tenant.nowMs;
    const takeSealed = async () =>
      tenant.inside(async (relay) => relay.acceptSealed({ v: 1, sealed, sealedAtMs }));
    await Promise.all([takeSealed(), tenant.accept(...tenant.events(2, 4)), takeSealed()]);
    expect(await detectionsOf(tenant)).toEqual([]);
    await Promise.all([tenant.accept(tenant.event('sixth')), tenant.accept(tenant.event('sixth'))]);
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
  });

  it('is evaluated with nothing left behind where the transaction fails', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    await tenant.accept(...tenant.events(5));
    await rowsOf(tenant, 'ALTER TABLE detections RENAME TO elsewhere');
    expect(await tenant.accept(tenant.event('sixth'))).toMatchObject({ kind: 'unavailable' });
    await rowsOf(tenant, 'ALTER TABLE elsewhere RENAME TO detections');
    expect(await tenant.accept(tenant.event('sixth'))).toMatchObject({ accepted: 1 });
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
  });
});

describe('what a rule found', () => {
  it('is an entry of the log right after its event, delivered, and not counted as accepted', async () => {
    const tenant = await Tenant.create(withRules([eachOf('interaction.policy_violated')]));
    const answer = await tenant.accept(...tenant.events(2));
    expect(answer).toEqual({ kind: 'accepted', accepted: 2, duplicates: 0 });
    await tenant.untilTaken(HEC, 4);
    const [first = '', second = '', third = '', fourth = ''] = tenant.destinations.ids(HEC);
    expect([first, third]).toEqual(['evt-1', 'evt-2']);
    expect([second, fourth].every((id) => /^det_[a-z2-7]{26}$/i.test(id))).toBe(true);
    expect(await tenant.stub.health()).toMatchObject({ eventsAccepted: 2 });
    const rows = await rowsOf<{ seq: number; id: string; at: number; verdict: null; body: string }>(
      tenant,
      'SELECT d.* FROM detections d ORDER BY seq',
    );
    expect(rows).toMatchObject([
      { seq: 2, id: second, at: tenant.nowMs, level: 'high', dry_run: 0, verdict: null },
      { seq: 4, id: fourth },
    ]);
    const [logged] = await rowsOf<{ body: string }>(tenant, 'SELECT body FROM events_1 WHERE seq = 2');
    expect(rows[0]?.body).toBe(logged?.body);
  });

  it('does not count as what was accepted after a crash either', async () => {
    const tenant = await Tenant.create(withRules([eachOf('interaction.policy_violated')]));
    await tenant.accept(...tenant.events(3));
    await tenant.crash();
    await tenant.accept(tenant.event('evt-4'));
    expect(await tenant.stub.health()).toMatchObject({ eventsAccepted: 4 });
    const seqs = await rowsOf<{ seq: number }>(tenant, 'SELECT seq FROM events_1 ORDER BY seq');
    expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('is recorded, counted and delivered to nobody where its rule runs dry', async () => {
    const dry = eachOf('interaction.policy_violated', { relay: { dry_run: true, watch: '24h' } });
    const tenant = await Tenant.create(withRules([dry]));
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(HEC, 1);
    await tenant.untilTaken(EDR, 1);
    expect(await detectionsOf(tenant)).toEqual(['each evt-1']);
    expect(tenant.destinations.sent.flatMap((sent) => sent.ids)).toEqual(['evt-1', 'evt-1']);
    expect(await rowsOf(tenant, 'SELECT * FROM watched_users')).toEqual([]);
    const [stats] = await rowsOf<{ counts: string }>(tenant, 'SELECT counts FROM rule_stats');
    expect(JSON.parse(stats?.counts ?? '')).toMatchObject({ detections: 0, dryRuns: 1, failures: 0 });
  });

  it('keeps no lane behind that takes none of it', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations({ over: 1 })]));
    await tenant.accept(...tenant.events(4));
    await tenant.untilTaken(HEC, 5);
    await tenant.until(
      async () => (await tenant.stub.lanes()).every(({ undelivered }) => undelivered === 0),
      'nothing is owed',
    );
    expect(tenant.destinations.ids(EDR)).not.toContain(tenant.destinations.ids(HEC)[2]);
  });
});

describe('a rule that fails', () => {
  const WINDOWS = 'UPDATE windows_0 SET state = ?';

  it('lets the event and the other rules go on, is counted, and told once', async () => {
    const tenant = await Tenant.create(
      withRules([repeatedViolations(), eachOf('interaction.policy_violated')]),
    );
    await tenant.accept(tenant.event('evt-1'));
    await rowsOf(tenant, WINDOWS, '{"entries":[user-1');
    expect(await tenant.accept(...tenant.events(2, 2))).toMatchObject({ accepted: 2 });
    expect(await detectionsOf(tenant)).toEqual(['each evt-1', 'each evt-2', 'each evt-3']);
    const stats = await rowsOf<{ rule: string; counts: string }>(tenant, 'SELECT * FROM rule_stats');
    const counts = stats.map(({ counts: text }) => JSON.parse(text) as { failures: number });
    expect(counts.reduce((sum, { failures }) => sum + failures, 0)).toBe(1);
    const notices = await tenant.stub.notices({ limit: 10 });
    expect(notices).toMatchObject([{ kind: 'rule_failed', count: 1 }]);
    expect(notices[0]?.text).toContain('repeated_violations failed on 1 event');
    expect(notices[0]?.text).not.toContain('user-1');
  });

  it('counts anew from there where its window can not be read', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations()]));
    await tenant.accept(tenant.event('evt-1'));
    await rowsOf(tenant, WINDOWS, 'null');
    await tenant.accept(tenant.event('lost'));
    await tenant.accept(...tenant.events(5, 2));
    expect(await detectionsOf(tenant)).toEqual([]);
    await tenant.accept(tenant.event('sixth'));
    expect(await detectionsOf(tenant)).toEqual(['repeated_violations sixth']);
  });
});
