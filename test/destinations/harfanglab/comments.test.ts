import { afterEach, describe, expect, it } from 'vitest';

import type { Detection } from '../../../src/domain/detection.ts';
import { DAY_MS, DELIVERED, HOUR_MS, Stage, type StageOptions } from './finding-stage.ts';

const AGENT = '0a1b2c3d-1111-4222-8333-444455556666';
const OTHER = '0a1b2c3d-9999-4222-8333-444455556666';
const THREATS = '/api/data/alert/alert/Threat/';
const AGENTS = '/api/data/endpoint/Agent/';
const RULE = '17959439-cff0-46d2-9135-de30a0d097dc';
const NAME = `noxys_hl3_repeated_violations (${RULE})`;
const TITLE = 'Repeated AI policy violations from same user';
const WKS7: Partial<Detection> = { device: { hostname: 'WKS-7' } };

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start({
    ...options,
    manager: { agents: [{ id: AGENT, hostname: 'WKS-7' }], ...options.manager },
  });
  stage.manager.addThreat({ id: 7, agents: [{ agent_id: AGENT }] });
};
afterEach(async () => stage.stop());

const comments = () => stage.manager.threatComments;
const commented = () => comments().map(({ threatId }) => threatId);
const at = (offsetMs: number) => new Date(stage.caller.nowMs + offsetMs).toISOString();
const deliver = async (changes: Partial<Detection> = WKS7, id = 'det_1') =>
  stage.deliver('comments', stage.detection(id, changes));

