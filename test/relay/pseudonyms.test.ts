/** The sealed map of a tenant's object: what it keeps of whom, for how long, and who is told. */

import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { type SealedName, writeName } from '../../src/domain/pseudonym-map.ts';
import type { Actor } from '../../src/domain/principal.ts';
import type { RevealAnswer, Subject } from '../../src/domain/rights.ts';
import type { AcceptSealedAnswer } from '../../src/domain/rpc.ts';
import type { UserName } from '../../src/domain/event-view.ts';
import { pseudonymOf } from '../../src/ingest/pseudonym.ts';
import { decodeBase64, encodeUtf8 } from '../../src/lib/bytes.ts';
import { Database } from '../../src/lib/database.ts';
import { createSealer, type Sealer } from '../../src/lib/seal.ts';
import { Audit } from '../../src/relay/audit.ts';
import { PseudonymMap, RESEALED_MAX } from '../../src/relay/pseudonym-map.ts';
import { PseudonymStore } from '../../src/relay/pseudonym-store.ts';
import { renewNames } from '../../src/relay/renew-names.ts';
import { settingsOf } from '../../src/settings.ts';
import { exported } from './stored-of-person.ts';
import { sealedConfig, Tenant } from './tenant.ts';

const DAY_MS = 24 * 3_600_000;
const ACTOR: Actor = { by: 'token:t-1', requestId: 'req-1', reason: 'INC-42' };
/** The key that tenant.ts seals for every tenant. */
const PSEUDONYM_KEY = decodeBase64('A'.repeat(43)) ?? new Uint8Array(0);
const keys = settingsOf(env).masterKeys;
const sealer = createSealer(keys);
/** After a rotation: what `sealer` sealed is under the previous key. */
const rotated = createSealer({ primary: new Uint8Array(32).fill(9), previous: keys.primary });

const ALICE = { id: 'u-alice-1' };
const ALICE_MAIL = { email: 'Alice.Martin@acme.fr' };
const BOB = { id: 'u-bob-2' };
const LEVELS = { user_id: 'pseudonymise', user_email: 'pseudonymise', device: 'keep', url: 'drop' };

function withMap(more: Record<string, unknown> = {}) {
  return (document: Record<string, unknown>): void => {
    Object.assign(document, { privacy: { ...LEVELS, sealed_map: true }, destinations: [], ...more });
  };
}

function withoutMap(document: Record<string, unknown>): void {
  Object.assign(document, { privacy: LEVELS, destinations: [] });
}

function keyOf(name: UserName): string {
  return 'id' in name
    ? pseudonymOf(name.id, 'user_id', PSEUDONYM_KEY)
    : pseudonymOf(name.email, 'user_email', PSEUDONYM_KEY);
}

/** As the Worker seals it. */
async function sealed(
  tenant: Tenant,
  name: UserName,
  { by = sealer, as = keyOf(name) }: { by?: Sealer; as?: string } = {},
): Promise<SealedName> {
  const binding = { tenant: tenant.id, purpose: 'pseudonym-map' };
  return { key: keyOf(name), sealed: await by.seal(writeName(as, name), binding) };
}

/** An event of a user as ingest leaves it. */
function eventOf(tenant: Tenant, id: string, ...names: UserName[]): CanonicalEvent {
  const user: { id?: string; email?: string } = {};
  for (const name of names) {
    if ('id' in name) user.id = keyOf(name);
    else user.email = keyOf(name);
  }
  return tenant.event(id, { user });
}

async function accept(tenant: Tenant, event: CanonicalEvent, ...names: SealedName[]) {
  return tenant.stub.accept({ v: 1, events: [event], names });
}

/** Alice's event, with both of her names. */
async function tenantWithAlice(more: Record<string, unknown> = {}): Promise<Tenant> {
  const tenant = await Tenant.create(withMap(more));
  const names = await Promise.all([ALICE, ALICE_MAIL].map(async (name) => sealed(tenant, name)));
  await accept(tenant, eventOf(tenant, 'evt-1', ALICE, ALICE_MAIL), ...names);
  return tenant;
}

