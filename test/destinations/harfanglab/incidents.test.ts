import { afterEach, describe, expect, it } from 'vitest';

import type { UserActivity } from '../../../src/domain/user-activity.ts';
import { DAY_MS, DELIVERED, HOUR_MS, Stage, type StageOptions } from './finding-stage.ts';

const INCIDENTS = '/api/v1/incidents';
const ACTIVITY: UserActivity = {
  from: '2026-11-21T09:00:00.000Z',
  to: '2026-11-22T09:00:00.000Z',
  events: 12,
  byType: { 'interaction.policy_violated': 12 },
  byDecision: { block: 11, log: 1 },
  byPlatform: { perplexity: 8, chatgpt: 4 },
  byClassification: { EMAIL: 3 },
  onDevice: 3,
  detections: 2,
  byRule: { noxys_hl1_blocked_unauthorized_platform: 2 },
  isComplete: true,
};

let stage: Stage;
const start = async (options: StageOptions = {}) => {
  stage = await Stage.start(options);
};
afterEach(async () => stage.stop());

const bodies = () => stage.manager.incidents.map(({ body }) => body);
const body = () => bodies().at(-1) ?? {};

describe('an incident', () => {
  it('has what the playbook of the guide starts from, and nothing that the entry has not', async () => {
    await start({ publicUrl: 'https://relay.acme.eu' });
    stage.records = { ...stage.records, lastDay: async () => ACTIVITY };
    const device = { id: 'device-7', hostname: 'WKS-7' };
    const detection = stage.detection('det_1', { device, policy: { decision: 'block' } });
    expect(await stage.deliver('incidents', detection)).toEqual(DELIVERED);
    expect(stage.manager.incidents[0]?.key).toBe('incident:relay.detection:det_1');
    expect(body()).toEqual({
      id: 'relay.detection:det_1',
      source: 'noxys',
      type: 'relay.detection',
      title: 'Repeated AI policy violations from same user',
      severity: 'medium',
      timestamp: stage.now,
      description: expect.any(String),
      rule: { id: '17959439-cff0-46d2-9135-de30a0d097dc', name: 'noxys_hl3_repeated_violations' },
      count: 6,
      window_seconds: 3600,
      first_at: stage.now,
      last_at: stage.now,
      event_ids: ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5', 'evt_6'],
      user_id: 'user-42',
      device_id: 'device-7',
      hostname: 'WKS-7',
      platforms: [{ id: 'perplexity', name: 'Perplexity' }],
      classifications: ['CREDIT_CARD', 'EMAIL'],
      policy_decision: 'block',
      activity: {
        from: ACTIVITY.from,
        to: ACTIVITY.to,
        events: 12,
        by_type: ACTIVITY.byType,
        by_decision: ACTIVITY.byDecision,
        by_platform: ACTIVITY.byPlatform,
        by_classification: ACTIVITY.byClassification,
        on_device: 3,
        detections: 2,
        by_rule: ACTIVITY.byRule,
        complete: true,
      },
      url: 'https://relay.acme.eu/api/v1/tenants/acme/events/det_1',
    });
    expect(body()['description']).toBe(
      [
        'Repeated AI policy violations from same user',
        'Severity: medium',
        'Rule: noxys_hl3_repeated_violations (17959439-cff0-46d2-9135-de30a0d097dc)',
        `Time: 6 events in 1 h, from ${stage.now} to ${stage.now}`,
        'AI platforms: Perplexity',
        'Classifications: CREDIT_CARD, EMAIL',
        'User: user-42',
        'Device: WKS-7',
        'Policy decision: blocked',
        "The user's last 24 hours: 12 events, 3 of them on this device (Perplexity 8, ChatGPT 4)",
        'Earlier detections in that time: 2 (noxys_hl1_blocked_unauthorized_platform 2)',
        'Look first at: other ways out, as Noxys blocked this one: other platforms and devices in the same hours; then what else this endpoint reported at that time',
        'At the relay: https://relay.acme.eu/api/v1/tenants/acme/events/det_1',
      ].join('\n'),
    );
  });

  it("has its playbook's checklist, in place of the line of the day, and what its rule says of it", async () => {
    await start();
    stage.records = { ...stage.records, lastDay: async () => ACTIVITY };
    const told = {
      playbook: 'unauthorized_platform',
      tags: ['attack.t1567', 'attack.exfiltration', 'noxys.hl1'],
      watchedUntil: '2026-11-23T09:00:00.000Z',
      respond: ['incident', 'contain', 'notify'],
    } as const;
    const device = { id: 'device-7', hostname: 'WKS-7' };
    await stage.deliver('incidents', stage.detection('det_1', { device, ...told }));
    const { description, ...fields } = body();
    expect(fields).toMatchObject({
      playbook: told.playbook,
      tags: told.tags,
      watched_until: told.watchedUntil,
    });
    const lines = String(description).split('\n');
    expect(lines).toContain('ATT&CK: T1567, exfiltration');
    expect(lines.filter((line) => line.includes('last 24 hours'))).toHaveLength(1);
    expect(lines.slice(lines.indexOf('Playbook: Unauthorized AI platform'))).toEqual([
      'Playbook: Unauthorized AI platform',
      '[x] User and device: user-42, WKS-7',
      "[x] The user's last 24 hours: 12 events, 3 of them on this device (Perplexity 8, ChatGPT 4)",
      '[x] Earlier detections in that time: 2 (noxys_hl1_blocked_unauthorized_platform 2)',
      '[x] Counted: 6 events in 1 h',
      '[ ] To check: Isolation of the host: asked for by the rule, but not of this destination',
      '[x] User watched: until 2026-11-23T09:00:00.000Z, further events count one level graver',
      '[ ] To check: has the user completed the security training?',
      "[ ] To check: has the user's manager been told?",
      '[ ] To check: did the user submit actual credentials?',
      '[ ] To check: are exposed credentials reset?',
      '[ ] To check: is a security awareness training scheduled?',
      '[ ] To check: true or false positive? Mark the detection at the relay',
    ]);
  });

  it('has its checklist in French where the tenant reads French, and asks for what privacy took', async () => {
    await start({ language: 'fr' });
    const detection = stage.detection('det_1', {
      playbook: 'credential_exposure',
      windowSeconds: 0,
      count: 1,
    });
    const { user: _user, ...bare } = detection;
    await stage.deliver('incidents', bare);
    const description = String(body()['description']);
    expect(description).toContain(
      "Playbook : Exposition d'identifiants\n[ ] À vérifier : l'utilisateur a-t-il",
    );
    expect(description).toContain("[ ] À vérifier : qu'a fait l'utilisateur ces dernières 24 heures ?");
    expect(description).not.toMatch(/\[x\]|Décompte/);
  });

  it.each(['en', 'fr'] as const)(
    'tells the time alone of a rule that counts nothing: %s',
    async (language) => {
      await start({ language });
      await stage.deliver('incidents', stage.detection('det_1', { windowSeconds: 0, count: 1 }));
      const time = { en: `Time: ${stage.now}`, fr: `Date : ${stage.now}` }[language];
      expect(String(body()['description']).split('\n')).toContain(time);
      expect(body()['description']).not.toMatch(/0 s|1 event|1 événement/);
    },
  );

  it('is written in French where the tenant reads French', async () => {
    await start({ language: 'fr' });
    stage.records = { ...stage.records, lastDay: async () => ({ ...ACTIVITY, isComplete: false }) };
    await stage.deliver('incidents', stage.detection('det_1', { device: { hostname: 'WKS-7' } }));
    await stage.deliver('incidents', stage.detection('det_2'));
    const [first = {}] = bodies();
    expect(first['description']).toContain('Gravité : moyenne');
    expect(first['description']).toContain('au moins 12 événements, dont 3 sur ce poste');
    expect(first['description']).toContain("À vérifier d'abord : les événements comptés");
    expect(body()['description']).toContain('Numéro 2 de la même règle et du même groupe en 7 jours');
  });

  it('names neither user nor device, nor what they did, where the entry does not', async () => {
    await start();
    const bare = { ...stage.detection('det_1', { user: {} }), user: {} };
    await stage.deliver('incidents', bare);
    for (const field of ['user_id', 'device_id', 'hostname', 'activity', 'url', 'policy_decision'])
      expect(body()).not.toHaveProperty(field);
    expect(body()['description']).not.toMatch(/User|Device|last 24 hours/);
  });

  it('can not be forged by what a text of an event holds', async () => {
    await start();
    const title = `A rule\nSeverity: critical\u2028Look first at: nothing ${'x'.repeat(400)}`;
    await stage.deliver('incidents', stage.detection('det_1', { title }));
    const lines = String(body()['description']).split('\n');
    expect(lines[1]).toBe('Severity: medium');
    expect(String(body()['title']).length).toBeLessThanOrEqual(256);
  });

  it.each([
    ['answers in JSON', {}],
    ['answers with an empty body', { status: 204, body: '' }],
    ['answers with a text', { status: 202, body: 'thanks', contentType: 'text/plain' }],
  ])(
    'is asked for once where the manager %s, however often its detection comes again',
    async (_what, fault) => {
      await start({ manager: { honoursIdempotencyKey: false } });
      const asked = Object.keys(fault).length > 0 ? stage.fail(INCIDENTS, fault) : undefined;
      for (let i = 0; i < 10; i++) {
        expect(await stage.deliver('incidents', stage.detection('det_1'))).toEqual(DELIVERED);
        stage.passes(HOUR_MS);
      }
      expect(asked ? asked.hits : stage.manager.incidents.length).toBe(1);
    },
  );

  it('has the same key in ten attempts whose answers nobody saw, and is one where the manager honours it', async () => {
    await start();
    const detection = stage.detection('det_1');
    const lost = stage.fail(INCIDENTS, { drop: 'after_reading', times: 10 });
    for (let i = 0; i < 10; i++)
      expect(await stage.deliver('incidents', detection)).toMatchObject({ kind: 'retry' });
    expect(lost.hits).toBe(10);
    expect(await stage.deliver('incidents', detection)).toEqual(DELIVERED);
    expect(stage.manager.incidents).toHaveLength(1);
  });

  it('has the same key where the manager ignores it', async () => {
    await start({ manager: { honoursIdempotencyKey: false } });
    stage.fail(INCIDENTS, { delayMs: 600, times: 2 });
    const detection = stage.detection('det_1');
    for (let i = 0; i < 2; i++)
      expect(await stage.deliver('incidents', detection)).toMatchObject({ kind: 'retry', reason: 'timeout' });
    expect(await stage.deliver('incidents', detection)).toEqual(DELIVERED);
    expect(new Set(stage.manager.incidents.map(({ key, id }) => `${key} ${id}`)).size).toBe(1);
  });

  it('is none when the config changes before it is asked for', async () => {
    await start();
    stage.records = {
      ...stage.records,
      lastDay: async () => {
        stage.isCurrent = false;
        return ACTIVITY;
      },
    };
    expect(await stage.deliver('incidents', stage.detection('det_1'))).toMatchObject({ detail: 'not sent' });
    expect(bodies()).toEqual([]);
  });

  it('remembers nobody', async () => {
    await start();
    await stage.deliver('incidents', stage.detection('det_1', { device: { hostname: 'WKS-7' } }));
    await stage.deliver('incidents', stage.event('evt-1', { user: { email: 'jo@acme.fr' } }));
    expect(stage.remembered).toContain('group:');
    expect(stage.remembered).not.toMatch(/user-42|jo@acme|WKS-7/i);
  });
});

