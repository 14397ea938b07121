/** Every call of a tenant's object leaves what is stored as it is where nobody configured one, and where its tenant is on its way to another place. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import type { TenantRelayRpc } from '../../src/domain/rpc.ts';
import { TenantRelay } from '../../src/relay/tenant-relay.ts';
import { Tenant, sealedConfig } from './tenant.ts';

const actor = { by: 'admin', requestId: 'req-1' };
const subject = { id: 'ada' };
const MOVE = { move: 'm', release: 'r', proof: 'p' };

type Calls = Readonly<Record<keyof TenantRelayRpc, (relay: TenantRelay, tenant: Tenant) => Promise<unknown>>>;

/** `configure` is left to make a tenant: here it is refused. */
const CALLS: Calls = {
  accept: async (relay, tenant) => relay.accept({ v: 1, events: tenant.events(1) }),
  acceptSealed: async (relay) => relay.acceptSealed({ v: 1, sealed: new Uint8Array(9), sealedAtMs: 1 }),
  configure: async (relay, { id }) =>
    relay.configure({ v: 1, config: await sealedConfig(id), expectedVersion: 3 }),
  readConfig: async (relay) => relay.readConfig(),
  endPauses: async (relay) => relay.endPauses({ v: 1, actor, expectedVersion: 1 }),
  remove: async (relay) => relay.remove({ v: 1, actor, expectedVersion: 1, discard: true }),
  makeRoom: async (relay) => relay.makeRoom({ v: 1, claims: false }),
  drain: async (relay) => relay.drain({ v: 1, lane: '*' }),
  lanes: async (relay) => relay.lanes(),
  deadLetters: async (relay) => relay.deadLetters({ limit: 10 }),
  deadLetter: async (relay) => relay.deadLetter(1),
  redrive: async (relay) => relay.redrive({ v: 1, actor, select: { id: 1 } }),
  pause: async (relay) => relay.pause({ v: 1, actor, destination: 'edr' }),
  resume: async (relay) => relay.resume({ v: 1, actor, destination: 'edr', from: 'now' }),
  notices: async (relay) => relay.notices({ limit: 10 }),
  auditEntries: async (relay) => relay.auditEntries({ limit: 10 }),
  events: async (relay) => relay.events({ v: 1, actor, filter: {}, limit: 10, showsPersons: true }),
  explainEvent: async (relay) => relay.explainEvent({ v: 1, actor, id: 'evt-1', showsPersons: true }),
  userKey: async (relay) => relay.userKey({ v: 1, actor, user: subject }),
  testDestination: async (relay, { id }) => {
    await relay.testDestination({ v: 1, actor, destination: 'edr' });
    return relay.testDestination({ v: 1, actor, destination: 'edr', config: await sealedConfig(id) });
  },
  liftContainment: async (relay) =>
    relay.liftContainment({ v: 1, actor, destination: 'edr', hostname: 'host' }),
  noteWebhook: async (relay) => relay.noteWebhook({ v: 1, atMs: 1, type: 'x' }),
  health: async (relay) => relay.health(),
  rules: async (relay) => relay.rules(),
  rule: async (relay) => relay.rule('r'),
  ruleChanges: async (relay) => relay.ruleChanges({ limit: 10 }),
  testRules: async (relay) => relay.testRules({ v: 1, actor, event: { id: 'evt-1' } }),
  backtest: async (relay) => relay.backtest({ v: 1, actor, rule: 'r', showsPersons: false }),
  detections: async (relay) =>
    relay.detections({ v: 1, actor, filter: {}, user: subject, limit: 10, showsPersons: true }),
  detection: async (relay) => relay.detection({ v: 1, actor, id: 'd', showsPersons: true }),
  judge: async (relay) => relay.judge({ v: 1, actor, id: 'd', verdict: 'false_positive' }),
  windows: async (relay) => relay.windows({ v: 1, actor, user: subject, limit: 10 }),
  erase: async (relay) => relay.erase({ v: 1, actor, subject }),
  erasures: async (relay) => relay.erasures(),
  exportSubject: async (relay) => relay.exportSubject({ v: 1, actor, subject }),
  holds: async (relay) => relay.holds(),
  placeHold: async (relay) => relay.placeHold({ v: 1, actor, subject, reason: 'x' }),
  liftHold: async (relay) => relay.liftHold({ v: 1, actor, id: 1 }),
  retention: async (relay) => relay.retention(),
  reveal: async (relay) => relay.reveal({ v: 1, actor, key: 'p_1' }),
  resealNames: async (relay) => relay.resealNames({ v: 1, actor }),
  moveState: async (relay) => relay.moveState(),
  leave: async (relay) => {
    const steps = [
      { step: 'offer', to: 'eu', leavesEu: true },
      { step: 'begin', to: 'eu', leavesEu: true, expectedVersion: 1 },
      { step: 'page', move: MOVE.move, n: 0 },
      { step: 'finish', move: MOVE.move, proof: MOVE.proof },
      { step: 'settle', move: MOVE.move },
      { step: 'abandon', move: MOVE.move },
    ];
    for (const step of steps) await relay.leave({ v: 1, actor, ...step } as never);
  },
  arrive: async (relay, { id }) => {
    const place = { tenant: id, to: 'eu', sealed: 'no.seal', knownCreatedAtMs: null };
    const steps = [
      { step: 'check', ...place },
      { step: 'page', ...place },
      { step: 'activate', move: MOVE.move, release: 'a.b', knownCreatedAtMs: null },
      { step: 'abandon', move: MOVE.move },
    ];
    for (const step of steps) await relay.arrive({ v: 1, actor, ...step } as never);
  },
};