async function reveal(tenant: Tenant, key: string): Promise<RevealAnswer> {
  return tenant.inside(async (relay) => relay.reveal({ v: 1, actor: ACTOR, key }));
}

/** What a person's export has of the map. */
async function namesIn(tenant: Tenant, subject: Subject) {
  return (await exported(tenant, subject)).filter(({ kind }) => kind === 'name');
}

async function rows(tenant: Tenant): Promise<{ key: string; sealed: string; at: number }[]> {
  return tenant.inside((_relay, state) =>
    state.storage.sql
      .exec<{ key: string; sealed: string; at: number }>('SELECT * FROM pseudonyms ORDER BY key')
      .toArray(),
  );
}

/** Every row of every table. */
async function everything(tenant: Tenant): Promise<string> {
  return tenant.inside((_relay, { storage: { sql } }) => {
    const names = sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
      )
      .toArray();
    return JSON.stringify(names.map(({ name }) => [name, sql.exec(`SELECT * FROM "${name}"`).toArray()]));
  });
}

async function audited(tenant: Tenant) {
  const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 100 }));
  return entries.filter(({ action }) => action !== 'config.saved').toReversed();
}

async function errorsOf(work: () => Promise<void>): Promise<string[]> {
  const spy = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await work();
  const lines = spy.mock.calls.map(([line]) => String(line));
  spy.mockRestore();
  return lines;
}

describe('what is kept', () => {
  it('is sealed: no table has a name, the keys of the events have theirs', async () => {
    const tenant = await tenantWithAlice();
    const stored = await everything(tenant);
    expect(stored).toContain(keyOf(ALICE));
    expect(stored).toContain('"pseudonyms"');
    expect(stored).not.toMatch(/u-alice|alice\.martin/i);
    expect((await rows(tenant)).map(({ key }) => key)).toEqual([keyOf(ALICE), keyOf(ALICE_MAIL)].toSorted());
  });

  it('is of users in the events that are taken, and of nobody else', async () => {
    const tenant = await Tenant.create(withMap());
    await accept(
      tenant,
      eventOf(tenant, 'evt-1', ALICE),
      await sealed(tenant, ALICE),
      await sealed(tenant, BOB),
    );
    // A duplicate is not taken.
    await accept(tenant, eventOf(tenant, 'evt-1', BOB), await sealed(tenant, BOB));
    expect((await rows(tenant)).map(({ key }) => key)).toEqual([keyOf(ALICE)]);
  });

  it('is nothing where the tenant keeps no map, whatever a Worker sends', async () => {
    const tenant = await Tenant.create(withoutMap);
    await accept(tenant, eventOf(tenant, 'evt-1', ALICE), await sealed(tenant, ALICE));
    expect(await rows(tenant)).toEqual([]);
  });

  it('is written once a day for a user, however often they are seen', async () => {
    const tenant = await Tenant.create(withMap());
    const began = tenant.nowMs;
    for (const [index, hour] of [0, 1, 23, 24, 47, 30].entries()) {
      tenant.nowMs = began + hour * 3_600_000;
      await accept(tenant, eventOf(tenant, `evt-${index}`, ALICE), await sealed(tenant, ALICE));
    }
    expect(await rows(tenant)).toMatchObject([{ at: began + DAY_MS }]);
  });

  it('fails no event: without its table the event is taken, and a log line says so', async () => {
    const tenant = await Tenant.create(withMap());
    await tenant.inside((_relay, state) => state.storage.sql.exec('ALTER TABLE pseudonyms RENAME TO aside'));
    const lines = await errorsOf(async () => {
      const answer = await accept(tenant, eventOf(tenant, 'evt-1', ALICE), await sealed(tenant, ALICE));
      expect(answer).toEqual({ kind: 'accepted', accepted: 1, duplicates: 0 });
    });
    expect(lines).toEqual([expect.stringContaining('pseudonym_map.keeping_failed')]);
    await tenant.inside((_relay, state) => state.storage.sql.exec('ALTER TABLE aside RENAME TO pseudonyms'));
    const page = await tenant.inside(async (relay) =>
      relay.events({ v: 1, filter: {}, limit: 9, showsPersons: false }),
    );
    expect(page).toMatchObject({ events: [{ id: 'evt-1' }] });
  });

  it('leaves out a seal that is longer than any of a name', async () => {
    const tenant = await Tenant.create(withMap());
    await accept(tenant, eventOf(tenant, 'evt-1', ALICE), { key: keyOf(ALICE), sealed: 'x'.repeat(8_001) });
    expect(await rows(tenant)).toEqual([]);
  });

  it('comes with events that overflowed, too, under the master key of now', async () => {
    const tenant = await Tenant.create(withMap());
    const old = createSealer({ primary: new Uint8Array(32).fill(3) });
    const names = [await sealed(tenant, ALICE), await sealed(tenant, ALICE_MAIL, { by: old })];
    const content = JSON.stringify({ v: 1, events: [eventOf(tenant, 'evt-1', ALICE, ALICE_MAIL)], names });
    const jwe = await sealer.seal(content, { tenant: tenant.id, purpose: 'overflow' });
    const request = { v: 1, sealed: encodeUtf8(jwe), sealedAtMs: tenant.nowMs } as const;
    const answer: AcceptSealedAnswer = await tenant.stub.acceptSealed(request);
    expect(answer).toMatchObject({ kind: 'accepted', accepted: 1 });
    // The other is under a key that nobody has any more.
    expect((await rows(tenant)).map(({ key }) => key)).toEqual([keyOf(ALICE)]);
  });
});

