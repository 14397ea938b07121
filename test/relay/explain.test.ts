import { describe, expect, it } from 'vitest';

import { detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { Explained, Explanation } from '../../src/domain/explanation.ts';
import type { LaneStart } from '../../src/domain/rpc.ts';
import type { Takes } from '../../src/domain/wanted.ts';
import { sha256Hex } from '../../src/lib/hmac.ts';
import { deliveredWords, notTakenWords } from '../../src/relay/explain-words.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { sampleSlack } from '../tenants/sample.ts';
import { EDR, HEC, type Sent, Tenant, destination } from './tenant.ts';

const MINUTE_MS = 60_000;
const taken = () => new Response('{}', { status: 202 });
const failing = () => new Response('no', { status: 503 });

async function find(
  tenant: Tenant,
  id: string,
  request: { type?: string; before?: number } = {},
): Promise<Explained> {
  const answer = await tenant.inside(async (relay) =>
    relay.explainEvent({ v: 1, id, showsPersons: false, ...request }),
  );
  if (answer.kind !== 'explained') throw new Error(`Cannot explain ${id}: ${answer.kind}`);
  const { kind: _kind, ...explained } = answer;
  return explained;
}

/** What one lane did with the newest event of an id. */
async function of(tenant: Tenant, id: string, lane = 'edr/events'): Promise<Explanation | undefined> {
  const [found] = (await find(tenant, id)).events;
  return found?.lanes.find((one) => one.lane === lane);
}

async function outcomes(tenant: Tenant, ids: readonly string[], lane = 'edr/events') {
  const explanations = await Promise.all(ids.map(async (id) => of(tenant, id, lane)));
  return explanations.map((one) => one?.outcome);
}

async function resume(tenant: Tenant, from: LaneStart): Promise<void> {
  await tenant.inside(async (relay) => relay.resume({ v: 1, destination: 'edr', from }));
}

async function pause(tenant: Tenant): Promise<void> {
  await tenant.inside(async (relay) => relay.pause({ v: 1, destination: 'edr' }));
}

const filtered = (filter: Partial<{ events: string[]; where: object }>) => destination('edr', filter);
const removed = (document: Record<string, unknown>) => {
  document['destinations'] = (document['destinations'] as { name: string }[]).filter(
    ({ name }) => name !== 'edr',
  );
};

/** Fails on one event, takes the others. */
function poisonous(id: string) {
  return ({ ids }: Sent) => (ids.includes(id) ? failing() : taken());
}

async function withParked(): Promise<Tenant> {
  const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
  tenant.destinations.answer(EDR, poisonous('evt-1'));
  await tenant.accept(...tenant.events(3));
  await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 1, 'evt-1 is parked');
  return tenant;
}

/** Made by migration 4 and those after it. */
const TABLES_SINCE_4 = [
  'lane_history',
  'lane_ends',
  'channel_memory',
  'digests',
  'windows_0',
  'windows_1',
  'detections',
  'rule_stats',
  'rule_changes',
  'custom_rules',
  'watched_users',
  'erasures',
  'legal_holds',
  'held_entries',
  'pseudonyms',
];

