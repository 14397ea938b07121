/** A person in unusual places: whatever named them is gone after the erasure, or told, and each lane still adds up. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import { encodeUtf8 } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import {
  edrAnswers,
  edrOnly,
  erase,
  erased,
  erasures,
  keyOfEmail,
  keyOfId,
  tablesWith,
  untilErased,
} from './erasing.ts';
import { eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { exported } from './stored-of-person.ts';
import { EDR, HEC, Tenant } from './tenant.ts';

const ANNA = { id: 'anna.keller', email: 'anna.keller@acme.fr' };
const BOB = { id: 'bob.martin', email: 'bob.martin@acme.fr' };
const AUDITED = ['audit', 'erasures'];
const sealer = createSealer(settingsOf(env).masterKeys);

async function acceptSealed(tenant: Tenant, events: readonly CanonicalEvent[]) {
  const content = JSON.stringify({ v: 1, events });
  const jwe = await sealer.seal(content, { tenant: tenant.id, purpose: 'overflow' });
  const answer: unknown = await tenant.stub.acceptSealed({
    v: 1,
    sealed: encodeUtf8(jwe),
    sealedAtMs: tenant.nowMs,
  });
  return answer;
}

/** What became of all that was accepted. */
async function accounted(tenant: Tenant, name: string): Promise<number> {
  const lane = await tenant.lane(name);
  const { delivered, deadLettered, parked, expired, discarded, erased: gone, undelivered } = lane;
  return delivered + deadLettered + parked + expired + discarded + gone + undelivered;
}

describe('what overflowed', () => {
  it('of somebody who is erased meanwhile is dropped when it comes, counted and told', async () => {
    const tenant = await Tenant.create(edrOnly());
    await tenant.accept(tenant.event('evt-a', { user: ANNA }));
    const late = [
      tenant.event('evt-l1', { user: ANNA }),
      tenant.event('evt-l2', { user: { email: ANNA.email } }),
      tenant.event('evt-l3', { user: BOB }),
    ];
    tenant.nowMs += 1_000;
    await erased(tenant, ANNA);
    tenant.nowMs += 5 * 24 * 3_600_000;
    expect(await acceptSealed(tenant, late)).toEqual({ kind: 'accepted', accepted: 1, duplicates: 2 });
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await erasures(tenant)).toMatchObject([{ late: 2 }]);
    await tenant.untilTaken(EDR, 2);
    expect(tenant.destinations.ids(EDR)).toEqual(['evt-a', 'evt-l3']);
  });
});

describe('a destination that is leaving', () => {
  it('gives up nothing of the person, and its lane adds up', async () => {
    const tenant = await Tenant.create(edrOnly({ in_flight: 1 }));
    edrAnswers(tenant, 401);
    for (let n = 0; n < 2_400; n += 100)
      await tenant.accept(
        ...Array.from({ length: 100 }, (_, i) =>
          tenant.event(`evt-${n + i}`, { user: (n + i) % 2 === 0 ? ANNA : BOB }),
        ),
      );
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    await tenant.configure((document) => {
      document['destinations'] = [];
      document['privacy'] = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
    });
    const view = await erased(tenant, ANNA);
    expect(view.removed.events).toBe(1_200);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    await tenant.passTimeUntil(
      async () => (await tenant.lane('edr/events')).deadLettered === 1_200,
      'the rest is dead letters',
    );
    expect(await tenant.lane('edr/events')).toMatchObject({ erased: 1_200, undelivered: 0 });
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    await tenant.retire();
  });
});

describe('names in places of somebody else’s choice', () => {
  const ODD = {
    nfd: { id: 'u-1', email: 'zoe\u0308.k\u00e4ller@acme.fr' },
    comma: { id: 'Keller, Anna' },
    domain: { id: 'ACME\\anna.keller' },
    pseudonymLike: { id: 'p_0123456789abcdefghijkl' },
    spaces: { id: 'anna keller' },
    regex: { id: 'a.k+x(1)$' },
    quotes: { id: 'an"na\\kel' },
  } as const;
  it.each(Object.entries(ODD))('%s: nothing of them is left anywhere', async (_what, user) => {
    const tenant = await Tenant.create((document) => {
      edrOnly()(document);
      withRules([
        repeatedViolations({ over: 1, relay: { watch: '24h' } }),
        eachOf('interaction.policy_violated'),
      ])(document);
    });
    await tenant.accept(
      tenant.event('evt-1', { user }),
      tenant.event('evt-2', { user, policy: { decision: 'block', name: `For ${user.id} only` } }),
      tenant.event(`evt-${user.id}`, {
        user: BOB,
        policy: { decision: 'block', name: `For ${user.id} only` },
        platform: { id: 'perplexity', name: `Page of ${user.id}` },
        classifications: [`for ${user.id}`],
      }),
    );
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is delivered');
    await erased(tenant, user);
    const texts = [user.id, ...('email' in user ? [user.email] : [])];
    for (const text of texts.filter((name) => name !== 'u-1')) {
      const escaped = JSON.stringify(JSON.stringify(text)).slice(3, -3);
      expect(await tablesWith(tenant, escaped)).toEqual([]);
      expect(await tablesWith(tenant, JSON.stringify(text).slice(1, -1))).toEqual([]);
    }
    expect((await exported(tenant, user)).map(({ kind }) => kind)).not.toContain('event');
    expect((await exported(tenant, user)).every(({ kind }) => kind === 'key' || kind === 'audit')).toBe(true);
  });
});