describe('a later detection of the same group', () => {
  it('names the first incident by the id that the manager gave it, and says which one it is', async () => {
    await start();
    stage.fail(INCIDENTS, { status: 201, body: { id: 4711 }, times: 1 });
    await stage.deliver('incidents', stage.detection('det_1'));
    stage.passes(3 * DAY_MS);
    await stage.deliver('incidents', stage.detection('det_2'));
    stage.passes(3 * DAY_MS);
    await stage.deliver('incidents', stage.detection('det_3'));
    expect(bodies().map((one) => one['related_incident'])).toEqual([
      { id: '4711', number: 2 },
      { id: '4711', number: 3 },
    ]);
    expect(body()['description']).toContain(
      'Number 3 of the same rule and group within 7 days: the first one was 4711.',
    );
  });

  it.each([
    ['an empty body', ''],
    ['no id', { status: 'created' }],
    ['an id that is none', { id: { value: 1 } }],
  ])("names it by the relay's own id when the manager answered with %s", async (_what, answer) => {
    await start();
    stage.fail(INCIDENTS, { status: 201, body: answer, times: 1 });
    await stage.deliver('incidents', stage.detection('det_1'));
    await stage.deliver('incidents', stage.detection('det_2'));
    expect(body()['related_incident']).toEqual({ id: 'relay.detection:det_1', number: 2 });
  });

  it('names none after seven days, nor one of another rule or group', async () => {
    await start();
    await stage.deliver('incidents', stage.detection('det_1'));
    await stage.deliver('incidents', stage.detection('det_2', { groupKey: 'user-43' }));
    await stage.deliver('incidents', stage.detection('det_3', { ruleId: 'another' }));
    stage.passes(7 * DAY_MS);
    await stage.deliver('incidents', stage.detection('det_4'));
    for (const one of bodies()) expect(one).not.toHaveProperty('related_incident');
    expect(bodies()).toHaveLength(4);
  });

  it('names none that was refused', async () => {
    await start();
    stage.fail(INCIDENTS, { status: 422, body: { title: ['no'] }, times: 1 });
    expect(await stage.deliver('incidents', stage.detection('det_1'))).toMatchObject({ kind: 'rejected' });
    await stage.deliver('incidents', stage.detection('det_2'));
    expect(body()).not.toHaveProperty('related_incident');
  });

  it('is told as an alert by the memory of the alerts alone', async () => {
    await start();
    await stage.deliver('incidents', stage.detection('det_1'));
    await stage.deliver('alerts', stage.detection('det_1', { level: 'high' }));
    const [alert] = stage.manager.alerts;
    expect(alert?.body).not.toHaveProperty('related_alert');
  });
});