describe('a comment on a threat', () => {
  it('tells the detection, and names neither user nor device', async () => {
    await start({ publicUrl: 'https://relay.acme.eu' });
    const user = { id: 'jo.martin', email: 'jo.martin@acme.fr' };
    const device = { id: AGENT, hostname: 'WKS-7.corp.acme.fr' };
    const title = 'Violations by Jo.Martin@acme.fr on WKS-7';
    expect(await deliver({ user, device, title, groupKey: user.id })).toEqual(DELIVERED);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]?.comment).toBe(
      [
        'Noxys: Violations by … on WKS-7',
        'Severity: medium',
        'Rule: noxys_hl3_repeated_violations (17959439-cff0-46d2-9135-de30a0d097dc)',
        `Time: 6 events in 1 h, from ${stage.now} to ${stage.now}`,
        'AI platforms: Perplexity',
        'Classifications: CREDIT_CARD, EMAIL',
        'At the relay: https://relay.acme.eu/api/v1/tenants/acme/events/det_1',
      ]
        .join('\n')
        .replace('on WKS-7', 'on …'),
    );
  });

  it.each<[string, Partial<Detection>, string, string]>([
    ['a short id', { user: { id: 'bob' }, title: 'By Bob' }, 'By …', NAME],
    ['an account of a domain', { user: { id: 'ACME\\alice' }, title: 'By alice' }, 'By …', NAME],
    ['an address as id', { user: { id: 'alice@acme.fr' }, title: 'By alice' }, 'By …', NAME],
    ['the name in an address', { user: { email: 'jo.martin@acme.fr' }, title: 'By Jo Martin' }, 'By …', NAME],
    ['letters composed otherwise', { user: { id: 'jos\u00e9.p' }, title: 'By jose\u0301.p' }, 'By …', NAME],
    ['letters without their accents', { user: { id: 'jos\u00e9.p' }, title: 'By jose.p' }, '…', NAME],
    ['a short host', { device: { id: AGENT, hostname: 'PC1.acme.fr' }, title: 'On PC1' }, 'On …', NAME],
    ['a part of the name', { user: { id: 'jo.martin' }, title: 'By Mrs Martin' }, RULE, NAME],
    ['the parts in one', { user: { id: 'jo.martin' }, title: 'By JoMartin' }, RULE, NAME],
    ['the parts on two lines', { user: { id: 'jo.martin' }, title: 'By jo.mar\ntin' }, RULE, NAME],
    [
      'the name of the rule',
      { user: { id: 'jo.martin' }, ruleName: 'watch_jo_martin' },
      TITLE,
      `watch_… (${RULE})`,
    ],
    ['a part in the rule', { user: { id: 'jo.martin' }, ruleName: 'watch martin' }, TITLE, RULE],
  ])('names nobody by what somebody wrote: %s', async (_case, changes, title, rule) => {
    // The simulator knows the agent by any name that is told beside its id.
    const hostname = changes.device?.hostname ?? 'WKS-7';
    await start({ manager: { agents: [{ id: AGENT, hostname }] } });
    await deliver({ ...WKS7, ...changes });
    const [first, , ruleLine] = (comments()[0]?.comment ?? '').split('\n');
    expect([first, ruleLine]).toEqual([`Noxys: ${title}`, `Rule: ${rule}`]);
  });

  it('names nobody by a classification or a platform', async () => {
    await start();
    const named = { classifications: ['JO.MARTIN', 'IBAN'], platforms: ['jo.martin.example', 'perplexity'] };
    await deliver({ ...WKS7, ...named, user: { id: 'jo.martin' } });
    expect(comments()[0]?.comment).toContain('AI platforms: ….example, Perplexity\nClassifications: …, IBAN');
  });

  it('is written in French where the tenant reads French', async () => {
    await start({ language: 'fr' });
    await deliver();
    expect(comments()[0]?.comment).toMatch(/^Noxys : Repeated[^]*Plateformes d'IA : Perplexity/);
  });

  it('has a thousand characters at most, and its link whole', async () => {
    await start({ publicUrl: 'https://relay.acme.eu' });
    const classifications = Array.from({ length: 64 }, (_, i) => `CLASSIFICATION_${i}_${'X'.repeat(40)}`);
    await deliver({ ...WKS7, title: 'T'.repeat(500), ruleName: 'R'.repeat(500), classifications });
    const text = comments()[0]?.comment ?? '';
    expect(text.length).toBeLessThanOrEqual(1000);
    expect(text).toMatch(/\nAt the relay: https:\/\/relay\.acme\.eu\/api\/v1\/tenants\/acme\/events\/det_1$/);
  });

  it('is written once for each detection, however often that comes again', async () => {
    await start();
    for (let i = 0; i < 10; i++) expect(await deliver()).toEqual(DELIVERED);
    expect(await deliver(WKS7, 'det_2')).toEqual(DELIVERED);
    expect(commented()).toEqual(['7', '7']);
    expect(stage.remembered).not.toMatch(/WKS-7|user-42/i);
  });

  it('is written again only where its answer was not seen', async () => {
    await start();
    stage.fail(`${THREATS}7/comment/`, { drop: 'after_reading', times: 1 });
    expect(await deliver()).toMatchObject({ kind: 'retry' });
    for (let i = 0; i < 3; i++) expect(await deliver()).toEqual(DELIVERED);
    expect(comments()).toHaveLength(2);
  });

  it('goes to the open threat of the agent that was seen last, around the detection', async () => {
    await start();
    const agents = [{ agent_id: OTHER }, { agent_id: AGENT.toUpperCase() }];
    stage.manager.addThreat({ id: 1, agents, last_seen: at(-2 * HOUR_MS), status: 'investigating' });
    stage.manager.addThreat({ id: 7, agents, last_seen: at(-3 * HOUR_MS) });
    stage.manager.addThreat({ id: 2, agents, last_seen: at(0), status: 'closed' });
    stage.manager.addThreat({ id: 3, agents: [{ agent_id: OTHER }], last_seen: at(0) });
    expect(await deliver()).toEqual(DELIVERED);
    expect(commented()).toEqual(['1']);
  });

  it.each([
    ['a day before it', -DAY_MS, ['7']],
    ['more than a day before it', -DAY_MS - 1, []],
    ['after it', HOUR_MS, ['7']],
  ])('is written to a threat that was seen last %s, or not', async (_when, offsetMs, expected) => {
    await start();
    stage.manager.addThreat({ id: 7, agents: [{ agent_id: AGENT }], last_seen: at(offsetMs) });
    expect(await deliver()).toEqual(DELIVERED);
    expect(commented()).toEqual(expected);
  });

  it('finds a threat on the third page, and looks no further than the fifth', async () => {
    await start();
    for (let i = 0; i < 250; i++)
      stage.manager.addThreat({ id: 1000 + i, agents: [{ agent_id: OTHER }], last_seen: at(1000) });
    await deliver();
    expect(commented()).toEqual(['7']);
    for (let i = 250; i < 600; i++)
      stage.manager.addThreat({ id: 1000 + i, agents: [{ agent_id: OTHER }], last_seen: at(1000) });
    const before = stage.manager.apiRequests.length;
    expect(await deliver(WKS7, 'det_2')).toEqual(DELIVERED);
    expect(commented()).toEqual(['7']);
    expect(stage.manager.apiRequests.length - before).toBe(3 + 5);
  });

  it('goes to a threat whose id is a UUID', async () => {
    await start();
    const id = 'f3b1c2d3-1111-4222-8333-444455556666';
    stage.manager.addThreat({ id, agents: [{ agent_id: AGENT }], last_seen: at(HOUR_MS) });
    await deliver();
    expect(commented()).toEqual([id]);
  });
});