describe('a tenant that has changed what it keeps', () => {
  it.each([
    ['by id', ANNA],
    ['by keys', { key: 'x' }],
  ])('from names to pseudonyms, to nothing, and back: all is found %s', async (_how, subject) => {
    const levels = ['keep', 'pseudonymise', 'drop', 'keep'] as const;
    const tenant = await Tenant.create(edrOnly());
    edrAnswers(tenant, 401);
    for (const [n, level] of levels.entries()) {
      await tenant.configure(edrOnly({}, { user_id: level, user_email: level }));
      const user = {
        keep: ANNA,
        pseudonymise: { id: keyOfId(ANNA.id), email: keyOfEmail(ANNA.email) },
        drop: undefined,
      }[level];
      const { user: _user, ...nobody } = tenant.event(`evt-${n}`);
      await tenant.accept(user ? { ...nobody, user } : nobody);
    }
    const asked = 'key' in subject ? { key: keyOfId(ANNA.id) } : subject;
    const view = await erased(tenant, asked);
    expect(view.removed.events).toBe(3);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await tablesWith(tenant, keyOfId(ANNA.id))).toEqual(AUDITED);
    expect(await accounted(tenant, 'edr/events')).toBe(4);
  });
});

describe('two destinations in every state', () => {
  it('add up after the erasure of one of two people, and send nothing of the one', async () => {
    const tenant = await Tenant.create((document) => {
      document['privacy'] = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
    });
    const some = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) =>
        tenant.event(`evt-${from + i}`, { user: (from + i) % 2 === 0 ? ANNA : BOB }),
      );
    await tenant.accept(...some(0, 10));
    await tenant.untilTaken(EDR, 10);
    await tenant.untilTaken(HEC, 10);
    edrAnswers(tenant, 422, 'anna.keller is not welcome');
    tenant.destinations.answer(HEC, () => new Response('no', { status: 403 }));
    await tenant.accept(...some(10, 10));
    await tenant.until(async () => (await tenant.lane('edr/events')).deadLettered === 10, 'ten are dead');
    edrAnswers(tenant, 503, 'anna.keller');
    await tenant.accept(...some(20, 10));
    await tenant.stub.redrive({ v: 1, select: { lane: 'edr/events', reason: 'rejected' } });
    await tenant.until(async () => (await tenant.lane('edr/events')).tries > 0, 'it fails');
    const sums = async () => [
      await accounted(tenant, 'edr/events'),
      await accounted(tenant, 'falcon/events'),
    ];
    expect(await sums()).toEqual([30, 30]);
    await Promise.all([erase(tenant, ANNA), tenant.accept(...some(30, 9)), erase(tenant, { id: 'nobody' })]);
    await untilErased(tenant);
    const [edr, falcon] = await sums();
    const dropped = 39 - (edr ?? 0);
    expect(falcon).toBe(edr);
    // Those of hers that came after it began were dropped as late.
    expect([0, 5]).toContain(dropped);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    tenant.destinations.sent.length = 0;
    edrAnswers(tenant, 202);
    tenant.destinations.answer(HEC, () => new Response('{}', { status: 202 }));
    tenant.nowMs += 3_600_000;
    await tenant.stub.resume({ v: 1, destination: 'falcon', from: 'backlog' });
    await tenant.passTimeUntil(async () => {
      const lanes = [await tenant.lane('edr/events'), await tenant.lane('falcon/events')];
      return lanes.every(({ undelivered, parked }) => undelivered + parked === 0);
    }, 'all is delivered');
    expect(tenant.destinations.sent.map(({ body }) => body).join('\n')).not.toContain('anna');
    expect(await sums()).toEqual([edr, falcon]);
    expect(await rowsOf(tenant, 'SELECT * FROM follow_ups')).toEqual([]);
  });
});

describe('an object that crashes again and again', () => {
  it('comes to the end of an erasure all the same, and counts each entry once', async () => {
    const tenant = await Tenant.create(edrOnly());
    edrAnswers(tenant, 401);
    for (let n = 0; n < 4_000; n += 100)
      await tenant.accept(
        ...Array.from({ length: 100 }, (_, i) =>
          tenant.event(`evt-${n + i}`, { user: (n + i) % 2 === 0 ? ANNA : BOB }),
        ),
      );
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    await erase(tenant, { key: keyOfId(ANNA.id) });
    for (let waitMs = 0; (await erasures(tenant))[0]?.doneAt === undefined && waitMs < 40; waitMs++) {
      await tenant.crash();
      tenant.nowMs = Math.max(tenant.nowMs, (await tenant.alarmAtMs()) ?? 0);
      await tenant.alarm();
      await scheduler.wait(waitMs);
    }
    await tenant.passTimeUntil(
      async () => (await erasures(tenant))[0]?.doneAt !== undefined,
      'the erasure is done',
    );
    expect(await erasures(tenant)).toMatchObject([
      { removed: { events: 2_000 }, undelivered: { 'edr/events': 2_000 } },
    ]);
    expect(await tenant.lane('edr/events')).toMatchObject({ erased: 2_000 });
    expect(await accounted(tenant, 'edr/events')).toBe(4_000);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    await tenant.retire();
  });
});