describe('reveal', () => {
  it.each([[ALICE], [ALICE_MAIL]])(
    'tells %j by its key, and the audit has the key and who asked',
    async (name) => {
      const tenant = await tenantWithAlice();
      expect(await reveal(tenant, keyOf(name))).toEqual({ kind: 'revealed', name });
      expect(await audited(tenant)).toMatchObject([
        { action: 'user.revealed', by: 'token:t-1', reason: 'INC-42', detail: { key: keyOf(name) } },
      ]);
      expect(await everything(tenant)).not.toMatch(/u-alice|alice\.martin/i);
    },
  );

  it('tells after the object has started anew', async () => {
    const tenant = await tenantWithAlice();
    await tenant.evict();
    expect(await reveal(tenant, keyOf(ALICE))).toEqual({ kind: 'revealed', name: ALICE });
  });

  it('says of a key that is not there whether the map is on, and audits nothing', async () => {
    const tenant = await tenantWithAlice();
    expect(await reveal(tenant, keyOf(BOB))).toEqual({ kind: 'not_found', isOn: true });
    const off = await Tenant.create(withoutMap);
    expect(await reveal(off, keyOf(ALICE))).toEqual({ kind: 'not_found', isOn: false });
    expect([await audited(tenant), await audited(off)]).toEqual([[], []]);
  });

  it.each<[string, (tenant: Tenant) => Promise<SealedName>]>([
    ['of another key', async (tenant) => sealed(tenant, ALICE, { as: keyOf(BOB) })],
    [
      'under a lost master key',
      async (tenant) => sealed(tenant, ALICE, { by: createSealer({ primary: new Uint8Array(32) }) }),
    ],
    ['that is none', async () => ({ key: keyOf(ALICE), sealed: 'none' })],
  ])('shows nothing of a seal %s: unavailable, and a log line with the key alone', async (_case, make) => {
    const tenant = await Tenant.create(withMap());
    await accept(tenant, eventOf(tenant, 'evt-1', ALICE), await make(tenant));
    const lines = await errorsOf(async () => {
      expect(await reveal(tenant, keyOf(ALICE))).toEqual({ kind: 'unavailable', reason: 'object_fault' });
    });
    expect(lines).toEqual([expect.stringContaining('pseudonym_map.unopened')]);
    expect(lines[0]).not.toContain('alice');
    expect(await audited(tenant)).toEqual([]);
  });

  it('answers as all else does where there is no such tenant, or the version is not known', async () => {
    const nobody = Tenant.unknown();
    await nobody.takeOver();
    expect(await reveal(nobody, keyOf(ALICE))).toEqual({ kind: 'unknown_tenant' });
    const tenant = await tenantWithAlice();
    const later = await tenant.inside(async (relay) => relay.reveal({ v: 2 as 1, key: keyOf(ALICE) }));
    expect(later).toEqual({ kind: 'unavailable', reason: 'unknown_version' });
  });
});

