/**
 * Every spelling in which a Noxys event may come: one function per spelling, from the same facts to a body.
 * The envelope is not published; each spelling has its evidence in a Noxys page or guide. Pure.
 * Personal values in it are made up and plainly marked as such.
 */

import { FAKE_PROMPT_TEXT, FAKE_RAW_VALUES, type EventFacts, type JsonObject } from './event-facts.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** Objects with the raw value and its place, as the Events API shows them. */
function findings(facts: EventFacts): JsonObject[] {
  return facts.classifications.map((type, i) => {
    const value = FAKE_RAW_VALUES[type] ?? `FAKE-${type}`;
    return { type, value, score: 0.98, start: i * 40, end: i * 40 + value.length };
  });
}

/** The Events API's AIInteraction: the most likely content of `data`. */
function interaction(facts: EventFacts): JsonObject {
  return {
    platform_id: facts.platformId,
    content_hash: 'fa4e'.repeat(16),
    interaction_type: 'prompt',
    content_metadata: {
      url: `https://${facts.platformId}.example.invalid/c/fake-conversation?q=fake`,
      model: 'fake-model-1',
      text: FAKE_PROMPT_TEXT,
    },
    classifications: findings(facts),
    risk_score: facts.riskScore,
    direction: 'outbound',
    source: 'browser_extension',
    user_id: facts.userId,
    policy_decision: facts.decision,
  };
}

/** The HarfangLab guide's `event.data.{platform_id, policy_decision, risk_score, classifications}`. */
function guideData(facts: EventFacts): JsonObject {
  return {
    platform_id: facts.platformId,
    policy_decision: facts.decision,
    risk_score: facts.riskScore,
    classifications: facts.classifications,
  };
}

/** The Falcon guide's rules 1 to 3: nothing nested. */
function flat(facts: EventFacts): JsonObject {
  return {
    event_type: facts.type,
    platform_id: facts.platformId,
    classification_count: facts.classifications.length,
    classification_type: facts.classifications,
    action: facts.decision,
    risk_score: facts.riskScore,
    user_id: facts.userId,
  };
}

const SPELLERS = {
  /** Standard Webhooks' recommended `{type, timestamp, data}` around the Events API's object. */
  nested: (f) => ({ id: f.id, type: f.type, timestamp: iso(f.occurredAtMs), data: interaction(f) }),
  nested_event_type: (f) => ({
    event_id: f.id,
    event_type: f.type,
    created_at: iso(f.occurredAtMs),
    tenant_id: f.tenantId,
    data: { ...guideData(f), timestamp: iso(f.occurredAtMs), interaction_id: f.interactionId },
  }),
  /** HarfangLab guide, rule 3: `user_id` at the top. */
  user_outside: (f) => ({
    id: f.id,
    type: f.type,
    timestamp: iso(f.occurredAtMs),
    user_id: f.userId,
    data: guideData(f),
  }),
  flat: (f) => ({ id: f.id, timestamp: iso(f.occurredAtMs), ...flat(f) }),
  dotted_key: (f) => ({
    'event.type': f.type,
    event_id: f.id,
    occurred_at: iso(f.occurredAtMs),
    data: guideData(f),
  }),
  event_string: (f) => ({
    event: f.type,
    id: f.id,
    time: Math.floor(f.occurredAtMs / 1000),
    data: guideData(f),
  }),
  /** The Splunk guide posts to an endpoint that requires a top-level `event`. */
  outer_event: (f) => ({
    event: { id: f.id, type: f.type, timestamp: iso(f.occurredAtMs), data: interaction(f) },
    time: f.occurredAtMs / 1000,
    source: 'noxys',
  }),
  outer_event_flat: (f) => ({ event: { event_id: f.id, timestamp: iso(f.occurredAtMs), ...flat(f) } }),
  /** Sentinel's columns, in snake case; decisions in the plural. */
  sentinel: (f) => ({
    id: f.id,
    event_type: f.type,
    tenant_id: f.tenantId,
    interaction_id: f.interactionId,
    platform_id: f.platformId,
    risk_score: f.riskScore,
    classifications: f.classifications,
    policy_decisions: ['log', f.decision],
    user_id: f.userId,
    alert_severity: f.alertSeverity,
    timestamp: iso(f.occurredAtMs),
  }),
  /** Slack's template variables; the score as text. */
  slack: (f) => ({
    id: f.id,
    type: f.type,
    platform_id: f.platformId,
    risk_score: f.riskScore.toFixed(2),
    user_email: f.userEmail,
    classifications: f.classifications,
    policy_action: f.decision.toUpperCase(),
    timestamp: iso(f.occurredAtMs),
  }),
  nested_objects: (f) => ({
    id: f.id,
    type: f.type,
    timestamp: f.occurredAtMs,
    user: { id: f.userId, email: f.userEmail },
    device: { id: f.deviceId, hostname: f.hostname },
    platform: { id: f.platformId },
    policy_decisions: [{ action: 'log' }, { action: f.decision }],
    risk_score: f.riskScore,
    classifications: findings(f),
  }),
  decision_objects: (f) => ({
    id: f.id,
    type: f.type,
    device_id: f.deviceId,
    hostname: f.hostname,
    data: {
      timestamp: iso(f.occurredAtMs),
      platform: f.platformId,
      policy_decisions: [{ decision: f.decision }],
      risk_score: f.riskScore,
      classification_types: f.classifications,
      user_id: f.userId,
      email: f.userEmail,
    },
  }),
  /** Ids in camel case are not ids that anybody documents: the webhook's id stands in. */
  camel_ids: (f) => ({
    eventId: f.id,
    interactionId: f.interactionId,
    type: f.type,
    timestamp: iso(f.occurredAtMs),
    data: guideData(f),
  }),
  no_ids: (f) => ({ type: f.type, data: guideData(f) }),
} satisfies Record<string, (facts: EventFacts) => JsonObject>;

export type Spelling = keyof typeof SPELLERS;

function isSpelling(name: string): name is Spelling {
  return Object.hasOwn(SPELLERS, name);
}

export const SPELLINGS: readonly Spelling[] = Object.keys(SPELLERS).filter(isSpelling);

/** Spellings without an id of their own: the webhook's id, or else a hash, has to serve. */
export const SPELLINGS_WITHOUT_ID: ReadonlySet<Spelling> = new Set<Spelling>(['camel_ids', 'no_ids']);

/** The body of an event in one of the spellings. */
export function spell(facts: EventFacts, spelling: Spelling): JsonObject {
  return SPELLERS[spelling](facts);
}
