/**
 * Whom rules and detections are about is written nowhere but in the tenant's own object and to its destinations: no line of the log and
 * nothing in KV names a user, an address or a device, whatever the rules find, fail at, are tested with or run over.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readAtRest, spoilWindows } from './at-rest.ts';
import { type Forbidden, findForbidden } from './secret-search.ts';
import { Stage, type TestTenant } from './stage.ts';
import { until } from './until.ts';

const MINUTE_MS = 60_000;
const DONE = { withinMs: 30_000 };
const PATH = '/api/v1/tenants/acme';
const KEEP_ALL = { user_id: 'keep', user_email: 'keep', device: 'keep', url: 'keep' };
const PERSON = {
  user_id: 'fake.person.7',
  user_email: 'jane.fake@example.invalid',
  device_id: 'dev-fake-7',
  hostname: 'WKS-FAKE-7',
};
const PERSONS: readonly Forbidden[] = [...Object.values(PERSON), 'fake.person', 'jane.fake'].map(
  (word, i) => ({ name: `person ${i}`, word }),
);
/** Counts by all that names somebody, and watches. */
const COUNTING = `title: Two events of one person and device
name: of_one_person
logsource: {product: noxys}
detection: {s: {platform_id: chatgpt}, condition: s}
level: high
---
title: Two of them
name: two_of_one_person
level: high
correlation:
  type: event_count
  rules: [of_one_person]
  group-by: [user_id, user_email, device_id, hostname]
  timespan: 1h
  condition: {gte: 2}
relay: {watch: 24h, after_alert: reset}
`;
/** Names somebody in the field, the value and the place where it is refused. */
const REFUSED = `title: Of ${PERSON.user_email}
logsource: {product: noxys}
detection: {s: {${PERSON.user_id}: ${PERSON.hostname}}, condition: s}
`;

let made = 0;

function violation(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    ...PERSON,
    id: `evt_person_${++made}`,
    type: 'interaction.policy_violated',
    timestamp: new Date(Date.now() - 30 * MINUTE_MS + made * 1_000).toISOString(),
    data: { platform_id: 'chatgpt', policy_decision: 'block', risk_score: 0.9, classifications: ['IBAN'] },
    ...more,
  };
}

function documentOf(stage: Stage): Record<string, unknown> {
  const { destinations: all } = stage;
  return {
    privacy: KEEP_ALL,
    destinations: [
      all.edrConfig(),
      all.falconApiConfig({ actions: ['event', 'case'], cases: { close_with_verdict: true } }),
      all.slackConfig({ messages: { at_once_at_or_above: 'medium' } }),
    ],
    rules: { catalog: 'all', custom: [COUNTING] },
  };
}

describe('a day of detections about one person', () => {
  let stage: Stage;
  let tenant: TestTenant;
  let detections: readonly string[];

  beforeAll(async () => {
    stage = await Stage.open({ vars: { RELAY_LOG_ONE_IN: '1' } });
    tenant = await stage.addTenant('acme', documentOf(stage));
    await detect();
    await failAndRefuse();
    await look();
  }, 120_000);
  afterAll(async () => stage.close());

  async function detect(): Promise<void> {
    for (let i = 0; i < 12; i++) await tenant.sender.send(violation());
    await tenant.sender.send(violation({ type: 'interaction.high_risk' }));
    await stage.untilDone('acme', DONE);
    const { body } = await stage.admin.get(`${PATH}/detections?limit=200&persons=show`);
    detections = (body as { readonly detections: readonly { readonly id: string }[] }).detections.map(
      ({ id }) => id,
    );
    for (const id of detections)
      await stage.admin.post(`${PATH}/detections/${id}/verdict`, { verdict: 'false_positive' });
    await stage.untilDone('acme', DONE);
  }

  /** A window that can't be read, and a manager that refuses an incident and says what it got. */
  async function failAndRefuse(): Promise<void> {
    await tenant.sender.send(violation());
    await stage.untilDone('acme', DONE);
    await spoilWindows(stage);
    stage.edr.fail({
      match: ({ path }) => path === '/api/v1/incidents',
      status: 400,
      body: { error: `no ${PERSON.user_email}`, ...PERSON },
    });
    for (let i = 0; i < 3; i++) await tenant.sender.send(violation());
    await until('an incident is refused', () => logged().has('event.dead_lettered'), DONE);
    stage.edr.heal();
    await stage.untilDone('acme', DONE);
  }

  async function look(): Promise<void> {
    const { admin } = stage;
    const answered = [
      await admin.post(`${PATH}/detections/search`, { user_id: PERSON.user_id, persons: 'show' }),
      await admin.post(`${PATH}/windows/search`, { user_email: PERSON.user_email }),
      await admin.get(`${PATH}/detections/${detections[0]}?persons=show`),
      await admin.post(`${PATH}/rules/test`, { event: violation() }),
      await admin.post(`${PATH}/rules/test`, { event: violation(), rule: 'two_of_one_person' }),
    ];
    expect(answered.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await backtest();
    const rules = { catalog: [PERSON.user_id], custom: [REFUSED] };
    const mistakes = [
      await admin.get(`${PATH}/detections/${PERSON.device_id}`),
      await admin.get(`${PATH}/rules/${encodeURIComponent(PERSON.user_email)}`),
      await admin.post(`${PATH}/rules/test`, { event: violation(), rule: PERSON.hostname }),
      await admin.post(`${PATH}/rules/test`, { event: violation(), text: REFUSED }),
      await admin.post(`${PATH}/rules/test`, { event_id: PERSON.user_id }),
      await admin.post(`${PATH}/rules/backtest`, { text: REFUSED }),
      await admin.put('acme', stage.document('acme', tenant.secret, { ...documentOf(stage), rules })),
    ];
    expect(mistakes.filter(({ status }) => status < 400 || status >= 500)).toEqual([]);
  }

  async function backtest(): Promise<void> {
    let job: string | undefined;
    await until(
      'the run is complete',
      async () => {
        const { status, body } = await stage.admin.post(`${PATH}/rules/backtest`, { job, persons: 'show' });
        const report = body as { readonly job: string; readonly isComplete: boolean };
        job = status === 200 ? report.job : job;
        return status === 200 && report.isComplete;
      },
      DONE,
    );
  }

  function logged(): ReadonlySet<string> {
    return new Set(stage.logs.map((line) => (JSON.parse(line) as { readonly event: string }).event));
  }

  it('has all of it happen, about that person', async () => {
    expect([...logged()]).toEqual(
      expect.arrayContaining([
        'delivery.failed',
        'delivery.succeeded',
        'event.dead_lettered',
        'notice.appended',
        'rule.failed',
        'webhook.accepted',
      ]),
    );
    expect(detections.length).toBeGreaterThan(3);
    expect(stage.falcon.cases.some(({ status }) => status === 'closed')).toBe(true);
    const { objects } = await readAtRest(stage);
    const tables = Object.values(objects);
    for (const name of ['detections', 'windows_0', 'watched_users']) {
      const text = JSON.stringify(tables.map((table) => table[name]));
      expect({ name, isNamed: findForbidden(PERSONS, text).length > 0 }).toEqual({ name, isNamed: true });
    }
  });

  it('leaves nobody in the log', () => {
    expect(findForbidden(PERSONS, stage.logs.join('\n'))).toEqual([]);
  });

  it('leaves nobody in KV', async () => {
    const { kv } = await readAtRest(stage);
    expect(Object.keys(kv)).not.toEqual([]);
    expect(findForbidden(PERSONS, JSON.stringify(kv))).toEqual([]);
  });
});
