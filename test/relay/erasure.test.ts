/** A person who is erased: nothing of them is left in any table but their key in the audit, and nobody else loses anything. */

import { describe, expect, it } from 'vitest';

import { edrAnswers, edrOnly, erase, erased, keyOfEmail, keyOfId, tablesWith } from './erasing.ts';
import { DAY_MS, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { EDR, Tenant } from './tenant.ts';

const ANNA = { id: 'anna.keller', email: 'anna.keller@acme.fr' };
const BOB = { id: 'bob.martin', email: 'bob.martin@acme.fr' };
const AUDITED = ['audit', 'erasures'];

/** A rule that counts users on each platform. */
const USERS_PER_PLATFORM = [
  {
    title: 'Each',
    name: 'users_part',
    logsource: { product: 'noxys', service: 'ai_firewall' },
    detection: { selection: { type: 'interaction.policy_violated' }, condition: 'selection' },
  },
  {
    title: 'Many users',
    name: 'many_users',
    level: 'high',
    correlation: {
      type: 'value_count',
      rules: ['users_part'],
      'group-by': ['platform'],
      timespan: '60m',
      condition: { gte: 10, field: 'user_id' },
    },
  },
]
  .map((part) => JSON.stringify(part))
  .join('\n---\n');

async function withAnna(privacy: Record<string, unknown> = {}): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    edrOnly({}, privacy)(document);
    withRules([repeatedViolations({ over: 1, relay: { watch: '24h' } }), USERS_PER_PLATFORM])(document);
  });
  await tenant.accept(
    tenant.event('evt-a1', { user: ANNA }),
    tenant.event('evt-b1', { user: BOB }),
    tenant.event('evt-a2', { user: ANNA }),
    tenant.event('evt-anna.keller-3', { user: ANNA, interactionId: 'int-anna.keller' }),
    tenant.event('evt-b2', {
      user: BOB,
      policy: { decision: 'block', name: 'Never for Anna.Keller' },
      model: 'anna keller-gpt',
    }),
  );
  return tenant;
}

