/** An EU tenant's Slack and Teams: every kind of message, made of entries that hold a marked text wherever a text can be. */

import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';

import { type Detection, detectionEvent } from '../../src/domain/detection.ts';
import { DIGEST_TYPE, type DigestTotals } from '../../src/domain/digest.ts';
import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { Language } from '../../src/domain/language.ts';
import { NOTICE_KINDS, NOTICE_TYPE } from '../../src/domain/notice.ts';
import { testEvent } from '../../src/domain/test-event.ts';
import { createSealer } from '../../src/lib/seal.ts';
import { Semaphore } from '../../src/lib/semaphore.ts';
import { openLane } from '../../src/relay/open-lane.ts';
import { settingsOf } from '../../src/settings.ts';
import { laneForTest, memoryForTest } from '../destinations/ports.ts';
import { sealedConfig } from './tenant.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 8);
const NOW = new Date(NOW_MS).toISOString();
const MARK = 'zorglub';
/** A text of somebody's own choice. */
const text = (of: string) => `Zorglub ${of} zorglub@acme.fr`;

const OWN_RULE = `title: ${text('title')}\nname: own_rule_7\nid: 5f0a5b1e-0000-4000-8000-00000000000a\n`;

function event(changes: Partial<CanonicalEvent> = {}): CanonicalEvent {
  return {
    id: `${MARK}-event`,
    type: text('type'),
    interactionId: text('interaction'),
    occurredAt: NOW,
    receivedAt: NOW,
    tenant: 'acme',
    user: { id: text('user'), email: text('email') },
    device: { id: text('device'), hostname: text('host') },
    platform: { id: text('platform'), name: text('platform name') },
    policy: { decision: 'block', name: text('policy') },
    riskScore: 0.9,
    severity: 'critical',
    direction: text('direction'),
    sensor: text('sensor'),
    interactionType: text('kind'),
    model: text('model'),
    urlHost: text('url'),
    classifications: [text('type name'), 'ZORGLUB', 'CREDIT_CARD'],
    classificationCount: 3,
    faults: [{ path: text('path'), reason: 'too_long' }],
    source: 'noxys',
    ...changes,
  };
}

function detection(id: string, ruleName: string, changes: Partial<Detection> = {}): CanonicalEvent {
  const { user, device, policy, classifications } = event();
  const facts: Detection = {
    id,
    ruleId: text(`rule id of ${id}`),
    ruleName,
    title: text('title'),
    level: 'critical',
    groupKey: text('group'),
    ...(user && { user }),
    ...(device && { device }),
    ...(policy && { policy }),
    platforms: [text('platform'), 'grok'],
    classifications,
    count: 6,
    windowSeconds: 3600,
    firstAt: NOW,
    lastAt: NOW,
    eventIds: [`${MARK}-${id}`],
    tags: [text('tag')],
    dryRun: false,
    ...changes,
  };
  return detectionEvent(facts, { tenant: 'acme', receivedAt: NOW });
}

const TOTALS: DigestTotals = {
  events: 12,
  limited: 1,
  byLevel: { high: 3, [text('level')]: 1 },
  byDecision: { block: 2, [text('decision')]: 1 },
  byPlatform: { grok: 4, [text('platform')]: 7, [text('another')]: 1 },
  byClassification: { CREDIT_CARD: 2, [text('classification')]: 1, ZORGLUB: 1 },
  detections: [
    { rule: 'noxys_alert_critical', level: 'critical', count: 1 },
    { rule: text('rule'), level: 'high', count: 2 },
    { rule: 'zorglub_title_of_a_rule', level: 'high', count: 2 },
    { rule: 'own_rule_7', level: 'high', count: 2 },
  ],
};

function own(id: string, changes: Partial<CanonicalEvent>): CanonicalEvent {
  const none = { classifications: [], classificationCount: 0, faults: [] };
  return {
    id,
    type: 'relay.x',
    occurredAt: NOW,
    receivedAt: NOW,
    tenant: 'acme',
    ...none,
    source: 'noxys',
    ...changes,
  };
}

