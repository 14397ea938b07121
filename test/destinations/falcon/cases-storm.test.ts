import { afterEach, describe, expect, it } from 'vitest';

import { CASES, DELIVERED, HOUR_MS, MINUTE_MS, Stage, type StageOptions } from './cases-stage.ts';

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start(options);
};
afterEach(async () => stage.stop());

/** An event of a user of its own: a group of its own. */
const ofUser = (i: number, changes: Parameters<Stage['event']>[1] = {}) =>
  stage.event(`evt-${i}`, { user: { id: `user-${i}` }, ...changes });
const ofUsers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => ofUser(from + i));

describe('more new cases in an hour than the cap', () => {
  it('become one case that counts them and names nobody', async () => {
    await start();
    expect(await stage.deliver(...ofUsers(1, 90))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(21);
    const storm = stage.cases[20];
    expect(storm?.name).toBe('Noxys: more than 20 new cases in an hour');
    expect(storm?.severity).toBe(75);
    expect(storm?.tags).toEqual([expect.stringMatching(/^nx-/), 'noxys', 'storm', 'pii']);
    expect(storm?.description).toContain('Entries: 70');
    expect(storm?.description).toContain('70 of interaction.policy_violated on ChatGPT');
    expect(storm?.description).not.toMatch(/user-|WKS-7/);
    expect(stage.calls('PUT', CASES)).toHaveLength(21);
    expect(stage.calls('PATCH', CASES)).toHaveLength(0);
  });

  it('are counted over several turns and restarts', async () => {
    await start({ cases: { per_hour_max: 2 } });
    for (const event of ofUsers(1, 5)) {
      expect(await stage.deliver(event)).toEqual(DELIVERED);
      stage.passes(MINUTE_MS);
    }
    expect(stage.cases).toHaveLength(3);
    expect(stage.cases[2]?.description).toContain('Entries: 3');
  });

  it('tell rules and platforms apart, the most frequent first, and take the gravest severity', async () => {
    await start({ cases: { per_hour_max: 1 } });
    const claude = { platform: { id: 'claude', name: 'claude' } };
    await stage.deliver(
      ofUser(1),
      ofUser(2, claude),
      stage.detection('det-1', { groupKey: 'user-9', level: 'critical' }),
      ofUser(3, claude),
    );
    const storm = stage.cases[1];
    expect(storm?.severity).toBe(100);
    expect(storm?.description).toContain(
      'Most of them: 2 of interaction.policy_violated on Claude, 1 of rule noxys_hl3_repeated_violations on ChatGPT',
    );
  });

  it('change nothing about cases that are open', async () => {
    await start({ cases: { per_hour_max: 1 } });
    await stage.deliver(...ofUsers(1, 3));
    expect(await stage.deliver(ofUser(1, { id: 'evt-9' }))).toEqual(DELIVERED);
    expect(stage.cases[0]?.description).toContain('Count: 2 events');
    expect(stage.cases[1]?.description).toContain('Entries: 2');
  });

  it('are each counted once, however often they come', async () => {
    await start({ cases: { per_hour_max: 1 } });
    const events = ofUsers(1, 4);
    await stage.deliver(...events);
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    stage.passes(2 * HOUR_MS);
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(stage.cases[1]?.description).toContain('Entries: 3');
  });

  it('end: an hour later a new group has a case of its own again', async () => {
    await start({ cases: { per_hour_max: 2 } });
    await stage.deliver(...ofUsers(1, 4));
    stage.passes(59 * MINUTE_MS);
    await stage.deliver(ofUser(5));
    expect(stage.cases).toHaveLength(3);
    stage.passes(2 * MINUTE_MS);
    await stage.deliver(ofUser(6));
    expect(stage.cases).toHaveLength(4);
    expect(stage.cases[3]?.name).toBe('Policy violation: Block PII on ChatGPT');
  });

  it('do not count the case that they share', async () => {
    await start({ cases: { per_hour_max: 2 } });
    await stage.deliver(...ofUsers(1, 2));
    stage.passes(30 * MINUTE_MS);
    await stage.deliver(ofUser(3));
    stage.passes(31 * MINUTE_MS);
    await stage.deliver(...ofUsers(4, 5));
    expect(stage.cases).toHaveLength(5);
    expect(stage.cases[2]?.description).toContain('Entries: 1');
  });

  it('open another storm case once analysts closed the first', async () => {
    await start({ cases: { per_hour_max: 1 } });
    await stage.deliver(...ofUsers(1, 2));
    const storm = stage.cases[1];
    await stage.falcon.call('PATCH', CASES, { body: { id: storm?.id, fields: { status: 'closed' } } });
    expect(await stage.deliver(ofUser(3))).toEqual(DELIVERED);
    expect(stage.cases.map(({ status }) => status)).toEqual(['new', 'closed', 'new']);
    expect(stage.cases[2]?.description).toContain('Entries: 1');
  });

  it('leave one storm case when the answer to its opening is lost', async () => {
    await start({ cases: { per_hour_max: 1 }, falcon: { caseSearchLagMs: 20_000 } });
    const events = ofUsers(1, 4);
    let puts = 0;
    stage.falcon.simulator.fail({
      drop: 'after_reading',
      match: ({ method }) => method === 'PUT' && ++puts === 2,
      times: 1,
    });
    expect(await stage.deliver(...events)).toMatchObject({
      kind: 'delivered',
      settled: 1,
      others: { kind: 'retry' },
    });
    const rest = events.slice(1);
    expect(await stage.deliver(...rest)).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    stage.passes(20_000);
    expect(await stage.deliver(...rest, ofUser(5))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(stage.cases[1]?.description).toContain('Entries: 4');
  });

  it('are not held up by one of them that Falcon fails over', async () => {
    await start({ cases: { per_hour_max: 1 } });
    stage.sicken(500);
    expect(await stage.deliver(ofUser(1))).toEqual(DELIVERED);
    const poison = stage.event('evt-2', { user: { id: 'user-2' }, classifications: ['POISON'] });
    for (let i = 0; i < 3; i++) {
      expect(await stage.deliver(poison, ofUser(3))).toMatchObject({ kind: 'retry' });
      stage.passes(MINUTE_MS);
    }
    expect(await stage.deliver(ofUser(3))).toEqual(DELIVERED);
    expect(await stage.deliver(ofUser(4))).toEqual(DELIVERED);
    expect(stage.cases[1]?.description).toContain('Entries: 2');
  });

  it('keep one that comes again after hundreds of others', async () => {
    await start({ cases: { per_hour_max: 1 } });
    await stage.deliver(ofUser(0));
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    const late = ofUser(1);
    expect(await stage.deliver(late)).toMatchObject({ kind: 'retry' });
    for (let i = 1; i <= 3; i++)
      expect(await stage.deliver(...ofUsers(100 * i, 100 * i + 80))).toEqual(DELIVERED);
    stage.passes(2 * HOUR_MS);
    expect(await stage.deliver(late)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
  });

  it('are in no second storm case, when the first was closed and the next one was never made', async () => {
    await start({ cases: { per_hour_max: 1 } });
    await stage.deliver(ofUser(0));
    const events = ofUsers(1, 7);
    stage.fail('PUT', CASES, { drop: 'after_reading', times: 1 });
    await stage.deliver(...events.slice(0, 6));
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(ofUser(1))).toEqual(DELIVERED);
    const storm = stage.cases[1];
    await stage.falcon.call('PATCH', CASES, { body: { id: storm?.id, fields: { status: 'closed' } } });
    stage.fail('PUT', CASES, { drop: 'before_reading', times: 1 });
    expect(await stage.deliver(ofUser(7))).toMatchObject({ kind: 'retry' });
    stage.passes(MINUTE_MS);
    for (const event of events.slice(1, 6)) expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
    expect(await stage.deliver(...events)).toEqual(DELIVERED);
    expect(stage.cases[2]?.description).toContain('Entries: 1');
  });

  it('are counted for an hour, even by a clock that was a day ahead for a moment', async () => {
    await start({ cases: { per_hour_max: 2 } });
    stage.passes(24 * HOUR_MS);
    await stage.deliver(...ofUsers(1, 2));
    stage.passes(-22 * HOUR_MS);
    await stage.deliver(ofUser(3));
    expect(stage.cases.at(-1)?.name).not.toContain('more than');
  });

  it('do not count what Falcon never made', async () => {
    await start({ cases: { per_hour_max: 1 } });
    stage.fail('PUT', CASES, { drop: 'before_reading', times: 1 });
    await stage.deliver(ofUser(1));
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(ofUser(1))).toEqual(DELIVERED);
    expect(stage.onlyCase.tags).not.toContain('storm');
  });

  it('do not count what Falcon refused to open', async () => {
    await start({ cases: { per_hour_max: 1 } });
    stage.fail('PUT', CASES, { status: 400, body: { errors: [{ code: 400, message: 'no' }] }, times: 1 });
    expect(await stage.deliver(ofUser(1))).toMatchObject({ kind: 'rejected' });
    expect(await stage.deliver(ofUser(2))).toEqual(DELIVERED);
    expect(stage.onlyCase.name).toBe('Policy violation: Block PII on ChatGPT');
  });
});
