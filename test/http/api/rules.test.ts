/** What the routes on rules ask the object for, and what they show to whom. */

import { beforeEach, describe, expect, it } from 'vitest';

import { RULE_TEXT_LENGTH_MAX } from '../../../src/domain/rules-config.ts';
import type { Acme } from '../acme.ts';
import { makeAcme } from '../acme.ts';
import { SHOWN_RULE } from '../rule-answers.ts';
import { asViewer } from '../viewer.ts';

const UNKNOWN_TENANT = { kind: 'unknown_tenant' } as const;
const FAULT = { kind: 'unavailable', reason: 'object_fault' } as const;
const BUSY = { kind: 'busy', retryAfterSeconds: 7 } as const;
const EVENT = {
  type: 'interaction.policy_violated',
  id: 'evt_1',
  data: { user_id: 'u-1', user_email: 'alice@acme.fr' },
};

let acme: Acme;
beforeEach(async () => {
  acme = await makeAcme();
});

describe('GET …/rules', () => {
  it('shows every rule with its counts', async () => {
    expect(await acme.call('GET', 'acme/rules')).toMatchObject({
      status: 200,
      body: { rules: [SHOWN_RULE] },
    });
  });

  it.each([
    [UNKNOWN_TENANT, 404],
    [FAULT, 503],
  ])('answers %j with %i', async (answer, status) => {
    acme.relay.ruleAnswers.rules = answer;
    expect((await acme.call('GET', 'acme/rules')).status).toBe(status);
  });
});