describe("Noxys' own events", () => {
  it('open one incident for each user, platform and type within a day', async () => {
    await start();
    expect(await stage.deliver('incidents', stage.event('evt-1'))).toEqual(DELIVERED);
    stage.passes(DAY_MS - 1);
    expect(await stage.deliver('incidents', stage.event('evt-2'))).toEqual(DELIVERED);
    await stage.deliver('incidents', stage.event('evt-3', { user: { id: 'user-43' } }));
    await stage.deliver('incidents', stage.event('evt-4', { platform: { id: 'grok', name: 'Grok' } }));
    await stage.deliver('incidents', stage.event('evt-5', { type: 'interaction.high_risk' }));
    stage.passes(1);
    await stage.deliver('incidents', stage.event('evt-6'));
    expect(bodies().map(({ event_ids: ids }) => ids)).toEqual([
      ['evt-1'],
      ['evt-3'],
      ['evt-4'],
      ['evt-5'],
      ['evt-6'],
    ]);
    expect(bodies()[0]).toMatchObject({
      title: 'Policy violation on ChatGPT (blocked)',
      severity: 'high',
      count: 1,
      id: 'interaction.policy_violated:evt-1',
    });
  });

  it('of three days that come at once open one for each day, in whatever order, and none twice', async () => {
    await start();
    const events = [2, 0, 1, 2, 0, 1].map((days, i) =>
      stage.event(`evt-${i}`, { occurredAt: new Date(stage.caller.nowMs - days * DAY_MS).toISOString() }),
    );
    for (const event of [...events, ...events]) await stage.deliver('incidents', event);
    expect(bodies().map(({ event_ids: ids }) => ids)).toEqual([['evt-0'], ['evt-1'], ['evt-2']]);
  });

  it('keep no detection from opening its own', async () => {
    await start();
    await stage.deliver('incidents', stage.event('evt-1'));
    await stage.deliver('incidents', stage.detection('det_1'));
    await stage.deliver('incidents', stage.detection('det_2'));
    expect(bodies()).toHaveLength(3);
  });
});

