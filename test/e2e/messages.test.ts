/** The whole system and what tells people: Slack, a Teams workflow, any webhook. Of what is critical, and of the relay's own troubles. */

import { describe, expect, it } from 'vitest';

import type { LaneTest } from '../../src/domain/destination-requests.ts';
import type { LaneView } from '../../src/domain/lane-view.ts';
import { hasAlarm } from './at-rest.ts';
import { accept, criticalEvent, criticalEvents } from './critical-events.ts';
import type { Destinations } from './destinations.ts';
import { Stage, type StageOptions, type TestTenant, newWebhookSecret } from './stage.ts';
import { until } from './until.ts';

const ARRIVAL_MS_MAX = 20_000;
const LIMITS = { withinMs: ARRIVAL_MS_MAX };

type Configs = (destinations: Destinations) => readonly Record<string, unknown>[];

/** A tenant with these destinations alone, that may tell them persons: what an EU tenant may is in test/relay/transfer.test.ts. */
async function open(
  configs: Configs,
  { more = {}, ...options }: StageOptions & { readonly more?: Readonly<Record<string, unknown>> } = {},
): Promise<{ readonly stage: Stage; readonly tenant: TestTenant } & AsyncDisposable> {
  const stage = await Stage.open(options);
  const tenant = await stage.addTenant('acme', {
    residency: 'global',
    destinations: configs(stage.destinations),
    ...more,
  });
  return { stage, tenant, [Symbol.asyncDispose]: async () => stage.close() };
}

async function lane(stage: Stage, name: string): Promise<LaneView | undefined> {
  return (await stage.lanes('acme')).find((view) => view.lane === name);
}

async function untilState(stage: Stage, name: string, state: LaneView['state']): Promise<void> {
  await until(`${name} is ${state}`, async () => (await lane(stage, name))?.state === state, LIMITS);
}

/** What each message was about, as the receiver took it. */
function takenOf({ receiver }: Destinations): readonly Readonly<Record<string, unknown>>[] {
  return receiver.messages.map(({ body }) => {
    const { type, data } = body as {
      readonly type: string;
      readonly data: Readonly<Record<string, unknown>>;
    };
    return { ...data, type };
  });
}

describe.concurrent('a Slack channel', () => {
  it('is told once of a critical event, with its facts and its colour, and of no lesser one', async () => {
    await using opened = await open((all) => [all.slackConfig()]);
    const { stage, tenant } = opened;
    const event = criticalEvent();
    await accept(tenant, criticalEvent({ type: 'alert.severity_high' }), event);
    await accept(tenant, criticalEvent({ user_id: event['user_id'] }));
    await tenant.sender.send(event);
    await stage.untilDone('acme', LIMITS);
    expect(stage.slack.messages.map(({ text }) => text)).toEqual([
      'Critical: Noxys alert on DeepSeek (blocked)',
    ]);
    const [message] = stage.slack.messages;
    expect(message?.attachments[0]?.['color']).toBe('#d1242f');
    expect(stage.slack.shown[0]?.split('\n')).toEqual(
      expect.arrayContaining(['Critical', 'blocked', String(event['user_id']), 'DeepSeek', 'IBAN', 'acme']),
    );
    expect(await lane(stage, 'soc/messages')).toMatchObject({ delivered: 2, deadLettered: 0 });
  });

  it('gets a storm as so many messages and one that counts the others', async () => {
    await using opened = await open((all) => [
      all.slackConfig({ messages: { events_at_or_above: 'critical', per_hour_max: 5 } }),
    ]);
    const { stage, tenant } = opened;
    await accept(tenant, ...criticalEvents(60));
    await stage.untilDone('acme', LIMITS);
    const titles = stage.slack.messages.map(({ text }) => text);
    expect(titles.slice(0, 5)).toEqual(Array(5).fill('Critical: Noxys alert on DeepSeek (blocked)'));
    expect(titles.slice(5)).toEqual(['More than 5 messages in an hour: the others are counted']);
    expect(stage.slack.shown[5]).toMatch(/\d+ more (?:was|were) counted since/);
    expect(await lane(stage, 'soc/messages')).toMatchObject({ delivered: 60, deadLettered: 0 });
  });

  it('is told that a lane is blocked and that it delivers again, and never of itself', async () => {
    await using opened = await open((all) => [all.falconConfig(), all.slackConfig(), all.webhookConfig()]);
    const { stage, tenant } = opened;
    const { slack, falcon, destinations } = stage;
    falcon.fail({ status: 403, body: { text: 'Invalid token', code: 4 } });
    await accept(tenant, criticalEvent());
    await until(
      'both are told',
      () => slack.messages.length + destinations.receiver.messages.length === 4,
      LIMITS,
    );
    expect(slack.messages.map(({ text }) => text)).toContain('falcon/events is blocked');
    expect(slack.shown.join('\n')).toContain('403');

    falcon.heal();
    slack.trouble = 'channel_is_archived';
    await stage.admin.post('/api/v1/tenants/acme/destinations/falcon/resume');
    await untilState(stage, 'soc/messages', 'blocked');
    slack.trouble = undefined;
    await stage.admin.post('/api/v1/tenants/acme/destinations/soc/resume');
    await stage.untilDone('acme', LIMITS);
    expect(slack.messages.map(({ text }) => text).slice(2)).toEqual(['falcon/events delivers again']);
    // What Slack is not told of itself, the other channel is told.
    const notices = takenOf(destinations).filter(({ type }) => type === 'noxys.notice');
    expect(notices.map(({ title }) => String(title)).toSorted()).toEqual([
      'falcon/events delivers again',
      'falcon/events is blocked',
      'soc/messages delivers again',
      'soc/messages is blocked',
    ]);
  });
});