describe('an erased person', () => {
  it('is in no table any more but by key in the audit, with windows, counts, watches and detections', async () => {
    const tenant = await withAnna();
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is delivered');
    expect(await tablesWith(tenant, 'anna.keller')).toEqual(
      expect.arrayContaining(['detections', 'events_1', 'seen_1', 'watched_users', 'windows_0']),
    );
    const view = await erased(tenant, ANNA);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await tablesWith(tenant, keyOfId(ANNA.id))).toEqual(AUDITED);
    expect(await tablesWith(tenant, keyOfEmail(ANNA.email))).toEqual(AUDITED);
    expect(view).toMatchObject({
      keys: [keyOfId(ANNA.id), keyOfEmail(ANNA.email)],
      removed: { events: 3, detections: 1, windows: 2, watches: 1, texts: 2 },
      undelivered: {},
      outside: { destinations: [{ destination: 'edr', type: 'harfanglab' }] },
      remaining: [],
      alsoSeen: [],
    });
  });

  it('leaves what others have: events, windows, detections, watches', async () => {
    const tenant = await withAnna();
    await erased(tenant, ANNA);
    const events = await rowsOf<{ body: string }>(tenant, 'SELECT body FROM events_1 ORDER BY seq');
    const bodies = events.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(bodies.map(({ user }) => user)).toEqual([BOB, BOB, BOB]);
    expect(bodies[1]).toMatchObject({ policy: { name: 'Never for …' }, model: '…-gpt' });
    const windows = await rowsOf<{ key: string; state: string }>(
      tenant,
      'SELECT * FROM windows_0 ORDER BY key',
    );
    expect(windows.map(({ key }) => key)).toEqual(['["bob.martin"]', '["perplexity"]']);
    const [, users] = windows.map(({ state }) => JSON.parse(state) as Record<string, unknown>);
    expect(users).toMatchObject({
      values: ['bob.martin', 'bob.martin'],
      gaps: [0, 0],
      ids: ['evt-b2', 'evt-b1'],
    });
    expect(await rowsOf(tenant, 'SELECT user FROM watched_users')).toEqual([{ user: 'bob.martin' }]);
    expect(await tablesWith(tenant, 'bob.martin')).toContain('detections');
  });

  it('is found by key alone, where the log has the names as they came, and as pseudonyms', async () => {
    const tenant = await withAnna();
    const changed = (document: Record<string, unknown>): void => {
      edrOnly({}, { user_id: 'pseudonymise', user_email: 'drop' })(document);
      withRules([repeatedViolations({ over: 1 })])(document);
    };
    await tenant.configure(changed);
    const pseudonym = { id: keyOfId(ANNA.id) };
    await tenant.accept(
      tenant.event('evt-p1', { user: pseudonym }),
      tenant.event('evt-p2', { user: { id: keyOfId(BOB.id) } }),
    );
    const view = await erased(tenant, { key: keyOfId(ANNA.id) });
    expect(await tablesWith(tenant, 'anna.keller')).toEqual([]);
    expect(await tablesWith(tenant, keyOfId(ANNA.id))).toEqual(AUDITED);
    expect(view).toMatchObject({ removed: { events: 4 }, alsoSeen: [keyOfEmail(ANNA.email)] });
    expect(await tablesWith(tenant, keyOfId(BOB.id))).toContain('events_1');
  });

  it.each([{ email: 'anna.keller@acme.fr' }, { email: 'ANNA.Keller@ACME.fr' }])(
    'is found by $email, whatever the capitals of the address that was kept',
    async (subject) => {
      const tenant = await Tenant.create((document) => {
        edrOnly()(document);
        withRules([repeatedViolations({ over: 1 }), USERS_PER_PLATFORM.replace('user_id', 'user_email')])(
          document,
        );
      });
      await tenant.accept(
        tenant.event('evt-1', { user: { email: 'Anna.Keller@acme.fr' } }),
        tenant.event('evt-2', { user: { email: 'anna.keller@acme.fr' } }),
        tenant.event('evt-3', { user: { email: 'anna.kellermann@acme.fr' } }),
      );
      expect(await tablesWith(tenant, 'anna.keller@acme.fr')).toContain('windows_0');
      const view = await erased(tenant, subject);
      expect(view).toMatchObject({ keys: [keyOfEmail('anna.keller@acme.fr')], removed: { events: 2 } });
      expect(await tablesWith(tenant, 'anna.keller@acme.fr')).toEqual([]);
      expect(await tablesWith(tenant, 'anna.kellermann@acme.fr')).toContain('events_1');
      await tenant.accept(
        tenant.event('evt-4', {
          user: { email: 'Anna.KELLER@acme.fr' },
          occurredAt: new Date(tenant.nowMs - DAY_MS).toISOString(),
          receivedAt: new Date(tenant.nowMs - DAY_MS).toISOString(),
        }),
      );
      expect(await tablesWith(tenant, 'anna.keller@acme.fr')).toEqual([]);
    },
  );

  it('is nobody whose name only begins alike, or whose id differs in its case', async () => {
    const tenant = await Tenant.create(edrOnly());
    const others = ['anna', 'anna.keller2', 'Anna.Keller', 'xanna.keller', 'anna.keller.b'];
    await tenant.accept(
      tenant.event('evt-a', { user: { id: ANNA.id } }),
      ...others.map((id, n) => tenant.event(`evt-${n}`, { user: { id } })),
    );
    expect(await erased(tenant, { id: ANNA.id })).toMatchObject({ removed: { events: 1, texts: 0 } });
    const rows = await rowsOf<{ body: string }>(tenant, 'SELECT body FROM events_1 ORDER BY seq');
    expect(rows.map(({ body }) => (JSON.parse(body) as { user: { id: string } }).user.id)).toEqual(others);
  });

  it('is taken out of the map of devices; what an operator wrote elsewhere is named', async () => {
    const tenant = await Tenant.create((document) => {
      edrOnly({ where: { user_id: ['anna.keller', 'bob.martin'] } })(document);
      document['device_map'] = { 'ANNA.keller': 'PC-1', 'bob.martin': 'PC-2' };
    });
    const view = await erased(tenant, { id: ANNA.id });
    expect(view).toMatchObject({
      removed: { devices: 1 },
      remaining: [{ path: 'destinations[0].where.user_id[0]' }],
    });
    const { config, version } = (await tenant.inside(async (relay) => relay.readConfig())) ?? {};
    expect([config?.device_map, version]).toEqual([{ 'bob.martin': 'PC-2' }, 2]);
    const audit = await tenant.stub.auditEntries({ limit: 10 });
    expect(audit.map(({ action, by }) => [action, by])).toEqual([
      ['user.erased', 'admin'],
      ['config.saved', 'admin'],
      ['user.erased', 'admin'],
      ['config.saved', 'unknown'],
    ]);
    expect(JSON.stringify(audit).toLowerCase()).not.toContain('anna');
  });

  it('is refused while it is held, alone or with everybody, and nothing is removed', async () => {
    const tenant = await Tenant.create(edrOnly());
    await tenant.accept(tenant.event('evt-a', { user: ANNA }));
    const hold = async (id: number, keys: string | null) =>
      rowsOf(tenant, "INSERT INTO legal_holds (id, at, keys, detail) VALUES (?, 0, ?, '{}')", id, keys);
    await hold(1, JSON.stringify([keyOfId(BOB.id)]));
    await hold(2, JSON.stringify([keyOfEmail(ANNA.email)]));
    expect(await erase(tenant, ANNA)).toEqual({ kind: 'held', holds: [2] });
    await rowsOf(tenant, 'DELETE FROM legal_holds WHERE id = 2');
    await hold(3, null);
    expect(await erase(tenant, ANNA)).toEqual({ kind: 'held', holds: [3] });
    expect(await tablesWith(tenant, 'anna.keller')).toContain('events_1');
    expect(await rowsOf(tenant, 'SELECT * FROM erasures')).toEqual([]);
  });
});