/** Tables of the object's own, and its alarm. */
async function traceOf(tenant: Tenant): Promise<unknown> {
  return tenant.inside(async (_relay, { storage }) => {
    const sql = "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'";
    const names = storage.sql.exec<{ name: string }>(sql).toArray();
    return { tables: names.map(({ name }) => name), alarmAtMs: await storage.getAlarm() };
  });
}

/** Every row of every table, and the alarm. */
async function allOf(tenant: Tenant): Promise<unknown> {
  return tenant.inside(async (_relay, { storage }) => {
    const sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'";
    const names = storage.sql.exec<{ name: string }>(sql).toArray();
    const rows = names.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM ${name}`).toArray()]);
    return { rows, alarmAtMs: await storage.getAlarm() };
  });
}

describe('an object whose tenant is on its way to another place changes nothing for', () => {
  it.each(Object.entries(CALLS))('%s', async (_name, call) => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.until(async () => (await tenant.lane('falcon/events')).undelivered === 0, 'all is sent');
    await tenant.until(async () => {
      const begin = { v: 1, actor, step: 'begin', to: 'global', leavesEu: true, expectedVersion: 1 } as const;
      return (await tenant.inside(async (relay) => relay.leave(begin))).kind === 'done';
    }, 'it is at rest');
    const before = await allOf(tenant);
    const sent = tenant.destinations.sent.length;
    // What reads of it throws: there is no answer.
    await tenant.inside(async (relay) => call(relay, tenant).catch(() => undefined));
    expect(await allOf(tenant)).toEqual(before);
    expect(tenant.destinations.sent).toHaveLength(sent);
  });
});

describe('an object without a config keeps no trace of', () => {
  it.each(Object.entries(CALLS))('%s', async (_name, call) => {
    const tenant = Tenant.unknown();
    await tenant.takeOver();
    await tenant.inside(async (relay) => call(relay, tenant));
    expect(await traceOf(tenant)).toEqual({ tables: [], alarmAtMs: null });
    const { keys } = await env.RELAY_KV.list();
    expect(keys.filter(({ name }) => name.includes(tenant.id))).toEqual([]);
    await tenant.evict();
    expect(await traceOf(tenant)).toEqual({ tables: [], alarmAtMs: null });
  });

  it('any call that it offers: each of them is tried here', () => {
    const own = Object.getOwnPropertyNames(TenantRelay.prototype);
    const inside = ['constructor', 'rowsWritten', 'alarm', 'load', 'activity'];
    expect(own.filter((name) => !inside.includes(name)).toSorted()).toEqual(Object.keys(CALLS).toSorted());
  });
});
