/** An erasure beside legal holds and moves: what is held is kept, what is lifted is gone, and nothing is left half done. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { PlaceHoldRequest } from '../../src/domain/rights.ts';
import { encodeBase64Url } from '../../src/lib/bytes.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { settingsOf } from '../../src/settings.ts';
import { edrAnswers, edrOnly, erase, erased, erasures, tablesWith, untilErased } from './erasing.ts';
import { Move } from './moving.ts';
import { DAY_MS, rowsOf } from './rules-for-test.ts';
import { exported } from './stored-of-person.ts';
import { EDR, Tenant } from './tenant.ts';

const ANNA = { id: 'anna.keller', email: 'anna.keller@acme.fr' };
const BOB = { id: 'bob.martin' };

async function place(tenant: Tenant, subject?: PlaceHoldRequest['subject']): Promise<number> {
  const answer: unknown = await tenant.stub.placeHold({
    v: 1,
    reason: 'case 7',
    ...(subject && { subject }),
  });
  return (answer as { readonly hold: { readonly id: number } }).hold.id;
}

/** Refused by their destination: each has a dead letter. */
async function refused(tenant: Tenant, count = 2): Promise<void> {
  edrAnswers(tenant, 422, 'no');
  await tenant.accept(
    ...Array.from({ length: count }, (_, n) => tenant.event(`evt-a${n}`, { user: ANNA })),
    tenant.event('evt-b', { user: BOB }),
  );
  await tenant.until(
    async () => (await tenant.lane('edr/events')).deadLettered === count + 1,
    'all are refused',
  );
}

async function daysPass(tenant: Tenant, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    tenant.nowMs += DAY_MS;
    for (let n = 0; n < 4; n++) {
      await tenant.alarm();
      await scheduler.wait(2);
    }
  }
}

describe('copies of a hold that was just lifted', () => {
  it('are gone with the erasure, dead letters included', async () => {
    const tenant = await Tenant.create((document) => {
      edrOnly()(document);
      document['retention'] = { events: 3, detections: 5, audit: 30 };
    });
    await refused(tenant);
    const id = await place(tenant, ANNA);
    await daysPass(tenant, 7);
    expect(await rowsOf(tenant, 'SELECT seq FROM held_entries WHERE seq < 0')).toHaveLength(2);
    // As a lift whose alarm has not come yet leaves it.
    await tenant.inside(async (relay) => {
      await relay.liftHold({ v: 1, id });
      await relay.erase({ v: 1, subject: ANNA });
    });
    // No alarm fires meanwhile.
    while ((await erasures(tenant))[0]?.doneAt === undefined) await scheduler.wait(5);
    expect((await erasures(tenant))[0]?.remaining).toEqual([]);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await rowsOf(tenant, 'SELECT * FROM held_entries')).toEqual([]);
  });
});

describe('a hold under another name of the same person', () => {
  it('keeps what is erased by the one name, with its dead letters, and the answer names it', async () => {
    const tenant = await Tenant.create(edrOnly());
    await refused(tenant);
    const hold = await place(tenant, { email: ANNA.email });
    const view = await erased(tenant, { id: ANNA.id });
    expect(view).toMatchObject({ removed: { events: 2 }, remaining: [{ path: `holds[${hold}]` }] });
    const kept = await exported(tenant, { email: ANNA.email });
    expect(kept.filter(({ kind }) => kind === 'held')).toMatchObject([
      { event: { id: 'evt-a0' } },
      { event: { id: 'evt-a1' } },
    ]);
    expect(kept.filter(({ kind }) => kind === 'dead_letter')).toHaveLength(2);
    await tenant.stub.liftHold({ v: 1, id: hold });
    await erased(tenant, ANNA);
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
  });
});

describe('a hold that is placed while an erasure is under way', () => {
  it.each([
    ['of the person', ANNA],
    ['of everything', undefined],
  ])('%s puts it off, and it goes on once the hold is lifted', async (_whose, subject) => {
    const tenant = await Tenant.create(edrOnly());
    edrAnswers(tenant, 401);
    for (let n = 0; n < 2_000; n += 100)
      await tenant.accept(
        ...Array.from({ length: 100 }, (_, i) => tenant.event(`evt-${n + i}`, { user: ANNA })),
      );
    const id = await tenant.inside(async (relay) => {
      await relay.erase({ v: 1, subject: ANNA });
      const answer = await relay.placeHold({ v: 1, reason: 'case 7', ...(subject && { subject }) });
      return answer.kind === 'placed' ? answer.hold.id : 0;
    });
    await scheduler.wait(50);
    const [begun] = await erasures(tenant);
    expect(begun?.doneAt).toBeUndefined();
    expect(begun?.heldBy).toEqual([id]);
    const { length } = await rowsOf(tenant, 'SELECT seq FROM events_1');
    expect(length).toBeGreaterThan(0);
    await daysPass(tenant, 1);
    expect(await rowsOf(tenant, 'SELECT seq FROM events_1')).toHaveLength(length);
    await tenant.stub.liftHold({ v: 1, id });
    expect((await untilErased(tenant)).heldBy).toBeUndefined();
    // A hold puts off nothing that is done.
    await place(tenant, subject);
    expect((await erasures(tenant))[0]?.heldBy).toBeUndefined();
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
  });
});