describe('events of an erased person', () => {
  it('from before are dropped for a week, redelivered or from the overflow, and answered as known', async () => {
    const tenant = await withAnna();
    const late = tenant.event('evt-late', { user: ANNA });
    const again = tenant.event('evt-anna.keller-3', { user: ANNA });
    const others = tenant.event('evt-b9', { user: BOB });
    tenant.nowMs += 1_000;
    await erased(tenant, ANNA);
    tenant.nowMs += 6 * DAY_MS;
    expect(await tenant.accept(late, again, others)).toEqual({
      kind: 'accepted',
      accepted: 1,
      duplicates: 2,
    });
    expect(await tenant.accept(late)).toEqual({ kind: 'accepted', accepted: 0, duplicates: 1 });
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    const [row] = await rowsOf<{ state: string }>(tenant, 'SELECT state FROM erasures');
    expect(JSON.parse(row?.state ?? '')).toMatchObject({ late: 3 });
  });

  it('are dropped after the object has started anew, too, and taken when a week is over', async () => {
    const tenant = await withAnna();
    const late = tenant.event('evt-late', { user: ANNA });
    tenant.nowMs += 1_000;
    await erased(tenant, ANNA);
    await tenant.evict();
    expect(await tenant.accept(late)).toMatchObject({ accepted: 0, duplicates: 1 });
    tenant.nowMs += 7 * DAY_MS + 1;
    expect(await tenant.accept(late)).toMatchObject({ accepted: 1 });
  });

  it('from after it are taken, counted anew and delivered', async () => {
    const tenant = await withAnna();
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is delivered');
    await erased(tenant, ANNA);
    tenant.nowMs += 1_000;
    tenant.destinations.sent.length = 0;
    expect(await tenant.accept(tenant.event('evt-new', { user: ANNA }))).toMatchObject({ accepted: 1 });
    await tenant.until(() => tenant.destinations.ids(EDR).includes('evt-new'), 'the new one is delivered');
    const [window] = await rowsOf<{ state: string }>(
      tenant,
      `SELECT state FROM windows_0 WHERE key = '["anna.keller"]'`,
    );
    expect(JSON.parse(window?.state ?? '')).toMatchObject({ gaps: [0], ids: ['evt-new'] });
  });
});

describe('texts that destinations wrote', () => {
  it('do not keep the name in dead letters of others, or in why a lane waits', async () => {
    const tenant = await Tenant.create(edrOnly());
    edrAnswers(tenant, 422, 'no place for anna.keller@acme.fr');
    await tenant.accept(tenant.event('evt-b1', { user: BOB }));
    await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 1, 'it is refused');
    edrAnswers(tenant, 503, 'anna.keller is not here');
    await tenant.accept(tenant.event('evt-b2', { user: BOB }));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'waiting', 'it waits');
    expect(await tablesWith(tenant, 'anna.keller')).toContain('dead_letters');
    await erased(tenant, ANNA);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await tenant.lane('edr/events')).toMatchObject({ deadLettered: 1, undelivered: 1, erased: 0 });
  });
});