describe('how long it is kept', () => {
  it('goes when its user was not seen for the longer of the two retentions, without another event', async () => {
    const tenant = await tenantWithAlice({ retention: { events: 3, detections: 10 } });
    const began = tenant.nowMs;
    tenant.nowMs = began + 5 * DAY_MS;
    await accept(tenant, eventOf(tenant, 'evt-2', BOB), await sealed(tenant, BOB));
    const hasAlice = async () => (await rows(tenant)).some(({ key }) => key === keyOf(ALICE));
    await tenant.passTimeUntil(async () => !(await hasAlice()), 'Alice is gone');
    expect(tenant.nowMs).toBeGreaterThan(began + 10 * DAY_MS);
    expect(tenant.nowMs).toBeLessThanOrEqual(began + 11 * DAY_MS + 10_000);
    expect((await rows(tenant)).map(({ key }) => key)).toEqual([keyOf(BOB)]);
    await tenant.passTimeUntil(async () => (await rows(tenant)).length === 0, 'Bob is gone');
    expect(tenant.nowMs).toBeLessThanOrEqual(began + 16 * DAY_MS + 10_000);
    await tenant.retire();
  });

  it('is gone with the config that switches it off, and does not come back with the one that switches it on', async () => {
    const tenant = await tenantWithAlice();
    await tenant.configure(withoutMap);
    expect(await rows(tenant)).toEqual([]);
    expect(await reveal(tenant, keyOf(ALICE))).toEqual({ kind: 'not_found', isOn: false });
    await tenant.configure(withMap());
    expect(await reveal(tenant, keyOf(ALICE))).toEqual({ kind: 'not_found', isOn: true });
    await accept(tenant, eventOf(tenant, 'evt-2', ALICE), await sealed(tenant, ALICE));
    expect(await reveal(tenant, keyOf(ALICE))).toEqual({ kind: 'revealed', name: ALICE });
  });

  it('stays with a config that changes something else', async () => {
    const tenant = await tenantWithAlice();
    await tenant.configure(withMap({ language: 'fr' }));
    expect(await rows(tenant)).toHaveLength(2);
  });

  it('is gone with the tenant', async () => {
    const tenant = await tenantWithAlice();
    await tenant.retire();
    expect(await everything(tenant)).not.toContain(keyOf(ALICE));
  });
});

