/** The whole system finds what the rules are about: the guides' thresholds through the webhook, and what becomes of a detection. */

import { describe, expect, it } from 'vitest';

import { Stage, type StageOptions, type TestTenant } from './stage.ts';
import { until } from './until.ts';

const ARRIVAL_MS_MAX = 20_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const REPEATED = 'noxys_hl3_repeated_violations';
const HIGH_VOLUME = 'noxys_cs2_high_volume';

interface Opened extends AsyncDisposable {
  readonly stage: Stage;
  readonly tenant: TestTenant;
}

interface ListedDetection {
  readonly detection: {
    readonly ruleName: string;
    readonly count: number;
    readonly dryRun: boolean;
    readonly eventIds: readonly string[];
  };
  readonly user?: { readonly key: string };
}

/** A tenant with HarfangLab, Falcon's API and Slack, and the bundled rules. */
async function open(
  more: Readonly<Record<string, unknown>> = {},
  options: StageOptions = {},
): Promise<Opened> {
  const stage = await Stage.open(options);
  const tenant = await stage.addTenant('acme', documentOf(stage, more));
  return { stage, tenant, [Symbol.asyncDispose]: async () => stage.close() };
}

function documentOf(stage: Stage, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { destinations: all } = stage;
  return {
    destinations: [
      all.edrConfig(),
      all.falconApiConfig({ actions: ['case'] }),
      all.slackConfig({ messages: { at_once_at_or_above: 'medium' } }),
    ],
    rules: { catalog: 'all' },
    ...more,
  };
}

let made = 0;

/** A violation that only rules which count are about. */
function violation(user: string, atMs: number, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id: `evt_violation_${++made}`,
    type: 'interaction.policy_violated',
    timestamp: new Date(atMs).toISOString(),
    user_id: user,
    device_id: `dev-${user}`,
    data: { platform_id: 'chatgpt', policy_decision: 'log', risk_score: 0.2, classifications: [], ...more },
  };
}

function violations(user: string, fromMs: number, count: number, everyMs = 2 * MINUTE_MS) {
  return Array.from({ length: count }, (_, n) => violation(user, fromMs + n * everyMs));
}

async function accept({ sender }: TestTenant, ...events: readonly unknown[]): Promise<void> {
  const { status, body } = await sender.send(events);
  expect({ status, body }).toMatchObject({ status: 202, body: { accepted: events.length } });
}

async function detections(stage: Stage): Promise<readonly ListedDetection[]> {
  const { status, body } = await stage.admin.get('/api/v1/tenants/acme/detections?limit=200');
  expect(status).toBe(200);
  return (body as { readonly detections: readonly ListedDetection[] }).detections;
}

/** Rule and count of each, oldest first. */
async function found(stage: Stage): Promise<readonly (readonly [rule: string, count: number])[]> {
  const all = await detections(stage);
  return all.map(({ detection }) => [detection.ruleName, detection.count] as const).toReversed();
}

describe.concurrent('the thresholds of the guides', () => {
  it('make an incident of the 6th violation within 60 minutes, not of the 5th, and a case of the 11th', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const events = violations('user-a', Date.now() - 40 * MINUTE_MS, 11);
    for (const event of events.slice(0, 5)) await accept(tenant, event);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([]);
    expect(stage.edr.incidents).toEqual([]);

    await accept(tenant, events[5]);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([[REPEATED, 6]]);
    expect(stage.edr.incidents).toMatchObject([
      { body: { severity: 'medium', user_id: 'user-a', event_ids: events.slice(0, 6).map(({ id }) => id) } },
    ]);
    expect(stage.falcon.cases).toEqual([]);

    // Silent, while counting goes on.
    for (const event of events.slice(6)) await accept(tenant, event);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([
      [REPEATED, 6],
      [HIGH_VOLUME, 11],
    ]);
    expect(stage.edr.incidents).toHaveLength(1);
    expect(stage.falcon.cases).toHaveLength(1);
  });

  it('begin anew 61 minutes later', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const startMs = Date.now() - 3 * HOUR_MS;
    await accept(tenant, ...violations('user-a', startMs, 5, MINUTE_MS));
    // 61 minutes after the last of them.
    await accept(tenant, ...violations('user-a', startMs + 65 * MINUTE_MS, 5, MINUTE_MS));
    expect(await found(stage)).toEqual([]);
    await accept(tenant, violation('user-a', startMs + 70 * MINUTE_MS));
    expect(await found(stage)).toEqual([[REPEATED, 6]]);
  });

  it('count an event once, however late it comes and however often', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const events = violations('user-a', Date.now() - 50 * MINUTE_MS, 6);
    const [first, second, third, ...rest] = events;
    await accept(tenant, ...rest);
    for (let again = 0; again < 5; again++) await tenant.sender.send(rest);
    expect(await found(stage)).toEqual([]);
    // Out of order.
    await accept(tenant, third);
    await accept(tenant, first);
    expect(await found(stage)).toEqual([]);
    await accept(tenant, second);
    for (const event of events) await tenant.sender.send(event);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([[REPEATED, 6]]);
    expect(stage.edr.incidents).toHaveLength(1);
  });

  it('do not mix a hundred users', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const startMs = Date.now() - 30 * MINUTE_MS;
    const users = Array.from({ length: 100 }, (_, n) => `user-${n}`);
    for (let round = 0; round < 5; round++)
      await accept(tenant, ...users.map((user) => violation(user, startMs + round * MINUTE_MS)));
    expect(await found(stage)).toEqual([]);
    await accept(tenant, violation('user-42', startMs + 6 * MINUTE_MS));
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([[REPEATED, 6]]);
    expect(stage.edr.incidents).toMatchObject([{ body: { user_id: 'user-42' } }]);
  });
});