describe('the agent of a detection', () => {
  it.each<[string, Partial<Detection>, readonly string[]]>([
    ['its id', { device: { id: AGENT } }, ['7']],
    ['its id in upper case', { device: { id: AGENT.toUpperCase() } }, ['7']],
    ['its name in another case', { device: { hostname: 'wks-7' } }, ['7']],
    ['its name with a domain', { device: { hostname: 'wks-7.corp.acme.fr' } }, ['7']],
    ["its name where the id is Noxys' own", { device: { id: 'device-7', hostname: 'WKS-7' } }, ['7']],
    ['its name where the manager knows no such id', { device: { id: OTHER, hostname: 'WKS-7' } }, ['7']],
    ['its id and a name with a domain', { device: { id: AGENT, hostname: 'WKS-7.corp.fr' } }, ['7']],
    ['an id and a name that do not agree', { device: { id: AGENT, hostname: 'SRV-1' } }, []],
    ['a name that nobody has', { device: { hostname: 'WKS-8' } }, []],
    ['nothing', {}, []],
    ["Noxys' own id alone", { device: { id: 'device-7' } }, []],
  ])('is found by %s, or there is nothing to do', async (_by, changes, expected) => {
    await start({
      manager: {
        agents: [
          { id: AGENT, hostname: 'wks-7' },
          { id: 'x', hostname: 'WKS-7X' },
        ],
      },
    });
    // The simulator compares names exactly, as the vendor may: both spellings are asked for.
    stage.manager.addAgent({ id: AGENT, hostname: changes.device?.hostname === 'wks-7' ? 'wks-7' : 'WKS-7' });
    expect(await deliver(changes)).toEqual(DELIVERED);
    expect(commented()).toEqual(expected);
  });

  it('is none where two agents have its name', async () => {
    await start({
      manager: {
        agents: [
          { id: AGENT, hostname: 'WKS-7' },
          { id: OTHER, hostname: 'WKS-7', status: 'offline' },
        ],
      },
    });
    expect(await deliver()).toEqual(DELIVERED);
    expect(comments()).toEqual([]);
  });

  it('is none where the host of its name is of another domain', async () => {
    await start({ manager: { agents: [{ id: AGENT, hostname: 'WKS-7', dnsdomainname: 'other.fr' }] } });
    expect(await deliver({ device: { hostname: 'WKS-7.acme.fr' } })).toEqual(DELIVERED);
    expect(comments()).toEqual([]);
  });

  it.each<[string, readonly unknown[]]>([
    ['says that there are more', [{ id: AGENT, hostname: 'WKS-7' }]],
    [
      'has one whose id is no text',
      [
        { id: AGENT, hostname: 'WKS-7' },
        { id: 42, hostname: 'WKS-7' },
      ],
    ],
  ])('is none where the list of agents %s', async (_case, results) => {
    await start();
    stage.fail(AGENTS, { status: 200, body: { count: 2, next: null, results } });
    expect(await deliver()).toEqual(DELIVERED);
    expect(comments()).toEqual([]);
  });

  it('is not looked for by logons, which comments have no right to read', async () => {
    await start();
    expect(await deliver({ user: { id: 'alice' } })).toEqual(DELIVERED);
    expect(stage.manager.apiRequests).toEqual([]);
  });

  it('is the one of the host that the tenant names for the user, where the detection names none', async () => {
    await start();
    stage.records = { ...stage.records, mappedHost: () => 'WKS-7' };
    await deliver({});
    expect(commented()).toEqual(['7']);
    await deliver({ device: { hostname: 'WKS-8' } }, 'det_2');
    expect(commented()).toEqual(['7']);
  });

  it('is found in a list that comes bare', async () => {
    await start({ manager: { agents: [{ id: AGENT, hostname: 'WKS-7' }], bareAgentList: true } });
    await deliver();
    expect(commented()).toEqual(['7']);
  });
});

