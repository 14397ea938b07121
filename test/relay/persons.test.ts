/** Who is shown, to whom, and what the audit says of it. */

import { describe, expect, it, vi } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { EventPage, EventsRequest, UserName } from '../../src/domain/event-view.ts';
import type { Actor } from '../../src/domain/principal.ts';
import { minimise } from '../../src/ingest/minimise.ts';
import { decodeBase64 } from '../../src/lib/bytes.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import type { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { askedWhileRemoved } from './rules-for-test.ts';
import { EDR, Tenant } from './tenant.ts';

const ACTOR: Actor = { by: 'token:t-1', requestId: 'req-1' };
/** The key that tenant.ts seals for every tenant. */
const PSEUDONYM_KEY = decodeBase64('A'.repeat(43)) ?? new Uint8Array(0);

const ALICE = { id: 'u-alice-1', email: 'Alice.Martin@acme.fr' };
const BOB = { email: 'bob@acme.fr' };
const LAPTOP = { id: 'dev-4711', hostname: 'PC-ALICE' };
const NAMES = [ALICE.id, ALICE.email, BOB.email, LAPTOP.id, LAPTOP.hostname, 'alice.pages.example'];

type Level = 'keep' | 'pseudonymise';

async function tenantWith(level: Level = 'keep'): Promise<Tenant> {
  return Tenant.create((document) => {
    document['privacy'] = { user_id: level, user_email: level, device: level, url: 'keep' };
  });
}

/** As ingest leaves it under a level. */
function stored(tenant: Tenant, id: string, changes: Partial<CanonicalEvent>, level: Level): CanonicalEvent {
  const { user, device, urlHost, source: _source, ...event } = tenant.event(id, changes);
  return minimise(
    {
      ...event,
      personal: {
        ...(user?.id !== undefined && { userId: user.id }),
        ...(user?.email !== undefined && { userEmail: user.email }),
        ...(device?.id !== undefined && { deviceId: device.id }),
        ...(device?.hostname !== undefined && { hostname: device.hostname }),
        ...(urlHost !== undefined && { urlHost }),
      },
    },
    { user_id: level, user_email: level, device: level, url: 'keep' },
    PSEUDONYM_KEY,
  );
}

async function acceptAll(tenant: Tenant, level: Level = 'keep'): Promise<void> {
  await tenant.accept(
    stored(tenant, 'evt-1', { user: ALICE, device: LAPTOP, urlHost: 'alice.pages.example' }, level),
    stored(tenant, 'evt-2', { user: BOB, device: { hostname: LAPTOP.hostname } }, level),
    stored(tenant, 'evt-3', { user: { id: ALICE.id } }, level),
  );
}

async function ask(tenant: Tenant, request: Partial<EventsRequest> = {}): Promise<EventPage> {
  const answer = await tenant.inside(async (relay) =>
    relay.events({ v: 1, actor: ACTOR, filter: {}, limit: 50, showsPersons: false, ...request }),
  );
  if (answer.kind !== 'events') throw new Error(`Cannot list events: ${answer.kind}`);
  return answer;
}

async function explain(tenant: Tenant, id: string, showsPersons: boolean) {
  return tenant.inside(async (relay) => relay.explainEvent({ v: 1, actor: ACTOR, id, showsPersons }));
}

async function keyOf(tenant: Tenant, user: UserName): Promise<string> {
  const answer = await tenant.inside(async (relay) => relay.userKey({ v: 1, actor: ACTOR, user }));
  return answer.kind === 'key' ? answer.key : answer.kind;
}

async function audited(tenant: Tenant) {
  const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 100 }));
  return entries.filter(({ action }) => action !== 'config.saved').toReversed();
}

const idsOf = ({ events }: EventPage) => events.map(({ id }) => id).toSorted();