it('an erasure that a hold puts off is sealed anew under another master key', async () => {
  const tenant = await Tenant.create(edrOnly());
  await tenant.accept(tenant.event('evt-a', { user: ANNA }));
  await tenant.untilTaken(EDR, 1);
  await tenant.inside(async (relay) => {
    await relay.erase({ v: 1, subject: ANNA });
    await relay.placeHold({ v: 1, reason: 'case 7' });
  });
  const move = await Move.of(tenant);
  const id = await move.begin();
  const release = await move.finish(id, await move.bring(id));
  // From its beginning there on it knows the key of its seals as the previous one.
  const rotated = {
    ...env,
    RELAY_MASTER_KEY: encodeBase64Url(new Uint8Array(32).fill(9)),
    RELAY_MASTER_KEY_PREVIOUS: env.RELAY_MASTER_KEY,
  };
  await move.target.inside((relay) => Object.defineProperty(relay, 'env', { value: rotated }));
  await move.activate(id, release);
  const reseal = async (): Promise<unknown> => move.target.stub.resealNames({ v: 1 });
  expect(await reseal()).toEqual({ kind: 'resealed', resealed: 1, unopened: 0 });
  const [state = ''] = await move.target.inside((_relay, { storage: { sql } }) =>
    sql
      .exec<{ state: string }>('SELECT state FROM erasures')
      .toArray()
      .map((row) => row.state),
  );
  const { sealed } = JSON.parse(state) as { readonly sealed: string };
  const onlyNew = createSealer(settingsOf({ ...rotated, RELAY_MASTER_KEY_PREVIOUS: '' }).masterKeys);
  const opened = await onlyNew.open(sealed, { tenant: tenant.id, purpose: 'erasure' });
  expect(opened).toMatchObject({ ok: true, value: expect.stringContaining(ANNA.id) });
  expect(await reseal()).toEqual({ kind: 'resealed', resealed: 0, unopened: 0 });
  await move.target.retire();
});

describe('a move', () => {
  it('begins only when an erasure that is under way has come to its end', async () => {
    const tenant = await Tenant.create(edrOnly());
    edrAnswers(tenant, 401);
    for (let n = 0; n < 3_000; n += 100)
      await tenant.accept(
        ...Array.from({ length: 100 }, (_, i) => tenant.event(`evt-${n + i}`, { user: ANNA })),
      );
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'blocked', 'it is blocked');
    const move = await Move.of(tenant);
    await erase(tenant, ANNA);
    const begin = { step: 'begin', to: 'eu', leavesEu: false, expectedVersion: 1 } as const;
    expect(await move.leave(begin)).toMatchObject({ kind: 'settling' });
    await untilErased(tenant);
    await tenant.until(async () => (await move.leave(begin)).kind === 'done', 'it has begun');
    expect(await tablesWith(tenant, 'anna')).toEqual([]);
    expect(await erase(tenant, BOB)).toMatchObject({ kind: 'unavailable' });
    await move.target.retire().catch(() => undefined);
  });
});

describe('under a hold of everything', () => {
  it('no notice says that something is about to go', async () => {
    const tenant = await Tenant.create((document) => {
      edrOnly()(document);
      document['retention'] = { events: 3, detections: 5, audit: 30 };
    });
    edrAnswers(tenant, 401);
    await tenant.accept(tenant.event('evt-a', { user: ANNA }));
    await place(tenant);
    await daysPass(tenant, 6);
    const kinds = (await rowsOf<{ body: string }>(tenant, 'SELECT body FROM findings')).map(
      ({ body }) => (JSON.parse(body) as { kind: string }).kind,
    );
    expect(kinds).toContain('lane_blocked');
    expect(kinds).not.toContain('retention_near');
  });
});

describe('the record of an erasure', () => {
  it('goes with the retention of the audit, the last one too, and its number never comes again', async () => {
    const tenant = await Tenant.create((document) => {
      edrOnly()(document);
      document['retention'] = { events: 3, detections: 5, audit: 30 };
    });
    const first = await erased(tenant, ANNA);
    const [row] = await rowsOf<{ state: string }>(tenant, 'SELECT state FROM erasures');
    expect(row?.state).not.toContain('req-erase');
    await daysPass(tenant, 32);
    expect(await rowsOf(tenant, 'SELECT * FROM erasures')).toEqual([]);
    expect((await erased(tenant, ANNA)).id).toBe(first.id + 1);
  });
});