describe('an event', () => {
  it('was delivered by every lane that took it', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.untilTaken(HEC, 1);
    await tenant.until(
      async () => (await of(tenant, 'evt-1', 'falcon/events'))?.outcome === 'delivered',
      'it is',
    );
    const { events, isComplete } = await find(tenant, 'evt-1');
    expect(isComplete).toBe(true);
    expect(events).toMatchObject([
      {
        event: { seq: 1, id: 'evt-1' },
        lanes: [
          { lane: 'edr/alerts', outcome: 'not_wanted', why: 'This lane takes detections, and no events.' },
          { lane: 'edr/events', outcome: 'delivered', why: 'The destination took it.' },
          { lane: 'edr/incidents', outcome: 'not_wanted', filter: 'actions' },
          { lane: 'falcon/events', outcome: 'delivered' },
        ],
      },
    ]);
  });

  it('is not wanted by a lane that follows the config alone, nor by one of detections', async () => {
    const tenant = await Tenant.create(destination('edr', { mode: 'both', actions: ['rule', 'comment'] }));
    await tenant.accept(tenant.event('evt-1'));
    const whys = {
      'edr/rules': 'This lane takes changes of the config, and no events.',
      'edr/comments': 'This lane takes detections, and no events.',
    };
    for (const [lane, why] of Object.entries(whys))
      expect(await of(tenant, 'evt-1', lane)).toMatchObject({ outcome: 'not_wanted', why });
  });

  it('is not wanted by a lane that tells people, which takes more than detections', async () => {
    const tenant = await Tenant.create((document) => {
      document['destinations'] = [sampleSlack()];
    });
    await tenant.accept(tenant.event('evt-1'));
    expect(await of(tenant, 'evt-1', `${sampleSlack().name}/messages`)).toMatchObject({
      outcome: 'not_wanted',
      why: 'This lane takes detections, notices and digests, and no events.',
    });
  });

  it('has an incident, though it is covered by that of another of its group', async () => {
    const actions = { actions: ['incident'], incidents: { events_at_or_above: 'informational' } };
    const tenant = await Tenant.create(destination('edr', actions));
    tenant.destinations.answer(EDR, () => Response.json({ id: 'inc-1' }, { status: 201 }));
    const lane = 'edr/incidents';
    await tenant.accept(tenant.event('evt-1'), tenant.event('evt-2'));
    await tenant.until(async () => (await tenant.lane(lane)).delivered === 2, 'both are settled');
    expect(tenant.destinations.sent.filter(({ url }) => url.startsWith(EDR))).toHaveLength(1);
    expect(await of(tenant, 'evt-2', lane)).toEqual({
      lane,
      outcome: 'delivered',
      why: "It has an incident: its own, or its group's of the last 24 h, which covers it.",
    });
  });

  it.each([
    ['soc/messages', 'It was told, or counted with others of its kind'],
    ['edr/comments', 'or there was no such threat'],
    ['edr/containment', 'by another detection or by somebody else'],
    ['edr/indicators', 'brought in line'],
    ['edr/rules', 'brought in line'],
    ['falcon/cases', 'or the storm case when more than cases.per_hour_max were due'],
    ['falcon/events', 'The destination took it.'],
  ])('counts as delivered by %s in words that hold without a request', async (lane, words) => {
    const tenant = Tenant.unknown();
    expect(deliveredWords(lane, tenant.event('evt-1'))).toContain(words);
  });

  it.each<[object, Partial<CanonicalEvent>, string, string]>([
    [{ events: ['alert.severity_high'] }, {}, 'events', "Its type is not among the destination's events."],
    [
      { where: { platform_id: 'perplexity', 'risk_score|gte': 0.9 } },
      {},
      'where.risk_score|gte',
      "It does not match risk_score|gte of the destination's where.",
    ],
    [
      { where: { user_id: 'u-secret', severity: 'critical' } },
      {},
      'where.severity',
      "It does not match severity of the destination's where.",
    ],
    [
      { where: { 'user.id': 'u-secret', platform_id: 'chatgpt' } },
      { platform: { id: 'chatgpt', name: 'ChatGPT' } },
      'where',
      "It does not match the destination's where.",
    ],
  ])('is not wanted by the filter %j, passed or not', async (filter, changes, part, why) => {
    const tenant = await Tenant.create(filtered({ ...filter }));
    await tenant.accept(tenant.event('evt-1', changes), tenant.event('evt-2', changes));
    const expected = { lane: 'edr/events', outcome: 'not_wanted', filter: part, why };
    expect(await of(tenant, 'evt-1')).toEqual(expected);
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it was passed');
    expect(await of(tenant, 'evt-1')).toEqual(expected);
    await pause(tenant);
    await tenant.accept(tenant.event('evt-3', changes));
    expect(await of(tenant, 'evt-3')).toEqual(expected);
  });

  it.each<[Takes, string]>([
    [
      { detections: 'notify', detectionsAtOrAbove: 'critical' },
      'It is below critical, from where on this lane takes detections (messages.at_once_at_or_above).',
    ],
    [
      { detections: 'alert', detectionsAtOrAbove: 'high' },
      'It is below high, from where on this lane takes detections.',
    ],
  ])('is not taken below the level of a lane, and says which key sets it: %j', async (takes, why) => {
    const facts = detectionForTest({ level: 'medium', respond: ['notify', 'alert'] });
    const at = '2096-11-22T08:00:00.000Z';
    expect(notTakenWords(takes, detectionEvent(facts, { tenant: 'acme', receivedAt: at }))).toBe(why);
  });

  it('is not wanted by a filter on a person, which only those learn who see persons', async () => {
    const onlyEvents = { actions: ['event'], where: { user_id: 'u-secret' } };
    const tenant = await Tenant.create(destination('edr', onlyEvents));
    await tenant.accept(tenant.event('evt-1'));
    const answer = await tenant.inside(async (relay) =>
      relay.explainEvent({ v: 1, id: 'evt-1', showsPersons: true }),
    );
    expect(answer).toMatchObject({
      events: [{ lanes: [{ filter: 'where.user_id' }, { lane: 'falcon/events' }] }],
    });
  });

  it('is a dead letter, by number and reason', async () => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, ({ ids }) =>
      ids.includes('evt-2') ? new Response('no', { status: 422 }) : taken(),
    );
    await tenant.accept(...tenant.events(3));
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'all are settled');
    expect(await of(tenant, 'evt-2')).toEqual({
      lane: 'edr/events',
      outcome: 'dead_letter',
      why: 'The destination refused it for good, the last time with HTTP 422.',
      deadLetter: 1,
      reason: 'rejected',
    });
    expect(await outcomes(tenant, ['evt-1', 'evt-3'])).toEqual(['delivered', 'delivered']);
    tenant.destinations.answer(EDR, failing);
    await tenant.inside(async (relay) => relay.redrive({ v: 1, select: { id: 1 } }));
    expect(await of(tenant, 'evt-2')).toMatchObject({
      outcome: 'parked',
      why: 'Its dead letter is being sent again: it is tried alone.',
      deadLetter: 1,
    });
    tenant.destinations.answer(EDR, taken);
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 0, 'it is sent');
    expect(await of(tenant, 'evt-2')).toMatchObject({ outcome: 'delivered' });
  });

  it('is parked, with its failures and its next try', async () => {
    const tenant = await withParked();
    const { due, ...explanation } = (await of(tenant, 'evt-1')) ?? {};
    expect(explanation).toEqual({
      lane: 'edr/events',
      outcome: 'parked',
      why: 'It failed where a later one was taken: it is tried alone.',
      tries: 0,
    });
    expect(Date.parse(due ?? '')).toBeGreaterThan(tenant.nowMs - MINUTE_MS);
    expect(await outcomes(tenant, ['evt-2', 'evt-3'])).toEqual(['delivered', 'delivered']);
    await pause(tenant);
    expect((await of(tenant, 'evt-1'))?.why).toContain('once edr is resumed');
  });

  it('was parked, and then given up by a resume from now', async () => {
    const tenant = await withParked();
    await resume(tenant, 'now');
    expect(await of(tenant, 'evt-1')).toMatchObject({
      outcome: 'discarded',
      why: 'It was parked after failures, and given up when an operator resumed the destination from now.',
    });
    expect(await outcomes(tenant, ['evt-2'])).toEqual(['delivered']);
  });

  it('was parked, and then not wanted by a filter that was changed', async () => {
    const tenant = await withParked();
    await tenant.configure(filtered({ events: ['alert.severity_high'] }));
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).parked === 0, 'it is dropped');
    expect(await of(tenant, 'evt-1')).toMatchObject({ outcome: 'not_wanted' });
    expect(await outcomes(tenant, ['evt-2'])).toEqual(['delivered']);
  });

  it.each([
    ['is paused', 'edr is paused; at most 2 events are before it.', async (tenant: Tenant) => pause(tenant)],
    [
      'is blocked',
      'The lane is blocked: unauthorized; at most 2 events are before it.',
      async (tenant: Tenant) => tenant.destinations.answer(EDR, () => new Response('', { status: 401 })),
    ],
    [
      'backs off',
      'The lane waits after a failure: server_error; at most 2 events are before it.',
      async (tenant: Tenant) => tenant.destinations.answer(EDR, failing),
    ],
  ])('waits while its destination %s', async (_state, why, stop) => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    await stop(tenant);
    await tenant.accept(...tenant.events(3));
    await tenant.until(async () => (await of(tenant, 'evt-3'))?.why === why, why);
    const { due, ...rest } = (await of(tenant, 'evt-3')) ?? {};
    expect(rest).toEqual({ lane: 'edr/events', outcome: 'waiting', why });
    expect(due !== undefined).toBe(!why.includes('paused'));
    expect((await of(tenant, 'evt-1'))?.why).not.toContain('before it');
    expect((await of(tenant, 'evt-2'))?.why).toContain('at most 1 event is before it');
  });

  it('is next while a request is under way', async () => {
    const tenant = await Tenant.create(destination('edr', { in_flight: 1 }));
    const held = Promise.withResolvers<void>();
    tenant.destinations.answer(EDR, async () => held.promise.then(taken));
    await tenant.accept(...tenant.events(2));
    expect((await of(tenant, 'evt-1'))?.why).toBe('It is next, or under way.');
    expect((await of(tenant, 'evt-2'))?.why).toBe(
      'The lane is on its way to it; at most 1 event is before it.',
    );
    held.resolve();
    await tenant.untilTaken(EDR, 2);
  });

  it('was given up by a resume from now, while what was delivered before was delivered', async () => {
    const tenant = await Tenant.create(filtered({ events: ['interaction.policy_violated'] }));
    await tenant.accept(tenant.event('before'));
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await of(tenant, 'before'))?.outcome === 'delivered', 'it is written');
    await pause(tenant);
    await tenant.accept(tenant.event('lost'), tenant.event('other', { type: 'alert.severity_high' }));
    await resume(tenant, 'now');
    await tenant.accept(tenant.event('after'));
    await tenant.untilTaken(EDR, 2);
    await tenant.until(async () => (await of(tenant, 'after'))?.outcome === 'delivered', 'it is written');
    const all = ['before', 'lost', 'other', 'after'];
    const expected = ['delivered', 'discarded', 'not_wanted', 'delivered'];
    expect(await outcomes(tenant, all)).toEqual(expected);
    expect((await of(tenant, 'lost'))?.why).toContain('may have arrived all the same');
    await tenant.evict();
    expect(await outcomes(tenant, all)).toEqual(expected);
  });

  it('is judged by the filter that it met, not by that of now', async () => {
    const tenant = await Tenant.create(filtered({ events: ['interaction.policy_violated'] }));
    const both = (n: number) => [
      tenant.event(`violated-${n}`),
      tenant.event(`alert-${n}`, { type: 'alert.severity_high' }),
    ];
    const ids = ['violated-1', 'alert-1', 'violated-2', 'alert-2'];
    await tenant.accept(...both(1));
    await tenant.until(
      async () => (await tenant.lane('edr/events')).undelivered === 0,
      'the first are passed',
    );
    await tenant.configure(filtered({ events: ['alert.severity_high'] }));
    await tenant.accept(...both(2));
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'all are passed');
    const expected = ['delivered', 'not_wanted', 'not_wanted', 'delivered'];
    expect(await outcomes(tenant, ids)).toEqual(expected);
    expect(tenant.destinations.ids(EDR)).toEqual(['violated-1', 'alert-2']);
    await tenant.configure();
    await tenant.evict();
    expect(await outcomes(tenant, ids)).toEqual(expected);
  });

  it.each<[string, string, (tenant: Tenant) => Promise<void>]>([
    [
      'filter',
      'not_wanted',
      async (tenant) => tenant.configure(filtered({ events: ['alert.severity_high'] })),
    ],
    ['resume from now', 'discarded', async (tenant) => resume(tenant, 'now')],
  ])('was delivered although one before it was not, and a %s came then', async (_what, ofFirst, change) => {
    const tenant = await Tenant.create();
    tenant.destinations.answer(EDR, poisonous('evt-1'));
    await tenant.accept(...tenant.events(2));
    await tenant.until(async () => (await tenant.lane('edr/events')).state === 'waiting', 'evt-1 fails');
    await tenant.until(async () => (await tenant.lane('edr/events')).delivered === 1, 'evt-2 is delivered');
    expect(await outcomes(tenant, ['evt-1', 'evt-2'])).toEqual(['waiting', 'delivered']);
    await change(tenant);
    await tenant.accept(tenant.event('evt-3', { type: 'alert.severity_high' }));
    await tenant.until(
      async () => (await of(tenant, 'evt-3'))?.outcome === 'delivered',
      'evt-3 is delivered',
    );
    expect(await outcomes(tenant, ['evt-1', 'evt-2'])).toEqual([ofFirst, 'delivered']);
  });

  it('came before the lane, or while its destination was away, or is its own with the backlog', async () => {
    const tenant = await Tenant.create(removed);
    await tenant.accept(tenant.event('first'));
    await tenant.configure();
    expect(await of(tenant, 'first')).toMatchObject({ outcome: 'before_lane' });
    await tenant.accept(tenant.event('second'));
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await of(tenant, 'second'))?.outcome === 'delivered', 'it is written');
    await tenant.configure(removed);
    await tenant.accept(tenant.event('third'));
    expect(await outcomes(tenant, ['first', 'second', 'third'])).toEqual([
      'before_lane',
      'delivered',
      'destination_absent',
    ]);
    await tenant.configure();
    await tenant.accept(tenant.event('fourth'));
    await tenant.untilTaken(EDR, 2);
    await tenant.until(async () => (await of(tenant, 'fourth'))?.outcome === 'delivered', 'it is written');
    expect(await of(tenant, 'third')).toMatchObject({
      outcome: 'destination_absent',
      why: 'It came while the destination was not in the config.',
    });
    await tenant.configure(removed);
    await tenant.accept(tenant.event('fifth'));
    await tenant.configure(undefined, 'backlog');
    await tenant.untilTaken(EDR, 3);
    await tenant.until(async () => (await of(tenant, 'fifth'))?.outcome === 'delivered', 'it is written');
    expect(await outcomes(tenant, ['first', 'third', 'fourth'])).toEqual([
      'before_lane',
      'destination_absent',
      'delivered',
    ]);
  });

  it('becomes a dead letter when its destination is removed, in a moment', async () => {
    const tenant = await Tenant.create(
      destination('edr', { enabled: false, events: ['interaction.policy_violated'] }),
    );
    await tenant.accept(tenant.event('evt-1'), tenant.event('evt-2', { type: 'alert.severity_high' }));
    await tenant.configure(removed);
    expect(await of(tenant, 'evt-1')).toMatchObject({
      outcome: 'waiting',
      why: 'Its destination was removed: it becomes a dead letter in a moment.',
    });
    expect(await outcomes(tenant, ['evt-2'])).toEqual(['not_wanted']);
    await tenant.passTimeUntil(async () => (await tenant.lane('edr/events')).deadLettered === 1, 'it is one');
    expect(await of(tenant, 'evt-1')).toMatchObject({
      outcome: 'dead_letter',
      reason: 'destination_removed',
      why: 'It was not delivered when its destination was taken out of the config.',
    });
    expect(await outcomes(tenant, ['evt-2'])).toEqual(['not_wanted']);
  });

  it('that a lane passed before the relay remembered how is settled, and nothing more is claimed', async () => {
    const tenant = await Tenant.create();
    await tenant.accept(tenant.event('evt-1'));
    await tenant.untilTaken(EDR, 1);
    await tenant.until(async () => (await tenant.lane('edr/events')).undelivered === 0, 'it is written');
    await tenant.inside((relay, { storage: { sql } }) => {
      // As a version of before has left it.
      for (const table of TABLES_SINCE_4) sql.exec(`DROP TABLE ${table}`);
      for (const column of ['aside', 'named']) sql.exec(`ALTER TABLE follow_ups DROP COLUMN ${column}`);
      sql.exec('DELETE FROM migrations WHERE version >= 4');
      relay.load();
    });
    await tenant.takeOver();
    const settled = {
      lane: 'edr/events',
      outcome: 'settled',
      why: 'The lane has it behind it, and by which rule is not remembered: it was delivered, not wanted, or given up.',
    };
    expect(await of(tenant, 'evt-1')).toEqual(settled);
    await tenant.accept(tenant.event('evt-2'));
    await tenant.untilTaken(EDR, 2);
    await tenant.until(async () => (await of(tenant, 'evt-2'))?.outcome === 'delivered', 'it is written');
    expect(await of(tenant, 'evt-1')).toEqual(settled);
  });
});