describe.concurrent('a detection', () => {
  it('of both guides about one event is an incident, a case, and one message that names both rules', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const blocked = { platform_id: 'perplexity', policy_decision: 'block', classifications: ['CREDIT_CARD'] };
    await accept(tenant, violation('user-a', Date.now(), blocked));
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect((await found(stage)).map(([rule]) => rule).toSorted()).toEqual([
      'noxys_cs1_blocked_sensitive_data',
      'noxys_hl1_blocked_unauthorized_platform',
    ]);
    expect(stage.edr.incidents).toHaveLength(1);
    expect(stage.falcon.cases).toHaveLength(1);
    expect(stage.slack.messages).toHaveLength(1);
    const text = JSON.stringify(stage.slack.messages[0]);
    expect(text).toContain('noxys_cs1_blocked_sensitive_data');
    expect(text).toContain('noxys_hl1_blocked_unauthorized_platform');
    const [incident] = stage.edr.incidents;
    expect(JSON.stringify(incident)).toMatch(/to check/i);
  });

  it('follows a threshold from the next event on after it was saved, and the windows go on', async () => {
    await using opened = await open();
    const { stage, tenant } = opened;
    const startMs = Date.now() - 30 * MINUTE_MS;
    await accept(tenant, ...violations('user-a', startMs, 3));
    const rules = { catalog: 'all', overrides: { [REPEATED]: { threshold: 3 } } };
    const saved = await stage.admin.put(
      'acme',
      stage.document('acme', tenant.secret, documentOf(stage, { rules })),
    );
    expect(saved).toMatchObject({ status: 200 });
    await accept(tenant, violation('user-a', startMs + 10 * MINUTE_MS));
    expect(await found(stage)).toEqual([[REPEATED, 4]]);
  });

  it('of a rule that runs dry is recorded, and nothing comes of it', async () => {
    await using opened = await open({
      rules: { catalog: 'all', overrides: { [REPEATED]: { dry_run: true } } },
    });
    const { stage, tenant } = opened;
    await accept(tenant, ...violations('user-a', Date.now() - 30 * MINUTE_MS, 6));
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await detections(stage)).toMatchObject([{ detection: { ruleName: REPEATED, dryRun: true } }]);
    expect([stage.edr.incidents, stage.falcon.cases, stage.slack.messages]).toEqual([[], [], []]);
  });

  it('and what it counted outlive a kill right after the answer', async () => {
    await using opened = await open({}, { isApart: true });
    const { stage, tenant } = opened;
    const events = violations('user-a', Date.now() - 30 * MINUTE_MS, 7);
    await accept(tenant, ...events.slice(0, 5));
    await stage.killRelay();
    await stage.startRelay();
    stage.edr.fail({ match: ({ path }) => path === '/api/v1/incidents', status: 503 });
    await accept(tenant, events[5]);
    await stage.killRelay();
    stage.edr.heal();
    await stage.startRelay();
    await until('the incident is there', () => stage.edr.incidents.length > 0, { withinMs: ARRIVAL_MS_MAX });
    await accept(tenant, events[6]);
    await stage.untilDone('acme', { withinMs: ARRIVAL_MS_MAX });
    expect(await found(stage)).toEqual([[REPEATED, 6]]);
    expect(stage.edr.incidents).toHaveLength(1);
  });
});
