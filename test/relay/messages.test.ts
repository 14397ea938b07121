/** Messages at the end of a whole lane: with the object's own memory, its crashes, its rate and its dead letters. */

import { describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import { NOTICE_TYPE } from '../../src/domain/notice.ts';
import { detectionForTest } from '../domain/detection-for-test.ts';
import { eachOf, repeatedViolations, rowsOf } from './rules-for-test.ts';
import { erased } from './erasing.ts';
import { Tenant } from './tenant.ts';

const LANE = 'soc/messages';
const SLACK = 'http://127.0.0.1:9004/services/T0NOXYS/B0RELAY/inWorkerd';

const slackTenant = async (more: Readonly<Record<string, unknown>> = {}, tenantMore = {}): Promise<Tenant> =>
  Tenant.create((document) => {
    // In the EU nobody would be named: transfer.test.ts.
    document['residency'] = 'global';
    document['destinations'] = [{ name: 'soc', type: 'slack', url: SLACK, ...more }];
    Object.assign(document, tenantMore);
  });

/** A Slack that takes messages and answers as it is told. */
class SlackCloud {
  readonly #tenant: Tenant;
  readonly taken: { readonly text: string; readonly body: string; readonly atMs: number }[] = [];
  /** Takes it, and never answers: so many times. */
  silences = 0;
  /** Answers so before it looks. */
  refusal: (body: string) => Response | undefined = () => undefined;

  constructor(tenant: Tenant) {
    this.#tenant = tenant;
    this.attach();
  }

  attach(): void {
    this.#tenant.destinations.answer(SLACK, async ({ body }) => {
      const refusal = this.refusal(body);
      if (refusal) return refusal;
      const { text } = JSON.parse(body) as { text: string };
      this.taken.push({ text, body, atMs: this.#tenant.nowMs });
      if (this.silences-- > 0) return new Promise<Response>(() => undefined);
      return new Response('ok', { headers: { 'content-type': 'text/html' } });
    });
  }

  get titles(): readonly string[] {
    return this.taken.map(({ text }) => text);
  }
}

function detectionOf(tenant: Tenant, i: number, changes: Partial<Detection> = {}): CanonicalEvent {
  const lastAt = new Date(tenant.nowMs).toISOString();
  const detection = detectionForTest({
    id: `det-${i}`,
    level: 'critical',
    lastAt,
    eventIds: [`evt-${i}`],
    groupKey: `person-${i}`,
    user: { id: `person-${i}` },
    ...changes,
  });
  return detectionEvent(detection, { tenant: tenant.id, receivedAt: lastAt });
}

const detectionsOf = (tenant: Tenant, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => detectionOf(tenant, from + i));
const isIdle = async (tenant: Tenant, delivered: number) => {
  const lane = await tenant.lane(LANE);
  return lane.delivered >= delivered && lane.undelivered === 0;
};

describe('messages', () => {
  it('are one for all rules that an event met, also of a lane that begins', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    const about = (event: number, rule: string) =>
      detectionOf(tenant, event, { id: `det-${event}-${rule}`, ruleId: rule, ruleName: rule });
    await tenant.accept(about(1, 'rule_hl'), about(1, 'rule_cs'), about(2, 'rule_hl'));
    await tenant.until(async () => isIdle(tenant, 3), 'all are told');
    expect(slack.taken.map(({ body }) => [body.includes('rule_hl'), body.includes('rule_cs')])).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  it.each(['keep', 'pseudonymise', 'drop'])(
    'are forgotten when their user is erased, where the destination has user ids as %s',
    async (level) => {
      const tenant = await slackTenant({ privacy: { user_id: level, user_email: level } });
      const slack = new SlackCloud(tenant);
      await tenant.accept(...detectionsOf(tenant, 1, 2));
      await tenant.until(async () => isIdle(tenant, 2), 'all are told');
      const kept = async () =>
        (await rowsOf<{ key: string }>(tenant, 'SELECT key FROM channel_memory ORDER BY key'))
          .map(({ key }) => key)
          .filter((key) => /^(told|matter):/u.test(key));
      expect(slack.taken).toHaveLength(2);
      const all = await kept();
      await erased(tenant, { id: 'person-1' });
      const left = await kept();
      expect([all.length, left.length]).toEqual([4, 2]);
      await erased(tenant, { id: 'person-2' });
      expect(await kept()).toEqual([]);
    },
  );

  it('are one for all rules that an event met, also where it came late and completed a count', async () => {
    const tenant = await slackTenant(
      {},
      {
        rules: {
          custom: [
            repeatedViolations({ over: 2, level: 'critical' }),
            eachOf('interaction.policy_violated', { level: 'critical' }),
          ],
        },
      },
    );
    const slack = new SlackCloud(tenant);
    const at = (minutes: number) => ({ occurredAt: new Date(tenant.nowMs - minutes * 60_000).toISOString() });
    await tenant.accept(tenant.event('evt-1', at(30)), tenant.event('evt-3', at(10)));
    await tenant.until(async () => isIdle(tenant, 2), 'the first are told');
    await tenant.accept(tenant.event('evt-2', at(20)));
    await tenant.until(async () => isIdle(tenant, 4), 'the late one is told');
    const { body = '' } = slack.taken.at(-1) ?? {};
    expect(body).toContain('repeated_violations (');
    expect(body).toContain('each (');
  });

  it('of one event are sent one by one once the lane was refused them together', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    const about = (rule: string) =>
      detectionOf(tenant, 1, { id: `det-${rule}`, ruleId: rule, ruleName: rule });
    slack.refusal = (body) =>
      body.includes('rule_bad') ? new Response('invalid_blocks', { status: 400 }) : undefined;
    await tenant.accept(about('rule_good'), about('rule_bad'));
    await tenant.until(async () => (await tenant.lane(LANE)).undelivered === 0, 'both are settled');
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 1, deadLettered: 1 });
    expect(slack.taken).toHaveLength(1);
  });

  it('are sent for critical detections, and for what the destination names beside them', async () => {
    const tenant = await slackTenant({ messages: { events_at_or_above: 'high' } });
    const slack = new SlackCloud(tenant);
    // A lane begins with one entry at a time: these make its batches wider.
    await tenant.accept(...detectionsOf(tenant, 1, 7));
    await tenant.until(async () => isIdle(tenant, 7), 'the first are told');
    const user = { id: 'person-91' };
    await tenant.accept(
      tenant.event('evt-90', { severity: 'medium' }),
      tenant.event('evt-91', { severity: 'high', user }),
      detectionOf(tenant, 90, { level: 'high' }),
      detectionOf(tenant, 91),
      detectionOf(tenant, 92, { eventIds: ['evt-91'], user, ruleId: 'rule-2', ruleName: 'second_rule' }),
    );
    await tenant.until(async () => isIdle(tenant, 10), 'all are told');
    expect(slack.titles.slice(7)).toEqual([
      'Critical: Repeated AI policy violations from same user on Perplexity and 1 other rule',
    ]);
    expect(slack.taken[7]?.body).toContain('person-91');
    expect(slack.taken[7]?.body).toContain('second_rule');
  });

  it("are in the tenant's language and at its time", async () => {
    const tenant = await slackTenant({}, { language: 'fr', digest: { time_zone: 'Europe/Paris' } });
    const slack = new SlackCloud(tenant);
    await tenant.accept(detectionOf(tenant, 1));
    await tenant.until(async () => isIdle(tenant, 1), 'it is told');
    expect(slack.titles[0]).toContain('Critique\u00A0: ');
    expect(slack.taken[0]?.body).toContain('22 nov. 2096, 09:00 UTC+1');
  });

  it('of a storm of five hundred are one for each user and rule up to the cap, and one of the storm', async () => {
    const tenant = await slackTenant({ messages: { per_hour_max: 20 } });
    const slack = new SlackCloud(tenant);
    for (let from = 1; from <= 500; from += 100) {
      await tenant.accept(...detectionsOf(tenant, from, from + 99));
      if (from !== 201) continue;
      await tenant.until(async () => isIdle(tenant, 300), 'three hundred are told or counted');
      await tenant.evict();
    }
    await tenant.until(async () => isIdle(tenant, 500), 'all are told or counted');
    expect(slack.taken).toHaveLength(21);
    const told = slack.taken.flatMap(({ body }) => /person-\d+/.exec(body)?.[0] ?? []);
    expect(told).toEqual(Array.from({ length: 20 }, (_, i) => `person-${i + 1}`));
    expect(slack.titles.filter((title) => title.startsWith('More than 20 messages'))).toHaveLength(1);
    const memory = await tenant.inside((_relay, state) =>
      JSON.stringify([...state.storage.sql.exec('SELECT * FROM channel_memory')]),
    );
    expect(memory).toContain('untold');
    expect(memory).toContain('{\\"daily\\":480,\\"weekly\\":480}');
    expect(memory).not.toContain('person-');
  });

  it('of a critical event and of the critical detection on it are one, as they came together', async () => {
    const tenant = await slackTenant({ messages: { events_at_or_above: 'critical' } });
    const slack = new SlackCloud(tenant);
    const user = { id: 'person-1' };
    await tenant.accept(
      tenant.event('evt-1', { severity: 'critical', user }),
      detectionOf(tenant, 2, { eventIds: ['evt-1'], user, ruleName: 'crown_jewels' }),
    );
    await tenant.until(async () => isIdle(tenant, 2), 'both are told');
    expect(slack.taken).toHaveLength(1);
    expect(slack.taken[0]?.body).toContain('crown_jewels');
  });

  it('of different people do not silence each other where the destination may not know people', async () => {
    const tenant = await slackTenant({ privacy: { user_id: 'drop', user_email: 'drop' } });
    const slack = new SlackCloud(tenant);
    const { user: _user, ...grouped } = detectionOf(tenant, 3);
    await tenant.accept(detectionOf(tenant, 1), detectionOf(tenant, 2), grouped, {
      ...detectionOf(tenant, 1),
      id: 'det-1-again',
    });
    await tenant.until(async () => isIdle(tenant, 4), 'they are told');
    expect(slack.taken).toHaveLength(3);
    const memory = await tenant.inside((_relay, state) =>
      JSON.stringify([...state.storage.sql.exec('SELECT * FROM channel_memory')]),
    );
    expect(memory).toContain('{\\"daily\\":1,\\"weekly\\":1}');
    expect(memory + JSON.stringify(slack.taken)).not.toMatch(/person-|p_[\w-]{22}/);
  });

  it('are taken by a receiver that refuses the storm message: no lane is blocked, and none is a dead letter', async () => {
    const tenant = await slackTenant({ messages: { per_hour_max: 1 } });
    const slack = new SlackCloud(tenant);
    slack.refusal = (body) =>
      body.includes('More than') ? new Response('invalid_blocks', { status: 400 }) : undefined;
    for (let i = 1; i <= 30; i++) await tenant.accept(detectionOf(tenant, i));
    await tenant.until(async () => isIdle(tenant, 30), 'all are told or counted');
    tenant.nowMs += 62 * 60_000;
    await tenant.accept(detectionOf(tenant, 31));
    await tenant.until(async () => isIdle(tenant, 31), 'the later one is told');
    expect(slack.taken).toHaveLength(2);
    const lane = await tenant.lane(LANE);
    expect(lane).toMatchObject({ deadLettered: 0, expired: 0 });
    expect(lane.blocked).toBeUndefined();
  });

  it('leave no part of the address that an answer quotes in what operators read', async () => {
    const tenant = await slackTenant();
    tenant.destinations.answer(
      SLACK,
      () => new Response(`cannot POST ${new URL(SLACK).pathname}`, { status: 404 }),
    );
    await tenant.accept(detectionOf(tenant, 1));
    await tenant.until(async () => (await tenant.lane(LANE)).state === 'blocked', 'the lane is blocked');
    const test = await tenant.stub.testDestination({ v: 1, destination: 'soc' });
    expect(JSON.stringify([await tenant.lane(LANE), test])).not.toContain('inWorkerd');
  });

  it('about the same user and rule are one, however many detections there are', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    const same = { user: { id: 'person-1' }, groupKey: 'person-1' };
    for (let from = 1; from <= 300; from += 100)
      await tenant.accept(...Array.from({ length: 100 }, (_, i) => detectionOf(tenant, from + i, same)));
    await tenant.until(async () => isIdle(tenant, 300), 'all are told or counted');
    expect(slack.taken).toHaveLength(1);
  });

  it('that were answered are not repeated after a crash in the middle of a batch; the one whose answer was lost is', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    slack.refusal = () => {
      if (slack.taken.length === 3) slack.silences = 1;
      return undefined;
    };
    await tenant.accept(...detectionsOf(tenant, 1, 6));
    await tenant.until(() => slack.taken.length === 4, 'the fourth is there, unanswered');
    await tenant.crash();
    slack.refusal = () => undefined;
    await tenant.passTimeUntil(async () => isIdle(tenant, 6), 'all are told');
    const told = slack.taken.map(({ body }) => /person-\d/.exec(body)?.[0]);
    expect(told).toEqual([
      'person-1',
      'person-2',
      'person-3',
      'person-4',
      'person-4',
      'person-5',
      'person-6',
    ]);
  });

  it('keep to one a second where Slack asks for it, and none is lost or repeated', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    slack.refusal = () => {
      const lastAtMs = slack.taken.at(-1)?.atMs ?? -Infinity;
      if (tenant.nowMs - lastAtMs >= 1000) return undefined;
      return new Response('rate_limited', { status: 429, headers: { 'retry-after': '1' } });
    };
    await tenant.accept(...detectionsOf(tenant, 1, 8));
    await tenant.passTimeUntil(async () => isIdle(tenant, 8), 'all are told');
    expect(slack.taken).toHaveLength(8);
    expect((await tenant.lane(LANE)).deadLettered).toBe(0);
  });

  it('that Slack refuses are dead letters, one by one, and the others are told', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    slack.refusal = (body) =>
      body.includes('person-3') ? new Response('invalid_blocks', { status: 400 }) : undefined;
    await tenant.accept(...detectionsOf(tenant, 1, 6));
    await tenant.passTimeUntil(async () => isIdle(tenant, 5), 'the others are told');
    expect(await tenant.lane(LANE)).toMatchObject({ delivered: 5, deadLettered: 1 });
    expect(slack.taken).toHaveLength(5);
  });

  it('wait while the channel is archived, and say why', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    slack.refusal = () => new Response('channel_is_archived', { status: 410 });
    await tenant.accept(detectionOf(tenant, 1));
    await tenant.until(async () => (await tenant.lane(LANE)).blocked !== undefined, 'the lane is blocked');
    expect((await tenant.lane(LANE)).blocked).toMatchObject({
      reason: 'no_such_endpoint',
      detail: expect.stringContaining('restore it, or make a webhook for another one') as string,
    });
    slack.refusal = () => undefined;
    await tenant.passTimeUntil(async () => isIdle(tenant, 1), 'it is told');
    expect(slack.taken).toHaveLength(1);
  });

  it('that are an hour old are not sent any more', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    slack.refusal = () => new Response('oops', { status: 500 });
    await tenant.accept(detectionOf(tenant, 1));
    await tenant.until(async () => (await tenant.lane(LANE)).tries > 0, 'it failed');
    tenant.nowMs += 61 * 60_000;
    slack.refusal = () => undefined;
    await tenant.passTimeUntil(async () => (await tenant.lane(LANE)).expired === 1, 'it is expired');
    expect(slack.taken).toHaveLength(0);
  });

  it('tell of notices about other lanes', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    const since = new Date(tenant.nowMs).toISOString();
    const { user: _user, platform: _platform, policy: _policy, ...bare } = tenant.event('notice-1');
    const notice = { kind: 'lane_blocked', lane: 'edr/events', since } as const;
    await tenant.accept(
      { ...bare, type: NOTICE_TYPE, notice },
      { ...bare, id: 'notice-2', type: NOTICE_TYPE, notice: { ...notice, lane: LANE } },
    );
    await tenant.until(async () => isIdle(tenant, 1), 'it is told');
    expect(slack.taken).toHaveLength(1);
    expect(slack.taken[0]?.body).toContain('edr/events');
  });

  it('test a destination with a message that says so, and remember nothing of it', async () => {
    const tenant = await slackTenant();
    const slack = new SlackCloud(tenant);
    const answer = await tenant.stub.testDestination({ v: 1, destination: 'soc' });
    expect(answer).toMatchObject({ kind: 'tested', tests: [{ lane: LANE, outcome: 'delivered' }] });
    expect(slack.titles).toEqual(['noxys-relay connection test']);
  });
});
