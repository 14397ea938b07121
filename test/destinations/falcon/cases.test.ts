import { afterEach, describe, expect, it } from 'vitest';

import { CASES, DELIVERED, HOUR_MS, MINUTE_MS, SEARCH, Stage, type StageOptions } from './cases-stage.ts';

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start(options);
};
afterEach(async () => stage.stop());

describe('opening a case', () => {
  it('sends what the vendor takes, with the name of the guide and a tag of its own', async () => {
    await start({ publicUrl: 'https://relay.acme.eu', cases: { template: 'tpl-1' } });
    const event = stage.event('evt-1');
    expect(await stage.deliver(event)).toEqual(DELIVERED);
    expect(stage.onlyCase).toMatchObject({
      name: 'Policy violation: Block PII on ChatGPT',
      severity: 75,
      status: 'new',
      description_format: 'plaintext',
      template: { id: 'tpl-1' },
    });
    expect(stage.onlyCase.tags).toEqual([
      expect.stringMatching(/^nx-[a-z2-7]{16}$/),
      'noxys',
      'chatgpt',
      'pii',
    ]);
    const { description } = stage.onlyCase;
    expect(description).toContain(`Time of the policy decision: ${event.occurredAt}`);
    expect(description).toContain('User: user-42');
    expect(description).toContain('Device: WKS-7');
    expect(description).toContain('Relay: https://relay.acme.eu/api/v1/tenants/acme/events/evt-1');
  });

  it('asks once for a case, and looks for none before', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    expect(stage.calls('GET', SEARCH)).toHaveLength(0);
    expect(stage.calls('PUT', CASES)).toHaveLength(1);
  });

  it('takes what one user did on one platform as one case, and what others did as others', async () => {
    await start();
    const outcome = await stage.deliver(
      stage.event('evt-1'),
      stage.event('evt-2'),
      stage.event('evt-3', { user: { id: 'user-43' } }),
      stage.event('evt-4', { platform: { id: 'claude', name: 'Claude' } }),
      stage.event('evt-5', { type: 'interaction.high_risk' }),
    );
    expect(outcome).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(4);
    expect(stage.cases[0]?.description).toContain('Count: 2 events');
  });

  it('takes what one rule found about one group as one case, with its title', async () => {
    await start();
    await stage.deliver(
      stage.detection('det-1'),
      stage.detection('det-2', { groupKey: 'user-43', level: 'critical' }),
      stage.detection('det-3'),
    );
    expect(stage.cases.map(({ name, severity }) => [name, severity])).toEqual([
      ['Repeated AI policy violations from same user on ChatGPT', 50],
      ['Repeated AI policy violations from same user on ChatGPT', 100],
    ]);
    const [first] = stage.cases;
    expect(first?.description).toContain('2 detections; the newest: 6 events in 1 h');
    expect(first?.description).toContain(
      'Rule: noxys_hl3_repeated_violations (17959439-cff0-46d2-9135-de30a0d097dc)',
    );
  });

  it('names nobody where privacy has left the user out, neither in the case nor in what is remembered', async () => {
    await start();
    const { user: _user, device: _device, ...event } = stage.event('evt-1');
    const { user: _other, ...detection } = stage.detection('det-1');
    expect(await stage.deliver(event, detection)).toEqual(DELIVERED);
    const sent = JSON.stringify(stage.calls('PUT', CASES));
    expect(sent).not.toMatch(/User:|Device:|user-42|WKS-7/);
    expect(stage.cases).toHaveLength(2);
  });

  it('remembers neither user nor device nor host in clear', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'), stage.detection('det-1'));
    await stage.deliver(stage.event('evt-2'));
    expect(stage.remembered).toContain('evt-1');
    expect(stage.remembered).not.toMatch(/user-42|WKS-7/);
  });

  it('opens cases whose names, users and platforms are of any script', async () => {
    await start();
    const odd = stage.event('evt-1', {
      user: { id: "O'Brien*'; \\ 你好" },
      platform: { id: 'déjà-vu 🤖', name: 'Déjà-Vu 🤖\nForged: line' },
    });
    expect(await stage.deliver(odd)).toEqual(DELIVERED);
    expect(stage.onlyCase.name).toBe('Policy violation: Block PII on Déjà-Vu 🤖 Forged: line');
    expect(stage.onlyCase.tags).toContain('deja-vu');
    expect(stage.onlyCase.description).toContain("User: O'Brien*'; \\ 你好");
    expect(stage.onlyCase.description).not.toContain('\nForged');
  });
});