describe('a manager', () => {
  it.each([404, 405, 410])(
    'that answers %i has no such endpoint, and its operator is told what to do',
    async (status) => {
      await start();
      stage.fail(INCIDENTS, { status, body: { detail: 'Not found.' } });
      const outcome = await stage.deliver('incidents', stage.detection('det_1'));
      expect(outcome).toMatchObject({ kind: 'blocked', reason: 'no_such_endpoint' });
      const detail = outcome.kind === 'blocked' ? outcome.detail : '';
      expect(detail).toContain(`HTTP ${status}`);
      expect(detail).toContain('use mode: native, or set incidents_path');
      stage.fail('/api/v1/events', { status });
      expect(await stage.deliver('events', stage.event('evt-1'))).toMatchObject({
        detail: expect.stringContaining('or set events_path'),
      });
    },
  );

  it.each<[string, object, object]>([
    [
      '401',
      { status: 401, body: { detail: 'Invalid credentials' } },
      { kind: 'blocked', reason: 'unauthorized' },
    ],
    ['403', { status: 403, body: {} }, { kind: 'blocked', reason: 'forbidden' }],
    [
      'a login page',
      { status: 200, body: '<html>', contentType: 'text/html' },
      { kind: 'blocked', reason: 'html_answer' },
    ],
    [
      'a busy answer',
      { status: 429, headers: { 'retry-after': '7' } },
      { kind: 'retry', retryAfterMs: 7_000 },
    ],
    ['a fault of its own', { status: 503 }, { kind: 'retry', reason: 'server_error' }],
    ['a refusal', { status: 400, body: { title: ['bad'] } }, { kind: 'rejected', status: 400 }],
    ['a conflict', { status: 409, body: { detail: 'exists' } }, { kind: 'rejected', status: 409 }],
    [
      'a redirect that adds a slash',
      { status: 301, headers: { location: `${INCIDENTS}/` } },
      {
        kind: 'blocked',
        reason: 'redirected',
        detail: expect.stringContaining(`set incidents_path to ${INCIDENTS}/`),
      },
    ],
  ])(
    'that answers with %s has no incident: it is asked again, or the operator is told',
    async (_what, fault, expected) => {
      await start();
      stage.fail(INCIDENTS, { ...fault, times: 1 });
      expect(await stage.deliver('incidents', stage.detection('det_1'))).toMatchObject(expected);
      expect(stage.remembered).toBe('[]');
      expect(await stage.deliver('incidents', stage.detection('det_1'))).toEqual(DELIVERED);
      expect(bodies()).toHaveLength(1);
    },
  );

  it('is asked at the path that is configured', async () => {
    await start({ manager: { incidentsPath: '/soc/in' }, config: { incidents_path: '/soc/in' } });
    expect(await stage.deliver('incidents', stage.detection('det_1'))).toEqual(DELIVERED);
    expect(bodies()).toHaveLength(1);
  });
});

