import { beforeEach, describe, expect, it } from 'vitest';

import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { SHOWN_DETECTION } from '../rule-answers.ts';
import { asViewer } from '../viewer.ts';

const ID = 'det_17959439cff046d2';
const KEY = 'p_0123456789abcdefghijkl';
const BUSY = { kind: 'busy', retryAfterSeconds: 7 } as const;
const NOT_FOUND = { kind: 'not_found' } as const;

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/detections', () => {
  it('asks for the newest, 50 at a time, without persons', async () => {
    const { status, body } = await acme.call('GET', 'acme/detections');
    expect([status, body]).toEqual([200, { detections: [SHOWN_DETECTION], nextBefore: 42 }]);
    expect(acme.relay.asked).toEqual([{ v: 1, filter: {}, limit: 50, showsPersons: false }]);
  });

  it('takes every filter, a page and the persons', async () => {
    await acme.call(
      'GET',
      'acme/detections?rule=r&level=high&verdict=none&dry_run=true&since=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z&before=40&limit=200&persons=show',
    );
    expect(acme.relay.asked).toEqual([
      {
        v: 1,
        filter: {
          rule: 'r',
          level: 'high',
          verdict: 'none',
          dryRun: true,
          sinceMs: Date.UTC(2026, 10, 22),
          untilMs: Date.UTC(2026, 10, 23),
        },
        before: 40,
        limit: 200,
        showsPersons: true,
      },
    ]);
  });

  it.each([
    ['level=hihg', 'level'],
    ['verdict=maybe', 'verdict'],
    ['dry_run=1', 'dry_run'],
    ['rule=', 'rule'],
    ['limit=201', 'limit'],
    ['user_id=u-1', 'user_id'],
  ])('answers 400 with the path to %s, and asks nothing', async (query, path) => {
    expect(await acme.call('GET', `acme/detections?${query}`)).toMatchObject({ status: 400, body: { path } });
    expect(acme.relay.asked).toEqual([]);
  });

  it('shows no person to a viewer', async () => {
    expect((await asViewer(acme, 'GET', 'acme/detections?persons=show')).status).toBe(403);
    expect((await asViewer(acme, 'GET', `acme/detections/${ID}?persons=show`)).status).toBe(403);
    expect((await asViewer(acme, 'GET', 'acme/detections')).status).toBe(200);
  });

  it('says when to come again', async () => {
    acme.relay.ruleAnswers.detections = BUSY;
    const { status, headers } = await acme.call('GET', 'acme/detections');
    expect([status, headers.get('retry-after')]).toEqual([429, '7']);
  });
});

describe('POST …/detections/search', () => {
  it.each([
    [{ user_id: 'u-1' }, { id: 'u-1' }],
    [{ user_email: 'alice@acme.fr' }, { email: 'alice@acme.fr' }],
    [{ user_key: KEY }, { key: KEY }],
  ])('looks for the user of %j', async (body, user) => {
    await acme.call('POST', 'acme/detections/search', { ...body, dry_run: false });
    expect(acme.relay.asked).toEqual([
      { v: 1, filter: { dryRun: false }, user, limit: 50, showsPersons: false },
    ]);
  });

  it.each([{}, { user_id: 'u-1', user_key: KEY }])('needs exactly one user, not %j', async (body) => {
    expect((await acme.call('POST', 'acme/detections/search', body)).status).toBe(422);
  });

  it('is not for a viewer', async () => {
    expect((await asViewer(acme, 'POST', 'acme/detections/search', { user_id: 'u-1' })).status).toBe(403);
  });
});

describe('GET …/detections/{id}', () => {
  it('shows it with what became of what it asked for', async () => {
    const { status, body } = await acme.call('GET', `acme/detections/${ID}?persons=show`);
    expect([status, body]).toMatchObject([
      200,
      { detection: { id: ID }, responses: [{ response: 'case', outcome: 'done' }], lanes: [{}] },
    ]);
    expect(acme.relay.asked).toEqual([{ v: 1, id: ID, showsPersons: true }]);
  });

  it('answers 404 to one that is not there, and asks for none that can not be', async () => {
    acme.relay.ruleAnswers.detection = NOT_FOUND;
    expect((await acme.call('GET', 'acme/detections/det_x')).status).toBe(404);
    expect(acme.relay.asked).toHaveLength(1);
    expect((await acme.call('GET', `acme/detections/${'x'.repeat(65)}`)).status).toBe(404);
    expect((await acme.call('GET', 'acme/detections/alice%40acme.fr')).status).toBe(404);
    expect(acme.relay.asked).toHaveLength(1);
  });

  it('takes no GET where a search is', async () => {
    expect((await acme.call('GET', 'acme/detections/search')).status).toBe(405);
  });
});

describe('POST …/detections/{id}/verdict', () => {
  it('marks it, in the name of who asks', async () => {
    const { status, body } = await acme.call('POST', `acme/detections/${ID}/verdict`, {
      verdict: 'false_positive',
    });
    expect([status, body]).toEqual([200, { isNew: true }]);
    expect(acme.relay.asked).toEqual([{ v: 1, id: ID, verdict: 'false_positive' }]);
    expect(acme.relay.actors.at(-1)).toEqual({ by: 'bootstrap', requestId: 'req-1' });
  });

  it.each([{}, { verdict: 'none' }, { verdict: true }])('refuses %j', async (body) => {
    const answer = await acme.call('POST', `acme/detections/${ID}/verdict`, body);
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path: 'verdict' }] } });
    expect(acme.relay.asked).toEqual([]);
  });

  it('is not for a viewer, and 404 where there is no such detection', async () => {
    const body = { verdict: 'true_positive' };
    expect((await asViewer(acme, 'POST', `acme/detections/${ID}/verdict`, body)).status).toBe(403);
    acme.relay.ruleAnswers.judged = NOT_FOUND;
    expect((await acme.call('POST', `acme/detections/${ID}/verdict`, body)).status).toBe(404);
  });
});