describe('under another master key', () => {
  /** The map of a tenant as an object with these keys has it. */
  async function withKeys<T>(
    tenant: Tenant,
    by: Sealer,
    work: (map: PseudonymMap) => Promise<T>,
  ): Promise<T> {
    const config = await sealedConfig(tenant.id, withMap());
    return tenant.inside(async (_relay, state) => {
      const db = new Database(state.storage);
      const parts = { db, sealer: by, audit: new Audit(db), config: () => config };
      const pseudonyms = new PseudonymStore(db, () => config);
      return work(
        new PseudonymMap({ ...parts, pseudonyms, isRemoved: () => false, nowMs: () => tenant.nowMs }),
      );
    });
  }

  it('moves to it, each name as it was, audited once, and has nothing to do the second time', async () => {
    const tenant = await tenantWithAlice();
    await withKeys(tenant, rotated, async (map) => {
      expect(await map.health()).toEqual({ total: 2, opens: 2, primary: 0 });
      expect(await map.reseal({ v: 1, actor: ACTOR })).toEqual({
        kind: 'resealed',
        resealed: 2,
        unopened: 0,
      });
      expect(await map.health()).toEqual({ total: 2, opens: 2, primary: 2 });
      expect(await map.reseal({ v: 1, actor: ACTOR })).toEqual({
        kind: 'resealed',
        resealed: 0,
        unopened: 0,
      });
    });
    expect(await audited(tenant)).toMatchObject([
      { action: 'secrets.resealed', by: 'token:t-1', detail: { pseudonyms: 2 } },
    ]);
    const alone = createSealer({ primary: new Uint8Array(32).fill(9) });
    await withKeys(tenant, alone, async (map) => {
      expect(await map.reveal({ v: 1, key: keyOf(ALICE) })).toEqual({ kind: 'revealed', name: ALICE });
    });
  });

  it('is what a name gets that waited in the overflow queue under the previous one', async () => {
    const tenant = await Tenant.create(withMap());
    const waiting = await sealed(tenant, ALICE);
    const fresh = await sealed(tenant, BOB, { by: rotated });
    const lost = await sealed(tenant, ALICE_MAIL, { by: createSealer({ primary: new Uint8Array(32) }) });
    const renewed = await renewNames(rotated, tenant.id, [waiting, fresh, lost]);
    expect(renewed.map(({ name }) => name.key)).toEqual([waiting.key, fresh.key]);
    expect(renewed[1]?.name).toEqual(fresh);
    const alone = createSealer({ primary: new Uint8Array(32).fill(9) });
    const binding = { tenant: tenant.id, purpose: 'pseudonym-map' };
    const opened = await alone.open(renewed[0]?.name.sealed ?? '', binding);
    expect(opened).toEqual({ ok: true, value: writeName(waiting.key, ALICE) });
  });

  it('is shown and left as it is where no key opens it', async () => {
    const tenant = await tenantWithAlice();
    const before = await rows(tenant);
    await withKeys(tenant, createSealer({ primary: new Uint8Array(32).fill(9) }), async (map) => {
      expect(await map.health()).toEqual({ total: 2, opens: 0, primary: 0 });
      expect(await map.reseal({ v: 1 })).toEqual({ kind: 'resealed', resealed: 0, unopened: 2 });
    });
    expect(await rows(tenant)).toEqual(before);
    expect(await audited(tenant)).toEqual([]);
  });

  it('goes step by step, through all of it', async () => {
    const tenant = await Tenant.create(withMap());
    const { sealed: seal } = await sealed(tenant, ALICE);
    await tenant.inside((_relay, { storage }) =>
      storage.transactionSync(() => {
        for (let i = 0; i < RESEALED_MAX + 1; i++)
          storage.sql.exec('INSERT INTO pseudonyms VALUES (?, ?, 0)', `p_${1_000 + i}`, seal);
      }),
    );
    await withKeys(tenant, rotated, async (map) => {
      const first = await map.reseal({ v: 1 });
      expect(first).toEqual({
        kind: 'resealed',
        resealed: RESEALED_MAX,
        unopened: 0,
        next: `p_${1_000 + RESEALED_MAX - 1}`,
      });
      const after = first.kind === 'resealed' ? (first.next ?? '') : '';
      expect(await map.reseal({ v: 1, after })).toEqual({ kind: 'resealed', resealed: 1, unopened: 0 });
      expect(await map.health()).toMatchObject({ primary: RESEALED_MAX + 1 });
    });
  });

  it('does not bring back what was deleted while it was opened', async () => {
    const tenant = await tenantWithAlice();
    const slow: Sealer = {
      ...rotated,
      open: async (jwe, binding) => {
        const opened = await rotated.open(jwe, binding);
        await tenant.inside((_relay, state) => state.storage.sql.exec('DELETE FROM pseudonyms'));
        return opened;
      },
    };
    await withKeys(tenant, slow, async (map) => {
      expect(await map.reseal({ v: 1 })).toMatchObject({ resealed: 0 });
    });
    expect(await rows(tenant)).toEqual([]);
  });

  it('is not revealed when it was deleted while it was opened', async () => {
    const tenant = await tenantWithAlice();
    const slow: Sealer = {
      ...sealer,
      open: async (jwe, binding) => {
        const opened = await sealer.open(jwe, binding);
        await tenant.inside((_relay, state) => state.storage.sql.exec('DELETE FROM pseudonyms'));
        return opened;
      },
    };
    await withKeys(tenant, slow, async (map) => {
      expect(await map.reveal({ v: 1, key: keyOf(ALICE) })).toEqual({ kind: 'not_found', isOn: true });
    });
    expect(await audited(tenant)).toEqual([]);
  });
});