describe.concurrent('a webhook', () => {
  it('carries signatures that verify with the old secret and the new one while they are rotated', async () => {
    const [old, next] = [newWebhookSecret(), newWebhookSecret()];
    await using opened = await open((all) => [all.webhookConfig({ secrets: [old] })]);
    const { stage, tenant } = opened;
    const { receiver } = stage.destinations;
    let sent = 0;
    const tell = async (): Promise<void> => {
      await accept(tenant, criticalEvent());
      sent++;
      await until(`message ${sent} is there`, () => receiver.messages.length === sent, LIMITS);
    };
    const rotate = async (body: object): Promise<void> => {
      const path = 'destinations.hook.secrets';
      const answer = await stage.admin.post('/api/v1/tenants/acme/secrets', { path, ...body });
      expect(answer).toMatchObject({ status: 200 });
    };
    receiver.setSecrets([old]);
    await tell();
    await rotate({ value: next });
    await tell();
    receiver.setSecrets([next]);
    await tell();
    await rotate({ value: next, previous: 'drop' });
    await tell();
    expect(receiver.refusals).toEqual([]);
    expect(receiver.requests.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(4);
    for (const { id } of receiver.messages) expect(id).toMatch(/^msg_[a-z2-7]{26}$/);
  });

  it('whose signature is refused keeps its messages until the secret is right, and sends each once', async () => {
    const right = newWebhookSecret();
    await using opened = await open((all) => [all.webhookConfig({ secrets: [newWebhookSecret()] })]);
    const { stage, tenant } = opened;
    const { receiver } = stage.destinations;
    receiver.setSecrets([right]);
    const event = criticalEvent();
    await accept(tenant, event);
    await untilState(stage, 'hook/messages', 'blocked');
    expect((await lane(stage, 'hook/messages'))?.blocked).toMatchObject({ reason: 'unauthorized' });
    expect(receiver.refusals).toContain('signature');

    const destinations = [stage.destinations.webhookConfig({ secrets: [right] })];
    await stage.admin.put(
      'acme',
      stage.document('acme', tenant.secret, { residency: 'global', destinations }),
    );
    await stage.untilDone('acme', LIMITS);
    // An answer that is lost makes a second attempt with the same id, which the receiver knows.
    receiver.fail({ drop: 'after_reading', times: 1 });
    const second = criticalEvent();
    await accept(tenant, second);
    await stage.untilDone('acme', LIMITS);
    const told = takenOf(stage.destinations).filter(({ type }) => type === 'noxys.event');
    expect(told).toMatchObject([
      { tenant: 'acme', level: 'critical', user: { id: event['user_id'] }, event: { id: event['id'] } },
      { user: { id: second['user_id'] }, event: { id: second['id'] } },
    ]);
    expect(receiver.repeated).toBe(1);
  });
});

describe.concurrent('a Teams workflow', () => {
  it('posts the card, in the language of the tenant', async () => {
    await using opened = await open((all) => [all.teamsConfig()], { more: { language: 'fr' } });
    const { stage, tenant } = opened;
    const { teams } = stage.destinations;
    const event = criticalEvent();
    await accept(tenant, event);
    await stage.untilDone('acme', LIMITS);
    expect(teams.runs.map(({ error }) => error)).toEqual([undefined]);
    const card = JSON.stringify(teams.cards[0]);
    for (const text of [
      'Critique\u00A0: alerte Noxys sur DeepSeek (blocage)',
      'Utilisateur',
      event['user_id'],
    ])
      expect(card).toContain(text);
  });

  it('that is turned off blocks the lane, which keeps the message', async () => {
    await using opened = await open((all) => [all.teamsConfig()]);
    const { stage, tenant } = opened;
    const { teams } = stage.destinations;
    teams.turn('off');
    await accept(tenant, criticalEvent());
    await untilState(stage, 'teams/messages', 'blocked');
    teams.turn('on');
    await stage.admin.post('/api/v1/tenants/acme/destinations/teams/resume');
    await stage.untilDone('acme', LIMITS);
    expect(teams.cards).toHaveLength(1);
  });
});

describe.concurrent('a test of what tells people', () => {
  it.each(['soc', 'teams', 'hook'])('posts one marked message to %s, and nothing is stored', async (name) => {
    await using opened = await open((all) => [all.slackConfig(), all.teamsConfig(), all.webhookConfig()]);
    const { stage } = opened;
    const { slack, teams, receiver } = stage.destinations;
    const { body } = await stage.admin.post(`/api/v1/tenants/acme/destinations/${name}/test`);
    const { tests } = body as { readonly tests: readonly LaneTest[] };
    expect(tests).toMatchObject([{ lane: `${name}/messages`, outcome: 'delivered' }]);
    const shown = { soc: slack.messages, teams: teams.cards, hook: receiver.messages };
    for (const [other, messages] of Object.entries(shown))
      expect({ other, count: messages.length }).toEqual({ other, count: other === name ? 1 : 0 });
    expect(JSON.stringify(shown)).toContain('noxys-relay connection test');
    expect((await stage.lanes('acme')).map(({ delivered }) => delivered)).toEqual([0, 0, 0]);
  });
});

describe.concurrent('messages', () => {
  it('arrive after a kill of the relay, with nobody calling it again', async () => {
    // Without digests, whose alarm would be there as well.
    const more = { digest: { daily: 'off', weekly: 'off' } };
    await using opened = await open((all) => [all.slackConfig(), all.webhookConfig()], {
      isApart: true,
      more,
    });
    const { stage, tenant } = opened;
    const { slack, receiver } = stage.destinations;
    await until('the alarm of the new config is over', () => !hasAlarm(stage), { withinMs: 10_000 });
    for (const simulator of [slack, receiver]) simulator.fail({ status: 503 });
    const events = criticalEvents(8);
    await accept(tenant, ...events);
    await stage.killRelay();
    expect([slack.messages, receiver.messages]).toEqual([[], []]);
    for (const simulator of [slack, receiver]) simulator.heal();
    await stage.startRelay();
    const isThere = (): boolean => slack.messages.length >= 8 && receiver.messages.length >= 8;
    await until('all messages are there', isThere, LIMITS);
    await stage.untilDone('acme', { withinMs: 5_000 });
    expect([slack.messages.length, receiver.messages.length, receiver.repeated]).toEqual([8, 8, 0]);
    const users = takenOf(stage.destinations).map(({ user }) => (user as { readonly id: string }).id);
    expect(users).toEqual(events.map(({ user_id: id }) => id));
  });
});