describe('a look at events', () => {
  const asked = { v: 1, actor: ACTOR, showsPersons: true } as const;
  it.each<[string, (relay: TenantRelay) => Promise<unknown>]>([
    ['a page', async (relay) => relay.events({ ...asked, filter: {}, limit: 50 })],
    ['one event', async (relay) => relay.explainEvent({ ...asked, id: 'evt-1' })],
    ["a user's key", async (relay) => relay.userKey({ ...asked, user: BOB })],
  ])('while the tenant is removed is told that there is none: %s', async (_what, look) => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    expect(await askedWhileRemoved(tenant, look)).toEqual({ kind: 'unknown_tenant' });
  });
});

describe('without persons', () => {
  it('nothing that is answered, audited or logged names anybody', async () => {
    const tenant = await tenantWith();
    const lines: string[] = [];
    const levels = ['info', 'warn', 'error'] as const;
    const spies = levels.map((level) =>
      vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(String(line))),
    );
    tenant.destinations.answer(EDR, () => new Response('no', { status: 400 }));
    await acceptAll(tenant);
    await tenant.accept(
      stored(tenant, `${ALICE.email}/1`, { user: ALICE }, 'keep'),
      stored(
        tenant,
        'evt-4',
        {
          user: ALICE,
          device: LAPTOP,
          policy: { decision: 'block', name: `Only for ${ALICE.email}` },
          platform: { id: ALICE.email.toLowerCase(), name: ALICE.email.toLowerCase() },
          interactionId: `${ALICE.id}/17`,
          direction: ALICE.id,
          sensor: LAPTOP.hostname,
          interactionType: LAPTOP.id,
          model: `${ALICE.id}-tuned`,
          classifications: ['EMAIL', ALICE.id],
          faults: [{ path: 'data.user_email', reason: 'too_long' }],
        },
        'keep',
      ),
    );
    const answers: unknown[] = [
      await ask(tenant),
      await ask(tenant, { after: 0 }),
      await ask(tenant, { user: ALICE }),
      await ask(tenant, { user: BOB }),
      await ask(tenant, { user: { key: await keyOf(tenant, BOB) } }),
      await ask(tenant, { user: { id: 'nobody' } }),
      await keyOf(tenant, ALICE),
    ];
    for (const id of ['evt-1', 'evt-2', 'evt-3', 'evt-4']) answers.push(await explain(tenant, id, false));
    answers.push(await audited(tenant));
    for (const spy of spies) spy.mockRestore();
    const said = JSON.stringify([answers, lines]).toLowerCase();
    for (const name of NAMES) expect(said).not.toContain(name.toLowerCase());
    expect(said).toContain('evt-4');
    expect(said).toContain('data.user_email');
    const actions = (await audited(tenant)).map(({ action }) => action);
    expect(actions).not.toContain('persons.shown');
    expect(actions.filter((action) => action === 'user.searched')).toHaveLength(4);
  });

  it('an event without anybody has no key', async () => {
    const tenant = await tenantWith();
    const { user: _user, ...event } = tenant.event('evt-1');
    await tenant.accept(event, tenant.event('evt-2', { user: {} }));
    for (const view of (await ask(tenant)).events) expect(view).not.toHaveProperty('user');
  });

  it('a text with the short name of a user or a host in it is left out', async () => {
    const tenant = await tenantWith();
    const event = tenant.event('evt-1', {
      user: { id: 'u-1', email: 'alice.martin@acme.fr' },
      device: { hostname: 'LAPTOP-17.acme.fr' },
      policy: { name: 'Exception of Alice.Martin' },
      model: 'alice.martin%40acme.fr',
      direction: 'laptop-17',
      classifications: ['alice.martin＠acme.fr', 'IBAN'],
    });
    await tenant.accept(event);
    expect((await ask(tenant)).events).toMatchObject([
      { policy: { name: '…' }, model: '…', direction: '…', classifications: ['…', 'IBAN'] },
    ]);
  });

  it('a text with an address in it is left out although its owner is not stored', async () => {
    const tenant = await tenantWith();
    const { user: _user, ...event } = tenant.event('evt-1', { policy: { name: 'For eve@acme.fr' } });
    await tenant.accept(event);
    expect((await ask(tenant)).events[0]?.policy).toEqual({ name: '…' });
  });
});

