/** All that is stored of a person, page by page: nothing of theirs is missing, and nothing of another's is in it. */

import { describe, expect, it } from 'vitest';

import type { PrivacyConfig } from '../../src/domain/tenant-config.ts';
import { pseudonymOf } from '../../src/ingest/pseudonym.ts';
import { decodeBase64 } from '../../src/lib/bytes.ts';
import { repeatedViolations, askedWhileRemoved, eachOf, rowsOf, withRules } from './rules-for-test.ts';
import { countsOf, exported, rowsNaming } from './stored-of-person.ts';
import { EDR, Tenant } from './tenant.ts';

/** The key that tenant.ts seals for every tenant. */
const PSEUDONYM_KEY = decodeBase64('A'.repeat(43)) ?? new Uint8Array(0);
const ADA = { id: 'ada.lovelace', email: 'ada@acme.fr' };
const BOB = { id: 'bob.builder', email: 'bob@acme.fr' };
const ADA_KEYS = [
  pseudonymOf(ADA.id, 'user_id', PSEUDONYM_KEY),
  pseudonymOf(ADA.email, 'user_email', PSEUDONYM_KEY),
];

/** Counts the users of each platform: the group is no person, what is counted is. */
const USERS_PER_PLATFORM = [
  {
    title: 'Any violation',
    name: 'any_violation',
    logsource: { product: 'noxys', service: 'ai_firewall' },
    detection: { selection: { type: 'interaction.policy_violated' }, condition: 'selection' },
  },
  {
    title: 'Many users',
    name: 'many_users',
    level: 'low',
    correlation: {
      type: 'value_count',
      rules: ['any_violation'],
      'group-by': ['platform'],
      timespan: '60m',
      condition: { field: 'user_id', gt: 50 },
    },
    relay: {},
  },
]
  .map((part) => JSON.stringify(part))
  .join('\n---\n');

/** Events and detections of two people, a watch, a dead letter, windows and a device of each. */
async function twoPeople(privacy: PrivacyConfig['user_id'] = 'keep'): Promise<Tenant> {
  const tenant = await Tenant.create((document) => {
    withRules([
      eachOf('alert.severity_critical', { relay: { watch: '24h' } }),
      repeatedViolations({ over: 50 }),
      USERS_PER_PLATFORM,
    ])(document);
    document['device_map'] = { 'Ada.Lovelace': 'PC-ADA', [BOB.id]: 'PC-BOB' };
    document['privacy'] = { user_id: privacy, user_email: privacy };
  });
  tenant.destinations.answer(
    EDR,
    ({ ids }) => new Response('no', { status: ids.some((id) => id.endsWith('-refused')) ? 422 : 202 }),
  );
  const stored = ({ id, email }: typeof ADA) =>
    privacy === 'keep'
      ? { id, email }
      : {
          id: pseudonymOf(id, 'user_id', PSEUDONYM_KEY),
          email: pseudonymOf(email, 'user_email', PSEUDONYM_KEY),
        };
  for (const [name, person] of [
    ['ada', ADA],
    ['bob', BOB],
  ] as const) {
    const user = stored(person);
    await tenant.accept(
      tenant.event(`${name}-alert`, { user, type: 'alert.severity_critical', severity: 'critical' }),
      tenant.event(`${name}-1`, { user }),
      tenant.event(`${name}-2`, { user: { email: user.email } }),
      tenant.event(`${name}-refused`, { user }),
    );
  }
  await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 2, 'two are refused');
  return tenant;
}