const ENTRIES: readonly CanonicalEvent[] = [
  event({ type: 'interaction.policy_violated' }),
  event({ id: '0192f3a4-0000-7000-8000-00000000abcd', type: 'interaction.high_risk' }),
  event({ id: 'marie_0192f3a400007000', platform: { id: 'claude', name: 'Claude' } }),
  event({ id: `${MARK}-2`, platform: { id: 'grok', name: text('name of grok') } }),
  detection('det_1', 'noxys_hl3_repeated_violations'),
  detection('det_2', 'own_rule_7'),
  detection('det_3', 'zorglub_title_of_a_rule'),
  detection('det_4', text('rule')),
  ...NOTICE_KINDS.map((kind, index) =>
    own(`notice-${index}`, {
      type: NOTICE_TYPE,
      notice: { kind, lane: text('lane'), since: NOW, count: 2, detail: text('answer') },
    }),
  ),
  own('digest-1', {
    type: DIGEST_TYPE,
    digest: {
      period: 'daily',
      from: NOW,
      to: NOW,
      timeZone: text('zone'),
      totals: TOTALS,
      before: TOTALS,
      notices: { lane_blocked: 1, [text('notice')]: 2 },
      blockedLanes: [text('lane'), 'edr/events'],
    },
  }),
  testEvent({ tenant: 'acme', id: 'x', nowMs: NOW_MS }),
];

const STORM = {
  opener: 'x',
  sinceMs: NOW_MS,
  count: 9,
  level: 'critical',
  kinds: [
    { rule: text('rule'), title: text('title'), level: 'critical', count: 3 },
    { rule: 'noxys_alert_critical', title: text('title'), level: 'high', count: 3 },
    { type: text('type'), platform: text('platform'), level: 'high', count: 2 },
    { type: 'interaction.high_risk', platform: 'grok', level: 'high', count: 1 },
  ],
  isDue: true,
};

/** The bodies that all entries and a storm of before make at a destination. */
async function bodiesAt(
  type: 'slack' | 'teams' | 'webhook',
  { residency, language }: { readonly residency: 'eu' | 'global'; readonly language: Language },
): Promise<string> {
  const config = await sealedConfig('acme', (document) => {
    const url = 'http://127.0.0.1:9009/hook';
    const messages = { per_hour_max: 100 };
    Object.assign(document, { residency, language, privacy: { user_email: 'keep', url: 'keep' } });
    document['rules'] = { custom: [OWN_RULE] };
    document['destinations'] = [{ name: 'chat', type, url, messages }];
  });
  const settings = { ...settingsOf(env), publicUrl: 'https://relay.acme.eu' };
  const [destination] = config.destinations;
  if (!destination) throw new Error('Expected a destination: there is none');
  const bodies: string[] = [];
  const opened = await openLane({
    settings,
    sealer: createSealer(settings.masterKeys),
    config,
    destination,
    filter: {},
    kind: 'messages',
    fetch: async (_url, init) => {
      bodies.push(typeof init?.body === 'string' ? init.body : '');
      return Promise.resolve(new Response('ok'));
    },
    connections: new Semaphore(1),
  });
  if (!opened.ok) throw new Error(opened.error.detail);
  const { channel, reduce, send } = opened.value;
  const memory = memoryForTest(() => NOW_MS);
  memory.put('storm', JSON.stringify(STORM), NOW_MS + 3_600_000);
  const io = laneForTest({ timeoutMs: 1000, nowMs: () => NOW_MS, memory, send });
  for (const entry of ENTRIES)
    expect(await channel.deliver([reduce(entry)], io)).toMatchObject({ kind: 'delivered' });
  // Each entry its message, and the storm one of its own.
  expect(bodies).toHaveLength(ENTRIES.length + 1);
  return bodies.join('\n');
}

describe.each(['en', 'fr'] as const)('what leaves the EU, in %s', (language) => {
  it.each(['slack', 'teams'] as const)('holds no text of somebody’s own: %s', async (type) => {
    const told = await bodiesAt(type, { residency: 'eu', language });
    expect(told.toLowerCase()).not.toContain(MARK);
    expect(told).not.toContain('@acme');
    expect(told).not.toContain('marie');
    // What the relay itself knows is told all the same.
    for (const known of [
      'Repeated AI Policy Violations From Same User',
      'noxys_hl3_repeated_violations',
      'own_rule_7',
      'custom_rule',
      'Grok',
      'CREDIT_CARD',
      'edr/events',
      'events/0192f3a4-0000-7000-8000-00000000abcd',
      'events/det_1',
    ])
      expect(told).toContain(known);
  });

  it.each([
    ['slack', 'global'],
    ['teams', 'global'],
    ['webhook', 'eu'],
  ] as const)('is no concern of %s of a %s tenant', async (type, residency) => {
    const told = await bodiesAt(type, { residency, language });
    for (const mark of ['user', 'host', 'title', 'policy', 'answer', 'lane', 'rule'])
      expect(told).toContain(text(mark).split(' zorglub')[0]);
  });
});