describe('a key', () => {
  it.each<Level>(['keep', 'pseudonymise'])(
    'of a user or a device is the pseudonym that a tenant would store, whether it does or not: %s',
    async (level) => {
      const tenant = await tenantWith(level);
      await acceptAll(tenant, level);
      const [third, second, first] = (await ask(tenant)).events;
      const pseudonyms = stored(tenant, 'any', { user: ALICE, device: LAPTOP }, 'pseudonymise');
      expect(first?.user).toEqual({ key: pseudonyms.user?.id });
      expect(first?.device).toEqual({ key: pseudonyms.device?.id });
      expect(third?.user).toEqual(first?.user);
      expect(second?.user?.key).toBe(await keyOf(tenant, BOB));
      expect(second?.device).toEqual({ key: pseudonyms.device?.hostname });
      expect(await keyOf(tenant, { id: ALICE.id })).toBe(pseudonyms.user?.id);
      expect(await keyOf(tenant, { email: ALICE.email })).toBe(pseudonyms.user?.email);
    },
  );

  it('is of the name as it is stored: trimmed, and an id that is no plain text as its hash', async () => {
    const tenant = await tenantWith();
    expect(await keyOf(tenant, { id: ` ${ALICE.id} ` })).toBe(await keyOf(tenant, { id: ALICE.id }));
    const hashed = { id: `sha256:${sha256Hex('élodie')}` };
    expect(await keyOf(tenant, { id: 'élodie' })).toBe(await keyOf(tenant, hashed));
  });

  it('is not made when the key of the tenant does not open: nothing is shown then', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    await tenant.inside((relay, { storage: { sql } }) => {
      sql.exec("UPDATE config SET document = json_set(document, '$.pseudonym_key', 'not-a-seal')");
      relay.load();
    });
    const refused = { kind: 'unavailable', reason: 'object_fault' };
    const request = { v: 1, filter: {}, limit: 1, showsPersons: true } as const;
    expect(await tenant.inside(async (relay) => relay.events(request))).toEqual(refused);
    expect(await explain(tenant, 'evt-1', true)).toEqual(refused);
    expect(await keyOf(tenant, BOB)).toBe('unavailable');
    expect(await audited(tenant)).toEqual([]);
  });
});

describe('a search', () => {
  it.each<Level>(['keep', 'pseudonymise'])(
    'finds a user by id, e-mail address and key: %s',
    async (level) => {
      const tenant = await tenantWith(level);
      await acceptAll(tenant, level);
      expect(idsOf(await ask(tenant, { user: { id: ALICE.id } }))).toEqual(['evt-1', 'evt-3']);
      expect(idsOf(await ask(tenant, { user: { email: ALICE.email } }))).toEqual(['evt-1']);
      expect(idsOf(await ask(tenant, { user: { email: BOB.email } }))).toEqual(['evt-2']);
      for (const user of [{ id: ALICE.id }, { email: ALICE.email }]) {
        const key = await keyOf(tenant, user);
        expect(idsOf(await ask(tenant, { user: { key } }))).toEqual(idsOf(await ask(tenant, { user })));
      }
      expect(idsOf(await ask(tenant, { user: { id: 'u-alice' } }))).toEqual([]);
    },
  );

  it('finds what was stored before the privacy of the tenant changed', async () => {
    const tenant = await tenantWith('keep');
    await acceptAll(tenant, 'keep');
    await tenant.configure((document) => {
      document['privacy'] = { user_id: 'pseudonymise', user_email: 'pseudonymise' };
    });
    await tenant.accept(stored(tenant, 'evt-9', { user: ALICE }, 'pseudonymise'));
    expect(idsOf(await ask(tenant, { user: { id: ALICE.id } }))).toEqual(['evt-1', 'evt-3', 'evt-9']);
    await tenant.configure();
    await tenant.accept(stored(tenant, 'evt-10', { user: ALICE }, 'keep'));
    expect(idsOf(await ask(tenant, { user: { id: ALICE.id } }))).toEqual([
      'evt-1',
      'evt-10',
      'evt-3',
      'evt-9',
    ]);
  });

  it('is audited with the key of the user and what was asked besides, found or not', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    const filter = { type: 'interaction.policy_violated', sinceMs: 0 } as const;
    await ask(tenant, { user: { id: ALICE.id }, filter });
    await ask(tenant, { user: { email: 'nobody@acme.fr' } });
    const entries = await audited(tenant);
    expect(entries).toMatchObject([
      { action: 'user.searched', ...ACTOR },
      { action: 'user.searched', ...ACTOR },
    ]);
    expect(entries.map(({ detail }) => detail)).toEqual([
      {
        key: await keyOf(tenant, { id: ALICE.id }),
        type: 'interaction.policy_violated',
        since: '1970-01-01T00:00:00.000Z',
        count: 2,
      },
      { key: await keyOf(tenant, { email: 'nobody@acme.fr' }), count: 0 },
    ]);
  });
});

