/** A tenant's rules as operators see them, and what they make of one event without counting it. */

import { describe, expect, it } from 'vitest';

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { RuleTest, TestRulesRequest } from '../../src/domain/rule-views.ts';
import { askedWhileRemoved, eachOf, repeatedViolations, rowsOf, withRules } from './rules-for-test.ts';
import { EDR, Tenant, destination } from './tenant.ts';

const TYPE = 'interaction.policy_violated';

async function test(tenant: Tenant, request: Omit<TestRulesRequest, 'v'>) {
  return tenant.inside(async (relay) => relay.testRules({ v: 1, ...request }));
}

async function tests(tenant: Tenant, request: Omit<TestRulesRequest, 'v'>): Promise<readonly RuleTest[]> {
  const answer = await test(tenant, request);
  if (answer.kind !== 'tested') throw new Error(`Cannot test: ${JSON.stringify(answer)}`);
  return answer.tests;
}

async function violate(tenant: Tenant, count: number, user = 'user-1'): Promise<void> {
  for (let i = 1; i <= count; i++) {
    await tenant.accept(tenant.event(`evt-${user}-${i}`, { user: { id: user } }));
    tenant.nowMs += 60_000;
  }
}

const given = (event: CanonicalEvent) => ({ event: { event } });

/** All that a test may not change. */
async function stored(tenant: Tenant): Promise<unknown> {
  const tables = ['windows_0', 'windows_1', 'detections', 'rule_stats', 'watched_users'];
  return Promise.all(tables.map(async (table) => rowsOf(tenant, `SELECT * FROM ${table}`)));
}

describe('the rules of a tenant', () => {
  it('are shown with what has become of them', async () => {
    const tenant = await Tenant.create(
      withRules([
        repeatedViolations({ over: 1, relay: { respond: ['case'], playbook: 'unauthorized_platform' } }),
      ]),
    );
    await violate(tenant, 2);
    const answer = await tenant.inside(async (relay) => relay.rules());
    expect(answer).toMatchObject({
      kind: 'rules',
      rules: [
        { name: 'repeated_violations_part', kind: 'rule', source: 'custom', alerts: false },
        {
          name: 'repeated_violations',
          kind: 'correlation',
          enabled: true,
          alerts: true,
          dryRun: false,
          respond: ['case'],
          playbook: 'unauthorized_platform',
          counts: { detections: 1, truePositives: 0, lastDetectionAt: expect.stringMatching(/^2096-/) },
        },
      ],
    });
    const health = await tenant.inside(async (relay) => relay.health());
    expect(health?.rules).toContainEqual({
      rule: 'repeated_violations',
      level: 'medium',
      detections: 1,
      dryRuns: 0,
      failures: 0,
    });
  });

  it('are found by id, by name, and by the file of a bundled one, with the document as it is evaluated', async () => {
    const tenant = await Tenant.create((document) => {
      document['rules'] = {
        catalog: ['noxys_hl3_repeated_violations'],
        overrides: { noxys_hl3_repeated_violations: { threshold: 2 } },
      };
    });
    const byName = await tenant.inside(async (relay) => relay.rule('noxys_hl3_repeated_violations'));
    expect(byName).toMatchObject({
      kind: 'rule',
      rule: { source: 'bundled', document: { bounds: { gt: 2 }, groupBy: ['user_id'] } },
    });
    const id = byName.kind === 'rule' ? byName.rule.id : '';
    for (const other of [id, 'noxys_hl3_repeated_violations_user', 'noxys_hl3_repeated_violations_user.yml'])
      expect(await tenant.inside(async (relay) => relay.rule(other))).toEqual(byName);
    expect(await tenant.inside(async (relay) => relay.rule('nosuch'))).toEqual({ kind: 'not_found' });
  });

  it('tell how they changed, newest first, with who and why', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE, { name: 'each', level: 'low' })]));
    await tenant.configure(withRules([eachOf(TYPE, { name: 'each', level: 'high' })]));
    const all = await tenant.inside(async (relay) => relay.ruleChanges({ limit: 10 }));
    expect(all).toMatchObject({
      changes: [
        { version: 2, changes: [{ rule: 'each', change: 'changed', parts: expect.anything() }] },
        { version: 1, changes: [{ rule: 'each', change: 'added', parts: [] }] },
      ],
    });
    const [newest] = all.kind === 'changes' ? all.changes : [];
    expect(newest?.changes[0]?.parts).toContainEqual({ part: 'level', from: '"low"', to: '"high"' });
    const older = await tenant.inside(async (relay) =>
      relay.ruleChanges({ limit: 10, before: newest?.id ?? 0 }),
    );
    expect(older).toMatchObject({ changes: [{ version: 1 }] });
  });
});