describe('a case that is open', () => {
  it('is updated by the same group within a day, and not opened again', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.passes(23 * HOUR_MS);
    const later = stage.event('evt-2', { severity: 'critical', classifications: ['IBAN'] });
    expect(await stage.deliver(later)).toEqual(DELIVERED);
    expect(stage.onlyCase.severity).toBe(100);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
    expect(stage.onlyCase.description).toContain('Classifications: EMAIL, IBAN');
    expect(stage.calls('PATCH', CASES)[0]).toMatchObject({ expected_version: 1 });
    expect(Object.keys(stage.calls('PATCH', CASES)[0] ?? {})).toEqual(['id', 'fields', 'expected_version']);
  });

  it('keeps its severity where the next entry is milder', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    await stage.deliver(stage.event('evt-2', { severity: 'low' }));
    expect(stage.onlyCase.severity).toBe(75);
    expect(stage.calls('PATCH', CASES)[0]?.['fields']).not.toHaveProperty('severity');
  });

  it('is another one after a day', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.passes(24 * HOUR_MS);
    await stage.deliver(stage.event('evt-2'));
    expect(stage.cases).toHaveLength(2);
    expect(new Set(stage.cases.map(({ tags }) => tags[0])).size).toBe(2);
  });

  it('is another one once analysts closed it, and stays closed', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    await stage.change({ status: 'closed' });
    await stage.deliver(stage.event('evt-2'));
    await stage.deliver(stage.event('evt-3'));
    expect(stage.cases.map(({ status }) => status)).toEqual(['closed', 'new']);
    expect(stage.cases[1]?.description).toContain('Count: 2 events');
  });

  it('changes nothing for an entry that it has already', async () => {
    await start();
    const [first, second] = [stage.event('evt-1'), stage.event('evt-2')];
    await stage.deliver(first, second);
    const before = stage.falcon.simulator.apiRequests.length;
    expect(await stage.deliver(first)).toEqual(DELIVERED);
    expect(await stage.deliver(second, first)).toEqual(DELIVERED);
    expect(stage.falcon.simulator.apiRequests).toHaveLength(before);
  });

  it('changes nothing for an entry that it has, even when it is closed', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    await stage.change({ status: 'closed' });
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(1);
    await stage.deliver(stage.event('evt-2'));
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.cases[1]?.description).toContain('Count: 1 event\n');
  });

  it('keeps what analysts wrote below the line, and leaves a text alone that they made their own', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    await stage.change({ description: `${stage.onlyCase.description}\nAsked the user: a test.` });
    await stage.deliver(stage.event('evt-2'));
    expect(stage.onlyCase.description).toMatch(/Count: 2 events[^]*Asked the user: a test\.$/);
    await stage.change({ description: 'Ours now.' });
    expect(await stage.deliver(stage.event('evt-3'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toBe('Ours now.');
  });

  it('does not raise again a severity that analysts lowered, unless something graver comes', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    await stage.change({ severity: 10 });
    await stage.deliver(stage.event('evt-2'));
    expect(stage.onlyCase.severity).toBe(10);
    await stage.deliver(stage.event('evt-3', { severity: 'critical' }));
    expect(stage.onlyCase.severity).toBe(100);
  });

  it('keeps a severity to which analysts raised it', async () => {
    await start();
    await stage.deliver(stage.event('evt-1', { severity: 'medium' }));
    await stage.change({ severity: 90 });
    await stage.deliver(stage.event('evt-2', { severity: 'high' }));
    expect(stage.onlyCase.severity).toBe(90);
  });

  it('is read again and changed when somebody else changed it meanwhile', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    const conflict = { errors: [{ code: 409, message: 'version' }], resources: null, meta: {} };
    stage.fail('PATCH', CASES, { status: 409, body: conflict, times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
    expect(stage.calls('POST', CASES)).toHaveLength(2);
  });

  it('waits when it is changed again and again', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.fail('PATCH', CASES, {
      status: 409,
      body: { errors: [{ code: 409, message: 'version' }] },
      times: 2,
    });
    expect(await stage.deliver(stage.event('evt-2'))).toMatchObject({ kind: 'retry', reason: 'busy' });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
  });

  it('counts an entry once whose change was made and not answered', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.fail('PATCH', CASES, { drop: 'after_reading', times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toMatchObject({ kind: 'retry', reason: 'network' });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
  });

  it.each([
    [
      'refuses a change',
      { status: 400, body: { errors: [{ code: 400, message: 'no' }] } },
      { kind: 'rejected', status: 400 },
    ],
    [
      'answers a change with an error in a 200',
      { status: 200, body: { errors: [{ code: 500, message: 'no' }], resources: [] } },
      { kind: 'retry', reason: 'server_error' },
    ],
  ])('has nothing of an entry for which Falcon %s', async (_what, fault, outcome) => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.fail('PATCH', CASES, { ...fault, times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toMatchObject(outcome);
    expect(await stage.deliver(stage.event('evt-3'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
    expect(stage.onlyCase.description).toContain('Event ids: evt-1, evt-3');
  });

  it('takes a change that a 200 with an error and a case answers as done', async () => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    const body = { errors: [{ code: 500, message: 'index' }], resources: [{ id: stage.onlyCase.id }] };
    stage.fail('PATCH', CASES, { status: 200, body, times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
  });

  it.each([
    ['a 404', () => ({ status: 404, body: { errors: [{ code: 404, message: 'case not found' }] } })],
    [
      'a 200 with an error that names it',
      (id: string) => ({
        status: 200,
        body: { errors: [{ code: 404, message: 'gone', id }], resources: null },
      }),
    ],
  ])('is another one when it is gone for a minute, told by %s', async (_how, faultOf) => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.fail('POST', CASES, { ...faultOf(stage.onlyCase.id), times: 2 });
    expect(await stage.deliver(stage.event('evt-2'))).toMatchObject({ kind: 'retry', reason: 'unconfirmed' });
    stage.passes(MINUTE_MS);
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(2);
  });

  it.each([
    ['a read without a body', 'POST', { status: 200, body: '' }],
    ['a read of nulls', 'POST', { status: 200, body: { errors: null, resources: null } }],
    ['a read of an empty list', 'POST', { status: 200, body: { errors: [], resources: [] } }],
    [
      'a read with another error 404',
      'POST',
      { status: 200, body: { errors: [{ code: 404, message: 'no' }], resources: [] } },
    ],
    ['a read with a 404 without a word', 'POST', { status: 404, body: '' }],
    [
      'a change with a 404',
      'PATCH',
      { status: 404, body: { errors: [{ code: 404, message: 'not found' }] } },
    ],
    ['a change with an empty 200', 'PATCH', { status: 200, body: '' }],
    ['a change with a 200 of nulls', 'PATCH', { status: 200, body: { errors: null, resources: null } }],
  ])('is neither gone nor changed by %s', async (_what, method, fault) => {
    await start();
    await stage.deliver(stage.event('evt-1'));
    stage.passes(2 * MINUTE_MS);
    stage.fail(method, CASES, { ...fault, times: 1 });
    expect(await stage.deliver(stage.event('evt-2'))).toMatchObject({ kind: 'retry' });
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
  });
});

describe('a batch with several groups', () => {
  const several = () => [
    stage.event('evt-1'),
    stage.event('evt-2'),
    stage.event('evt-3', { user: { id: 'user-43' } }),
    stage.event('evt-4'),
    stage.event('evt-5', { user: { id: 'user-44' } }),
  ];

  it('tells how far it came when Falcon asks for patience midway, and repeats nothing afterwards', async () => {
    await start();
    const busy = { status: 429, headers: { 'X-RateLimit-RetryAfter': '0' }, body: { errors: [] } };
    let puts = 0;
    stage.falcon.simulator.fail({
      ...busy,
      times: 1,
      match: ({ method }) => method === 'PUT' && ++puts === 2,
    });
    expect(await stage.deliver(...several())).toMatchObject({
      kind: 'delivered',
      settled: 2,
      others: { kind: 'retry', reason: 'busy', status: 429 },
    });
    expect(await stage.deliver(...several().slice(2))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(3);
    expect(stage.cases[0]?.description).toContain('Count: 3 events');
  });

  it('stops between two of them when the config holds no more', async () => {
    await start();
    stage.isCurrent = false;
    expect(await stage.deliver(...several())).toEqual({ kind: 'delivered', settled: 2 });
    expect(stage.cases).toHaveLength(1);
  });

  it('stops between two of them after twenty seconds', async () => {
    await start();
    const io = stage.io;
    const slow: typeof io = {
      ...io,
      send: async (request) => {
        if (request.method === 'PUT') stage.passes(10_000);
        return io.send(request);
      },
    };
    expect(await stage.channel.deliver(several(), slow)).toEqual({ kind: 'delivered', settled: 4 });
    expect(stage.cases).toHaveLength(2);
  });

  it('fails with the answer of its first group, and opens the others in their turn', async () => {
    await start();
    const refuse = { status: 400, body: { errors: [{ code: 400, message: 'no such template' }] } };
    stage.fail('PUT', CASES, { ...refuse, times: 1 });
    expect(await stage.deliver(...several())).toMatchObject({ kind: 'rejected', status: 400 });
    expect(stage.cases).toHaveLength(0);
    expect(stage.memory.entries('case:')).toEqual([]);
    expect(await stage.deliver(...several().slice(2))).toEqual(DELIVERED);
    expect(stage.cases).toHaveLength(3);
  });

  it('stops before its requests run out, but always deals with the first group', async () => {
    await start();
    stage.requestsMax = 9;
    expect(await stage.deliver(...several())).toEqual({ kind: 'delivered', settled: 2 });
    stage.requestsMax = 1;
    expect(await stage.deliver(...several().slice(2))).toEqual({ kind: 'delivered', settled: 1 });
    expect(stage.cases).toHaveLength(2);
  });

  it('blocks with the name of the scope that is missing, and keeps nothing of a case that was refused', async () => {
    await start({ falcon: { scopes: ['cases:read'] } });
    const outcome = await stage.deliver(stage.event('evt-1'));
    expect(outcome).toMatchObject({ kind: 'blocked', reason: 'scope_missing' });
    expect(JSON.stringify(outcome)).toContain('Cases: Write');
    expect(stage.memory.entries('case:')).toEqual([]);
    stage.falcon.simulator.setScopes(undefined);
    expect(await stage.deliver(stage.event('evt-1'))).toEqual(DELIVERED);
    expect(stage.calls('GET', SEARCH)).toHaveLength(0);
  });

  it.each([true, false])('reads answers whose empty members are null (%s) or absent', async (nullMembers) => {
    await start({ falcon: { nullMembers } });
    await stage.deliver(stage.event('evt-1'));
    expect(await stage.deliver(stage.event('evt-2'))).toEqual(DELIVERED);
    expect(stage.onlyCase.description).toContain('Count: 2 events');
  });
});

describe('the test of a connection', () => {
  it('reads cheaply, opens nothing, and says what it can not test', async () => {
    await start({ cases: { alerts: 'tag' } });
    const checked = await stage.check();
    expect(checked.outcome).toEqual(DELIVERED);
    expect(checked.notes).toEqual([
      "Cases: Write can't be tested without opening a case.",
      "Alerts: Write can't be tested without changing an alert.",
    ]);
    expect(stage.falcon.simulator.apiRequests.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  });

  it('reads no hosts and alerts where they are not wanted', async () => {
    await start({ falcon: { scopes: ['cases:read'] } });
    expect((await stage.check()).outcome).toEqual(DELIVERED);
    expect(stage.falcon.simulator.apiRequests).toHaveLength(1);
  });

  it('names all the scopes that are missing at once', async () => {
    await start({ falcon: { scopes: ['devices:read'] }, cases: { alerts: 'attach' } });
    expect((await stage.check()).outcome).toEqual({
      kind: 'blocked',
      reason: 'scope_missing',
      detail: 'the API client lacks the scopes Cases: Read, Alerts: Read',
    });
  });

  it('takes a 2xx with errors for no success', async () => {
    await start();
    stage.falcon.simulator.fail({
      match: ({ path }) => path === '/cases/queries/cases/v1',
      status: 200,
      body: { resources: null, errors: [{ code: 403, message: 'access denied, authorization failed' }] },
    });
    expect((await stage.check()).outcome).toMatchObject({
      kind: 'retry',
      reason: 'server_error',
      excerpt: '403 access denied, authorization failed',
    });
  });

  it('tells of another fault without going on', async () => {
    await start({ config: { client_secret: 'wrong' } });
    expect((await stage.check()).outcome).toMatchObject({ kind: 'blocked', reason: 'unauthorized' });
    stage.passes(MINUTE_MS);
    expect(stage.falcon.simulator.apiRequests).toHaveLength(0);
  });
});