describe('health', () => {
  it('counts names and keys, and says nothing of an empty map', async () => {
    const tenant = await tenantWithAlice();
    const health = await tenant.inside(async (relay) => relay.health());
    expect(health?.sealedMap).toEqual({ total: 2, opens: 2, primary: 2 });
    const empty = await Tenant.create(withMap());
    expect(await empty.inside(async (relay) => relay.health())).not.toHaveProperty('sealedMap');
  });

  it('costs a tenant without the map nothing: an accepted event writes as many rows as ever', async () => {
    const written = async (change: (document: Record<string, unknown>) => void, withNames: boolean) => {
      const tenant = await Tenant.create(change);
      await tenant.accept(tenant.event('evt-0'));
      const before = await tenant.inside((relay) => relay.rowsWritten);
      const names = withNames ? [await sealed(tenant, ALICE)] : [];
      await accept(tenant, eventOf(tenant, 'evt-1', ALICE), ...names);
      return (await tenant.inside((relay) => relay.rowsWritten)) - before;
    };
    const plain = await written(withoutMap, false);
    expect(await written(withoutMap, true)).toBe(plain);
    expect(await written(withMap(), true)).toBe(plain + 1);
  });
});

describe("the map in a person's export", () => {
  it('has their names, and those alone, with the key behind which each is kept', async () => {
    const tenant = await tenantWithAlice();
    await accept(tenant, eventOf(tenant, 'evt-2', BOB), await sealed(tenant, BOB));
    const [id, email] = [
      { kind: 'name', key: keyOf(ALICE), user_id: ALICE.id },
      { kind: 'name', key: keyOf(ALICE_MAIL), user_email: ALICE_MAIL.email },
    ];
    expect(await namesIn(tenant, { ...ALICE, ...ALICE_MAIL })).toEqual([id, email]);
    expect(await namesIn(tenant, { key: keyOf(ALICE_MAIL) })).toEqual([email]);
    expect(await namesIn(tenant, { id: 'u-nobody' })).toEqual([]);
  });

  it('leaves out a seal that is of another key, and what was erased', async () => {
    const tenant = await Tenant.create(withMap());
    await accept(tenant, eventOf(tenant, 'evt-1', ALICE), await sealed(tenant, ALICE, { as: keyOf(BOB) }));
    expect(await namesIn(tenant, ALICE)).toEqual([]);
    const other = await tenantWithAlice();
    await other.inside((_relay, { storage }) => {
      storage.sql.exec('DELETE FROM pseudonyms WHERE key = ?', keyOf(ALICE));
    });
    expect(await namesIn(other, { ...ALICE, ...ALICE_MAIL })).toHaveLength(1);
  });
});