describe("a person's export", () => {
  it('has every row of every table in which a name or a key of theirs stands', async () => {
    const tenant = await twoPeople();
    const [detection] = await rowsOf<{ id: string }>(tenant, 'SELECT id FROM detections ORDER BY seq');
    await tenant.inside(async (relay) =>
      relay.judge({ v: 1, id: detection?.id ?? '', verdict: 'true_positive' }),
    );
    await tenant.inside(async (relay) => relay.userKey({ v: 1, user: { id: ADA.id } }));
    const named = await rowsNaming(tenant, [ADA.id, ADA.email, ...ADA_KEYS]);
    const items = await exported(tenant, ADA);
    const stored = Object.entries(named).map(([table, rows]) => [table.replace(/_\d+$/, ''), rows.length]);
    const events = named['events_1']?.length ?? 0;
    const windows = (named['windows_0']?.length ?? 0) + (named['windows_1']?.length ?? 0);
    expect(Object.fromEntries(stored)).toMatchObject({
      events,
      windows,
      detections: 1,
      watched_users: 1,
      audit: 1,
    });
    expect(countsOf(items)).toEqual({
      key: 2,
      audit: 1,
      watch: 1,
      device: 1,
      window: windows,
      dead_letter: 1,
      detection: 1,
      // The entry of the log that is the detection's is in it once, as a detection.
      event: events - 1,
    });
    expect(windows).toBeGreaterThanOrEqual(2);
    // Whatever else names them would be a kind that the export does not know.
    const known = ['audit', 'config', 'detections', 'events', 'watched_users', 'windows'];
    expect(stored.map(([table]) => table).filter((table) => !known.includes(String(table)))).toEqual([]);
    expect(items).toContainEqual({ kind: 'device', hostname: 'PC-ADA' });
    expect(items).toContainEqual(expect.objectContaining({ kind: 'detection', verdict: 'true_positive' }));
    expect(items.slice(0, 2)).toEqual(ADA_KEYS.map((key) => ({ kind: 'key', key })));
  });

  it.each(['keep', 'pseudonymise'] as const)(
    'has nothing of another person in it, where names are stored as %s',
    async (privacy) => {
      const tenant = await twoPeople(privacy);
      const items = await exported(tenant, ADA);
      const text = JSON.stringify(items);
      const others = [BOB.id, BOB.email, 'PC-BOB', 'bob-'];
      expect(others.filter((other) => text.includes(other))).toEqual([]);
      const keys = [
        pseudonymOf(BOB.id, 'user_id', PSEUDONYM_KEY),
        pseudonymOf(BOB.email, 'user_email', PSEUDONYM_KEY),
      ];
      expect(keys.filter((key) => text.includes(key))).toEqual([]);
      expect(countsOf(items)).toMatchObject({
        event: 4,
        detection: 1,
        dead_letter: 1,
        watch: 1,
        device: 1,
      });
    },
  );

  it('finds by a key what is stored by name, and by one name what has it alone', async () => {
    const tenant = await twoPeople();
    const byKey = countsOf(await exported(tenant, { key: ADA_KEYS[0] ?? '' }));
    expect(byKey).toMatchObject({ key: 1, event: 3, detection: 1, watch: 1, device: 1 });
    expect(countsOf(await exported(tenant, { email: ADA.email }))).toMatchObject({ key: 1, event: 4 });
    expect(countsOf(await exported(tenant, { id: 'nobody' }))).toEqual({ key: 1 });
  });

  it('finds an address whatever its capitals are, as asked for and as an earlier release kept it', async () => {
    const tenant = await twoPeople();
    const written = { email: 'Ada@Acme.fr' };
    await tenant.accept(tenant.event('old-1', { user: written }));
    expect(countsOf(await exported(tenant, written))).toMatchObject({ key: 1, event: 5 });
    expect(countsOf(await exported(tenant, { email: ADA.email }))).toMatchObject({ key: 1, event: 5 });
  });

  it('goes on page by page with nothing twice and nothing left out', async () => {
    const tenant = await twoPeople();
    for (let i = 0; i < 5; i++) {
      tenant.nowMs += 60_000;
      const more = Array.from({ length: 100 }, (_, n) =>
        tenant.event(`more-${i}-${n}`, { user: n % 2 === 0 ? ADA : BOB }),
      );
      await tenant.accept(...more);
    }
    const first = await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA }));
    if (first.kind !== 'page') throw new Error(first.kind);
    expect(first.items).toHaveLength(200);
    expect(first.next).toBeDefined();
    const items = await exported(tenant, ADA);
    const ids = items.flatMap((item) => (item.kind === 'event' ? [item.event.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith('more-'))).toHaveLength(250);
  });

  it('ends where the log had come when it began', async () => {
    const tenant = await twoPeople();
    await tenant.accept(...Array.from({ length: 100 }, (_, n) => tenant.event(`a-${n}`, { user: ADA })));
    await tenant.accept(...Array.from({ length: 100 }, (_, n) => tenant.event(`b-${n}`, { user: ADA })));
    const first = await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA }));
    await tenant.accept(tenant.event('too-late', { user: ADA }));
    const cursor = first.kind === 'page' ? (first.next ?? '') : '';
    const second = await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA, cursor }));
    expect(second).toMatchObject({ kind: 'page' });
    expect(JSON.stringify([first, second])).toContain('b-99');
    expect(JSON.stringify(second)).not.toContain('too-late');
  });

  it('goes on from no place of another person, of another tenant, or of nobody', async () => {
    const [tenant, other] = [await twoPeople(), await twoPeople()];
    for (const each of [tenant, other])
      await each.accept(...Array.from({ length: 100 }, (_, n) => each.event(`a-${n}`, { user: ADA })));
    for (const each of [tenant, other])
      await each.accept(...Array.from({ length: 100 }, (_, n) => each.event(`b-${n}`, { user: ADA })));
    const page = await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA }));
    const cursor = page.kind === 'page' ? page.next : undefined;
    if (cursor === undefined) throw new Error('there must be a second page');
    const foreign = [
      await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: BOB, cursor })),
      await other.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA, cursor })),
      await tenant.inside(async (relay) => relay.exportSubject({ v: 1, subject: ADA, cursor: 'made-up' })),
    ];
    expect(foreign.map(({ kind }) => kind)).toEqual(['place_unknown', 'place_unknown', 'place_unknown']);
  });

  it('is audited once, with the keys and never a name', async () => {
    const tenant = await twoPeople();
    const actor = { by: 'bootstrap', requestId: 'req-7', reason: 'asked by letter' };
    await tenant.inside(async (relay) => relay.exportSubject({ v: 1, actor, subject: ADA }));
    const [entry] = await tenant.inside(async (relay) => relay.auditEntries({ limit: 1 }));
    expect(entry).toMatchObject({ action: 'user.exported', by: 'bootstrap', detail: { keys: ADA_KEYS } });
    expect(entry?.reason).toBe('asked by letter');
    expect(JSON.stringify(entry)).not.toContain('ada');
  });

  it('waits where too much was looked at of late, and audits nothing then', async () => {
    const tenant = await Tenant.create();
    const answers = [];
    for (let i = 0; i < 12; i++)
      answers.push(
        await tenant.inside(async (relay, { storage }) => {
          if (i === 0)
            storage.sql.exec(
              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO audit (at, actor, action, detail) SELECT 1, 'x', 'config.saved', '{}' FROM n",
            );
          return relay.exportSubject({ v: 1, subject: ADA });
        }),
      );
    expect(answers.at(-1)).toMatchObject({ kind: 'busy' });
    const shown = answers.filter(({ kind }) => kind === 'page').length;
    const [{ count } = { count: 0 }] = await rowsOf<{ count: number }>(
      tenant,
      "SELECT COUNT(*) AS count FROM audit WHERE action = 'user.exported'",
    );
    expect([shown, count]).toEqual([10, 10]);
  });

  it('is none of a tenant that goes meanwhile', async () => {
    const tenant = await twoPeople();
    const answer = await askedWhileRemoved(tenant, async (relay) =>
      relay.exportSubject({ v: 1, subject: ADA }),
    );
    expect(answer).toEqual({ kind: 'unknown_tenant' });
  });
});