describe('the look for an event', () => {
  const fill = async (tenant: Tenant, count: number) => {
    await tenant.accept(tenant.event('first'));
    const body = JSON.stringify(tenant.event('filler'));
    await tenant.inside((relay, { storage: { sql } }) => {
      const rows = `WITH RECURSIVE n(seq) AS (SELECT 2 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${count})`;
      sql.exec(`INSERT INTO events_1 (seq, body) ${rows} SELECT seq, ? FROM n`, body);
      relay.load();
    });
    await tenant.takeOver();
  };
  const empty = (document: Record<string, unknown>) => {
    document['destinations'] = [];
  };

  it('goes through 5,000 rows a turn, and says where it goes on', async () => {
    const tenant = await Tenant.create(empty);
    await fill(tenant, 12_000);
    expect(await find(tenant, 'first')).toEqual({ events: [], isComplete: false, nextBefore: 7_001 });
    expect(await find(tenant, 'first', { before: 7_001 })).toMatchObject({ events: [], nextBefore: 2_001 });
    const last = await find(tenant, 'first', { before: 2_001 });
    expect(last).toMatchObject({ events: [{ event: { seq: 1 } }], isComplete: true });
    expect(await find(tenant, 'first', { before: 2 })).toMatchObject({ events: [{ event: { seq: 1 } }] });
  });

  it('ends with the newest one of a type, and without a type finds all that have the id', async () => {
    const tenant = await Tenant.create(empty);
    await tenant.accept(
      tenant.event('same', { type: 'alert.severity_high' }),
      tenant.event('same'),
      tenant.event('other'),
    );
    const both = await find(tenant, 'same');
    expect(both.events.map(({ event }) => event.seq)).toEqual([2, 1]);
    expect(both.isComplete).toBe(true);
    const one = await find(tenant, 'same', { type: 'alert.severity_high' });
    expect([one.events.map(({ event }) => event.seq), one.isComplete]).toEqual([[1], true]);
    expect(await find(tenant, 'same', { type: 'alert.severity_critical' })).toEqual({
      events: [],
      isComplete: true,
    });
  });

  it('shows twenty at once when an id is everywhere', async () => {
    const tenant = await Tenant.create(empty);
    await fill(tenant, 30);
    expect(await find(tenant, 'filler')).toMatchObject({ isComplete: false, nextBefore: 11 });
    expect((await find(tenant, 'filler', { before: 11 })).events).toHaveLength(9);
  });

  it('takes an id as it came, also where the relay keeps its hash', async () => {
    const tenant = await Tenant.create(empty);
    await tenant.accept(tenant.event(`sha256:${sha256Hex('été-1')}`), tenant.event('evt-1'));
    for (const id of ['été-1', ' evt-1 ']) expect((await find(tenant, id)).events).toHaveLength(1);
  });
});