describe('a manager that does not let comment', () => {
  it.each<[string, readonly string[], string]>([
    ['agents', ['View threats', 'Edit threats'], 'View endpoints'],
    ['threats', ['View endpoints', 'Edit threats'], 'View threats'],
    ['comments', ['View endpoints', 'View threats'], 'Edit threats'],
  ])('blocks the lane and names the permission: %s', async (_what, permissions, missing) => {
    await start();
    stage.manager.setPermissions(permissions as never);
    expect(await deliver()).toMatchObject({
      kind: 'blocked',
      reason: 'forbidden',
      detail: expect.stringContaining(`"${missing}"`),
    });
    expect(comments()).toEqual([]);
  });

  it.each<[string, string, object, object]>([
    [
      'a login page',
      AGENTS,
      { status: 200, body: '<html>', contentType: 'text/html' },
      { reason: 'html_answer' },
    ],
    ['a list that is none', AGENTS, { status: 200, body: { count: 0 } }, { kind: 'retry' }],
    ['threats that are no list', THREATS, { status: 200, body: { count: 0 } }, { kind: 'retry' }],
    ['a fault', THREATS, { status: 503 }, { kind: 'retry' }],
    ['a comment that it refuses', `${THREATS}7/comment/`, { status: 400, body: {} }, { kind: 'rejected' }],
    ['a threat that is gone', `${THREATS}7/comment/`, { status: 404, body: {} }, DELIVERED],
  ])('says what it was: %s', async (_what, path, fault, expected) => {
    await start();
    stage.fail(path, { ...fault, times: 1 });
    expect(await deliver()).toMatchObject(expected);
    expect(comments()).toEqual([]);
  });

  it('gets no comment once the config has changed', async () => {
    await start();
    stage.isCurrent = false;
    expect(await deliver()).toMatchObject({ detail: 'not sent' });
    expect(comments()).toEqual([]);
  });

  it('gets none on a closed threat that it lists all the same', async () => {
    await start();
    const closed = { id: 9, status: 'closed', last_seen: at(0), agents: [{ agent_id: AGENT }] };
    stage.fail(THREATS, { status: 200, body: { count: 1, next: null, results: [closed] } });
    expect(await deliver()).toEqual(DELIVERED);
    expect(comments()).toEqual([]);
  });

  it('survives threats whose fields are null', async () => {
    await start();
    const nulls = { id: 9, status: null, last_seen: null, agents: null };
    stage.fail(THREATS, { status: 200, body: { count: 1, next: null, results: [nulls, null, 'x'] } });
    expect(await deliver()).toEqual(DELIVERED);
  });
});

describe('the test of the comments', () => {
  it('reads a threat and an agent, and writes nothing', async () => {
    await start();
    expect(await stage.check('comments')).toEqual({
      outcome: DELIVERED,
      notes: ["The right to comment on threats can't be tested without writing a comment."],
    });
    expect(stage.manager.apiRequests.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it.each(['View threats', 'View endpoints'] as const)('names %s when it is missing', async (missing) => {
    await start();
    const all = ['View threats', 'View endpoints', 'Edit threats'] as const;
    stage.manager.setPermissions(all.filter((one) => one !== missing));
    const { outcome } = await stage.check('comments');
    expect(outcome).toMatchObject({ reason: 'forbidden', detail: expect.stringContaining(missing) });
  });
});