describe('GET …/rules/changes', () => {
  it('asks for a page, and says where the next one begins', async () => {
    const { status, body } = await acme.call('GET', 'acme/rules/changes?limit=1&before=20');
    expect([status, body]).toMatchObject([200, { changes: [{ id: 9, by: 'token:t-1' }], nextBefore: 9 }]);
    expect(acme.relay.pages.at(-1)).toEqual({ limit: 1, before: 20 });
  });

  it('is no rule of that name, nor are its neighbours', async () => {
    await acme.call('GET', 'acme/rules/changes');
    expect(acme.relay.rulesAsked).toEqual([]);
    for (const path of ['test', 'backtest'])
      expect((await acme.call('GET', `acme/rules/${path}`)).status).toBe(405);
  });

  it('shows a viewer numbers, and no value that may name somebody', async () => {
    const { body } = await asViewer(acme, 'GET', 'acme/rules/changes');
    expect(JSON.stringify(body)).not.toContain('u-alice');
    expect(body).toMatchObject({
      changes: [
        {
          changes: [
            {
              parts: [
                { from: '5', to: '10' },
                { from: '…', to: '…' },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('GET …/rules/{rule}', () => {
  it('asks for it by id or name, as it stands in the path', async () => {
    const { status, body } = await acme.call('GET', 'acme/rules/my%20rule');
    expect([status, body]).toMatchObject([
      200,
      { name: SHOWN_RULE.name, document: { selections: { who: { user_id: 'u-alice' } } } },
    ]);
    expect(acme.relay.rulesAsked).toEqual(['my rule']);
  });

  it('hides the persons that it names from a viewer, and no other value', async () => {
    const { body } = await asViewer(acme, 'GET', 'acme/rules/x');
    expect(body).toMatchObject({
      document: {
        selections: {
          who: { user_id: '<hidden>', 'user_email|endswith': '<hidden>', severity: 'high' },
          said: ['<hidden>'],
        },
        condition: ['who and said'],
      },
    });
  });

  it('shows a viewer nothing that its writer noted beside', async () => {
    const custom = { relay: { respond: ['case'] }, contact: 'alice@acme.fr', alice: { since: 'May' } };
    const document = { kind: 'rule', custom, logsource: { product: 'noxys', definition: 'Ask Alice' } };
    const rule = { ...SHOWN_RULE, references: [], falsepositives: [], document };
    acme.relay.ruleAnswers.rule = { kind: 'rule', rule };
    const { body } = await asViewer(acme, 'GET', 'acme/rules/x');
    expect(body).toMatchObject({
      document: {
        custom: { relay: { respond: ['case'] }, contact: '<hidden>', alice: '<hidden>' },
        logsource: { product: 'noxys', definition: '<hidden>' },
      },
    });
    expect((await acme.call('GET', 'acme/rules/x')).body).toMatchObject({ document });
  });

  it.each([
    [{ kind: 'not_found' } as const, 404],
    [FAULT, 503],
  ])('answers %j with %i', async (answer, status) => {
    acme.relay.ruleAnswers.rule = answer;
    expect((await acme.call('GET', 'acme/rules/nosuch')).status).toBe(status);
  });

  it('asks for none that no rule can be', async () => {
    expect((await acme.call('GET', `acme/rules/${'x'.repeat(129)}`)).status).toBe(404);
    expect(acme.relay.rulesAsked).toEqual([]);
  });
});

describe('POST …/rules/test', () => {
  it('tests a stored event with one rule', async () => {
    const { status, body } = await acme.call('POST', 'acme/rules/test', { event_id: 'evt_1', rule: 'r' });
    expect([status, body]).toMatchObject([200, { tests: [{ matches: true, condition: 'who' }] }]);
    expect(acme.relay.asked).toEqual([{ v: 1, event: { id: 'evt_1' }, rule: 'r' }]);
  });

  it("reads and reduces an event at hand as a webhook's, under the tenant's own key", async () => {
    await acme.call('POST', 'acme/rules/test', { event: EVENT, text: 'title: x' });
    expect(acme.relay.asked).toMatchObject([
      {
        event: { event: { id: 'evt_1', tenant: 'acme', severity: 'low', user: { id: 'u-1' } } },
        text: 'title: x',
      },
    ]);
    expect(JSON.stringify(acme.relay.asked)).not.toContain('alice@acme.fr');
  });

  it('shows a viewer a stored event without the persons that a rule names, and nothing of their own choice', async () => {
    const { body } = await asViewer(acme, 'POST', 'acme/rules/test', { event_id: 'evt_1' });
    expect(body).toMatchObject({
      tests: [
        {
          selections: [
            { items: [{ item: 'user_id: <hidden>' }, { item: 'severity: high' }, { item: '<hidden>' }] },
          ],
        },
      ],
    });
    for (const more of [{ event: EVENT }, { event_id: 'evt_1', text: 'title: x' }])
      expect((await asViewer(acme, 'POST', 'acme/rules/test', more)).status).toBe(403);
    expect(acme.relay.asked).toHaveLength(1);
  });

  it.each<[unknown, string]>([
    [{}, ''],
    [{ event: EVENT, event_id: 'evt_1' }, ''],
    [{ event: 'text' }, 'event'],
    [{ event: [EVENT] }, 'event'],
    [{ event: { id: 'evt_1' } }, 'event.type'],
    [{ event: { ...EVENT, type: 'interaction.created' } }, 'event'],
    [{ event_id: '' }, 'event_id'],
    [{ event_id: 'evt_1', text: '' }, 'text'],
    [{ event_id: 'evt_1', text: 'x'.repeat(RULE_TEXT_LENGTH_MAX + 1) }, 'text'],
    [{ event_id: 'evt_1', rul: 'x' }, 'rul'],
  ])('answers 422 to %j with the path to what is wrong, and asks nothing', async (body, path) => {
    const answer = await acme.call('POST', 'acme/rules/test', body);
    expect(answer).toMatchObject({ status: 422, body: { faults: [{ path }] } });
    expect(acme.relay.asked).toEqual([]);
  });

  it('says where a text is wrong', async () => {
    const faults = [{ path: 'text', message: 'line 3, column 5, detection: must have a condition' }];
    acme.relay.ruleAnswers.test = { kind: 'text_refused', faults };
    expect(await acme.call('POST', 'acme/rules/test', { event_id: 'e', text: 'x' })).toMatchObject({
      status: 422,
      body: { faults },
    });
  });

  it.each([
    [{ kind: 'event_not_found' } as const, 404, 'event-not-found'],
    [{ kind: 'not_found' } as const, 404, 'rule-not-found'],
    [BUSY, 429, 'too-many-requests'],
    [FAULT, 503, 'unavailable'],
  ])('answers %j with %i', async (answer, status, type) => {
    acme.relay.ruleAnswers.test = answer;
    expect(await acme.call('POST', 'acme/rules/test', { event_id: 'e' })).toMatchObject({
      status,
      body: { type: `urn:noxys-relay:problem:${type}` },
    });
  });
});

describe('POST …/rules/backtest', () => {
  it('begins a run, and goes on with it', async () => {
    const first = await acme.call('POST', 'acme/rules/backtest', {
      rule: 'r',
      since: '2026-11-15T00:00:00Z',
      until: '2026-11-22T00:00:00Z',
      persons: 'show',
    });
    expect([first.status, first.body]).toMatchObject([
      200,
      { job: 'job-1', isComplete: false, total: 50_000 },
    ]);
    await acme.call('POST', 'acme/rules/backtest', { job: 'job-1' });
    expect(acme.relay.asked).toEqual([
      {
        v: 1,
        rule: 'r',
        sinceMs: Date.UTC(2026, 10, 15),
        untilMs: Date.UTC(2026, 10, 22),
        showsPersons: true,
      },
      { v: 1, job: 'job-1', showsPersons: false },
    ]);
  });

  it('refuses a time that ends before it begins', async () => {
    const body = { since: '2026-11-22T00:00:00Z', until: '2026-11-22T00:00:00Z' };
    expect(await acme.call('POST', 'acme/rules/backtest', body)).toMatchObject({
      status: 422,
      body: { faults: [{ path: 'until' }] },
    });
  });

  it.each([
    [{ kind: 'job_lost' } as const, 409],
    [{ kind: 'not_found' } as const, 404],
    [{ kind: 'text_refused', faults: [{ path: 'text', message: 'm' }] } as const, 422],
    [BUSY, 429],
    [UNKNOWN_TENANT, 404],
  ])('answers %j with %i', async (answer, status) => {
    acme.relay.ruleAnswers.backtest = answer;
    expect((await acme.call('POST', 'acme/rules/backtest', {})).status).toBe(status);
  });
});