describe('persons', () => {
  it('are shown when asked for, with their keys, and that is audited once a request', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    const page = await ask(tenant, { showsPersons: true, limit: 2, before: 3 });
    const [second, first] = page.events;
    expect(first).toMatchObject({ user: ALICE, device: LAPTOP, urlHost: 'alice.pages.example' });
    expect(first?.user?.key).toBe(await keyOf(tenant, { id: ALICE.id }));
    expect(second).toMatchObject({ user: BOB });
    const [entry, ...others] = await audited(tenant);
    expect(entry).toMatchObject({ action: 'persons.shown', ...ACTOR, detail: { before: 3, count: 2 } });
    expect(others.map(({ action }) => action)).toEqual(['user.key_shown']);
  });

  it('of a search are audited as both', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    await ask(tenant, { showsPersons: true, user: { email: BOB.email } });
    const key = await keyOf(tenant, BOB);
    expect((await audited(tenant)).map(({ action, detail }) => [action, detail])).toEqual([
      ['user.searched', { key, count: 1 }],
      ['persons.shown', { key, count: 1 }],
      ['user.key_shown', { key }],
    ]);
  });

  it('of one event are audited with its seq, and with its id where a machine has made it', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    expect(await explain(tenant, 'evt-1', true)).toMatchObject({ events: [{ event: { user: ALICE } }] });
    await explain(tenant, 'nothing', true);
    const id = 'evt_01JD0000000000000000000001';
    await tenant.accept(tenant.event(id));
    await explain(tenant, id, true);
    expect(await audited(tenant)).toMatchObject([
      { action: 'persons.shown', ...ACTOR, detail: { seq: 1, count: 1 } },
      { action: 'persons.shown', ...ACTOR, detail: { seq: 4, eventId: id, count: 1 } },
    ]);
  });

  it('are not audited when there was nothing to show: a tail asks again and again', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    await ask(tenant, { showsPersons: true, after: 3 });
    await ask(tenant, { showsPersons: true, filter: { type: 'alert.severity_high' } });
    expect(await audited(tenant)).toEqual([]);
  });

  it('are not shown, nor a user looked for, when that can not be audited', async () => {
    const tenant = await tenantWith();
    await acceptAll(tenant);
    await tenant.inside((_relay, { storage: { sql } }) => void sql.exec('ALTER TABLE audit RENAME TO away'));
    const refused = { kind: 'unavailable', reason: 'object_fault' };
    const asked = { v: 1, filter: {}, limit: 1 } as const;
    const answers = await tenant.inside(async (relay) => [
      await relay.events({ ...asked, showsPersons: true }),
      await relay.events({ ...asked, showsPersons: false, user: BOB }),
      await relay.explainEvent({ v: 1, id: 'evt-1', showsPersons: true }),
      await relay.userKey({ v: 1, user: BOB }),
    ]);
    expect(answers).toEqual([refused, refused, refused, refused]);
    expect((await ask(tenant)).events).toHaveLength(3);
  });
});