describe('the test of incidents and alerts', () => {
  it.each(['incidents', 'alerts'] as const)(
    'of %s finds the endpoint and the token, and writes nothing',
    async (kind) => {
      await start();
      expect(await stage.check(kind)).toEqual({
        outcome: DELIVERED,
        notes: [`The right to write ${kind} can't be tested without writing one.`],
      });
      expect([...stage.manager.incidents, ...stage.manager.alerts]).toEqual([]);
    },
  );

  it.each<[string, StageOptions, object]>([
    ['no such endpoint', { manager: { hasIncidentsEndpoint: false } }, { reason: 'no_such_endpoint' }],
    ['a wrong token', { config: { token: 'another' } }, { reason: 'unauthorized' }],
  ])('tells of %s', async (_what, options, expected) => {
    await start(options);
    expect((await stage.check('incidents')).outcome).toMatchObject(expected);
  });

  it('takes no web page for the endpoint, whatever its status', async () => {
    await start();
    stage.fail(INCIDENTS, { status: 405, body: '<html>Not Allowed</html>', contentType: 'text/html' });
    expect((await stage.check('incidents')).outcome).toMatchObject({ reason: 'no_such_endpoint' });
    stage.manager.heal();
    stage.manager.presentLoginPage();
    expect((await stage.check('incidents')).outcome).toMatchObject({ reason: 'html_answer' });
  });
});

describe('an alert', () => {
  it('is written to its own endpoint, with a key of its own, and names the first of its group', async () => {
    await start();
    await stage.deliver('alerts', stage.detection('det_1', { level: 'critical' }));
    await stage.deliver('alerts', stage.detection('det_2', { level: 'critical' }));
    await stage.deliver('alerts', stage.detection('det_2', { level: 'critical' }));
    expect(stage.manager.alerts.map(({ key }) => key)).toEqual([
      'alert:relay.detection:det_1',
      'alert:relay.detection:det_2',
    ]);
    expect(stage.manager.alerts[1]?.body).toMatchObject({
      severity: 'critical',
      related_alert: { id: 'relay.detection:det_1', number: 2 },
    });
    expect(stage.manager.incidents).toEqual([]);
  });
});