describe('a test of rules', () => {
  it('says of each selection, and of each item, whether it matches', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE, { name: 'each' })]));
    const [matching] = await tests(tenant, given(tenant.event('new')));
    expect(matching).toMatchObject({
      rule: 'each',
      matches: true,
      condition: 'selection',
      selections: [{ name: 'selection', matches: true, items: [{ item: `type: ${TYPE}`, matches: true }] }],
    });
    const [other] = await tests(tenant, given(tenant.event('new', { type: 'alert.severity_high' })));
    expect(other).toMatchObject({ matches: false, selections: [{ matches: false }], responses: [] });
  });

  it('says what the window would be with the event, fires on the one too many, and counts nothing', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations({ over: 5 })]));
    await violate(tenant, 4);
    const before = await stored(tenant);
    const window = async (id: string) =>
      (await tests(tenant, { ...given(tenant.event(id)), rule: 'repeated_violations' }))[0]?.window;
    expect(await window('fifth')).toMatchObject({ value: 5, crossed: false, isQuiet: false });
    expect(await window('sixth')).toMatchObject({ value: 5, crossed: false });
    expect(await stored(tenant)).toEqual(before);
    await violate(tenant, 5);
    expect(await window('sixth')).toMatchObject({ value: 6, crossed: true, isQuiet: false });
    await tenant.accept(tenant.event('sixth'));
    expect(await window('seventh')).toMatchObject({ value: 7, crossed: true, isQuiet: true });
  });

  it('says of a rule that was named what it would do if it fired, and of a correlation what it counts', async () => {
    const relay = { respond: ['case', 'contain'], playbook: 'critical_response' };
    const tenant = await Tenant.create(withRules([repeatedViolations({ over: 5, relay })]));
    const event = tenant.event('new', { type: 'alert.severity_high' });
    const [named] = await tests(tenant, { ...given(event), rule: 'repeated_violations' });
    expect(named).toMatchObject({
      matches: false,
      counted: [{ rule: 'repeated_violations_part', matches: false, selections: [{ matches: false }] }],
    });
    expect(named?.responses).not.toEqual([]);
    // No destination is granted to isolate a host: it is not ticked.
    expect(named?.checklist?.join('\n')).toMatch(/^\[ \] To check: Isolation of the host: /m);
    const [unnamed] = await tests(tenant, given(event));
    expect(unnamed).toMatchObject({ matches: false, responses: [] });
  });

  it('takes a stored event by its id, which is not counted twice', async () => {
    const tenant = await Tenant.create(withRules([repeatedViolations({ over: 5 })]));
    await violate(tenant, 3);
    const [found] = await tests(tenant, { event: { id: 'evt-user-1-3' }, rule: 'repeated_violations' });
    expect(found?.window?.value).toBe(3);
    expect(await test(tenant, { event: { id: 'nosuch' } })).toEqual({ kind: 'event_not_found' });
  });

  it('tests a rule that is off, or alerts only within another, when it is asked for, and else those that are on', async () => {
    const tenant = await Tenant.create(
      withRules([eachOf(TYPE, { name: 'off' }), repeatedViolations({ over: 5 })], {
        overrides: { off: { enabled: false } },
      }),
    );
    const event = given(tenant.event('new'));
    expect((await tests(tenant, event)).map(({ rule }) => rule)).toEqual(['repeated_violations']);
    for (const rule of ['off', 'repeated_violations_part'])
      expect(await tests(tenant, { ...event, rule })).toMatchObject([{ rule, matches: true }]);
    expect(await test(tenant, { ...event, rule: 'nosuch' })).toEqual({ kind: 'not_found' });
  });

  it('says where what is asked for would be done, and why not elsewhere', async () => {
    const tenant = await Tenant.create((document) => {
      const respond = ['incident', 'alert', 'contain', 'case'];
      withRules([eachOf(TYPE, { level: 'medium', relay: { respond, playbook: 'critical_response' } })])(
        document,
      );
      destination('edr', { mode: 'both' })(document);
    });
    const [fresh] = await tests(tenant, given(tenant.event('new')));
    const byResponse = Object.fromEntries((fresh?.responses ?? []).map((one) => [one.response, one]));
    expect(byResponse).toMatchObject({
      incident: { outcome: 'would', lane: 'edr/incidents' },
      alert: { outcome: 'skipped', lane: 'edr/alerts', why: expect.stringContaining('below high') },
      contain: { outcome: 'skipped', why: expect.stringContaining('destinations.edr.actions') },
      case: { outcome: 'skipped', why: expect.stringContaining('falcon destination with client_id') },
      notify: { outcome: 'skipped', why: 'Its rule does not ask for it.' },
    });
    expect(fresh?.playbook).toBe('critical_response');
    expect(fresh?.checklist?.length).toBeGreaterThan(3);
    expect(JSON.stringify(fresh)).not.toContain('user-1');
    const old = new Date(tenant.nowMs - 8 * 86_400_000).toISOString();
    const [late] = await tests(tenant, given(tenant.event('late', { occurredAt: old })));
    expect(late?.responses).toContainEqual(
      expect.objectContaining({
        response: 'incident',
        outcome: 'skipped',
        why: expect.stringContaining('168 h'),
      }),
    );
    await tenant.until(() => true, 'nothing is awaited');
    expect(tenant.destinations.sent.filter(({ url }) => url.startsWith(EDR))).toEqual([]);
  });

  it('would do nothing for a rule that runs dry, and waits for a paused destination', async () => {
    const dry = await Tenant.create(
      withRules([eachOf(TYPE, { relay: { dry_run: true, respond: ['incident'] } })]),
    );
    const [test1] = await tests(dry, given(dry.event('new')));
    expect(test1?.responses[1]).toMatchObject({
      outcome: 'skipped',
      why: expect.stringContaining('dry_run'),
    });
    const paused = await Tenant.create((document) => {
      withRules([eachOf(TYPE, { relay: { respond: ['incident'] } })])(document);
      destination('edr', { enabled: false })(document);
    });
    const [test2] = await tests(paused, given(paused.event('new')));
    expect(test2?.responses[1]).toMatchObject({ outcome: 'would', why: expect.stringContaining('paused') });
  });

  it('tests a text that is in no config, in the guides spelling too', async () => {
    const tenant = await Tenant.create();
    const text = [
      'title: Card data',
      'name: cards',
      'logsource: {product: noxys}',
      'detection:',
      '  sel:',
      '    event.data.classification_types|contains: CARD',
      '  condition: sel',
    ].join('\n');
    const event = given(tenant.event('new', { classifications: ['CREDIT_CARD'] }));
    expect(await tests(tenant, { ...event, text })).toMatchObject([{ rule: 'cards', matches: true }]);
    expect(await rowsOf(tenant, 'SELECT * FROM custom_rules WHERE documents LIKE ?', '%cards%')).toEqual([]);
  });

  it.each([
    ['title: x\ndetection: [', 'line'],
    [
      'title: x\nlogsource: {product: noxys}\ndetection:\n  s:\n    usr_id: x\n  condition: s',
      'did you mean',
    ],
    [
      'title: x\nlogsource: {product: noxys}\ndetection:\n  s:\n    user_email: a@b\n  condition: s',
      'privacy.user_email',
    ],
  ])('refuses the text %j with its place', async (text, words) => {
    const tenant = await Tenant.create();
    const answer = await test(tenant, { ...given(tenant.event('new')), text });
    expect(answer).toMatchObject({ kind: 'text_refused' });
    const faults = answer.kind === 'text_refused' ? answer.faults : [];
    expect(faults.every(({ path }) => path.startsWith('text'))).toBe(true);
    expect(faults.map(({ message }) => message).join('; ')).toContain(words);
  });

  it.each(['stored', 'at hand'] as const)(
    'is told that there is no tenant when that is removed meanwhile: an event that is %s',
    async (what) => {
      const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
      await tenant.accept(tenant.event('evt-1'));
      const event = what === 'stored' ? { id: 'evt-1' } : { event: tenant.event('new') };
      const answer = await askedWhileRemoved(tenant, async (relay) => relay.testRules({ v: 1, event }));
      expect(answer).toEqual({ kind: 'unknown_tenant' });
    },
  );

  it('is audited by the key of the user of an event at hand', async () => {
    const tenant = await Tenant.create(withRules([eachOf(TYPE)]));
    await tenant.accept(tenant.event('evt-1'));
    await tests(tenant, { event: { id: 'evt-1' } });
    await tests(tenant, given(tenant.event('new')));
    const entries = await tenant.inside(async (relay) => relay.auditEntries({ limit: 10 }));
    const searched = entries.filter(({ action }) => action === 'user.searched');
    expect(searched).toMatchObject([{ detail: { key: expect.stringMatching(/^p_/), what: 'rules' } }]);
    expect(JSON.stringify(searched)).not.toContain('user-1');
  });
});
