/**
 * One event or detection as Falcon Next-Gen SIEM gets it: a HEC envelope around an ECS document.
 * Source: ECS 9.4, CrowdStrike Parsing Standard 1.1, LogScale HEC documentation, read 2026-11. Pure.
 */

import type { DetectionFacts } from '../../domain/detection-facts.ts';
import type { CanonicalEvent, PolicyDecision } from '../../domain/event.ts';
import { ecsSeverity } from '../../domain/severity.ts';
import { TEST_EVENT_TITLE, TEST_EVENT_TYPE } from '../../domain/test-event.ts';
import { defined } from '../../lib/defined.ts';

/** ECS `event.type` of category intrusion_detection: only a block denies. */
const ECS_TYPE: Record<PolicyDecision, string> = { block: 'denied', coach: 'allowed', log: 'info' };

/** The envelope: `time` in epoch seconds with milliseconds, `host` when known. Absent fields are left out. */
export function hecEvent(event: CanonicalEvent): Record<string, unknown> {
  const host = event.device?.hostname ?? event.device?.id;
  return {
    time: Date.parse(event.occurredAt) / 1000,
    ...(host === undefined ? {} : { host }),
    source: event.source,
    event: ecsDocument(event),
  };
}

function ecsDocument(event: CanonicalEvent): Record<string, unknown> {
  const { detection } = event;
  return defined({
    '@timestamp': event.occurredAt,
    ecs: { version: '9.4.0' },
    message: messageOf(event),
    event: eventFields(event),
    rule: detection && ruleFields(detection),
    user: event.user && defined({ id: event.user.id, email: event.user.email }),
    host: event.device && defined({ id: event.device.id, name: event.device.hostname }),
    url: event.urlHost === undefined ? undefined : { domain: event.urlHost },
    organization: { id: event.tenant },
    observer: {
      vendor: 'Noxys',
      product: detection ? 'edge relay' : 'AI Firewall',
      type: 'ai_firewall',
    },
    noxys: noxysFields(event),
  });
}

/** ECS `event.*`. A test is no alert: no rule for real ones fires on it. */
function eventFields(event: CanonicalEvent): Record<string, unknown> {
  const { detection } = event;
  return defined({
    kind: event.type === TEST_EVENT_TYPE ? 'event' : 'alert',
    category: ['intrusion_detection'],
    type: [detection ? 'info' : ECS_TYPE[event.policy?.decision ?? 'log']],
    action: detection ? detection.ruleName : event.type,
    module: 'noxys',
    dataset: 'noxys.ai_firewall',
    id: event.id,
    created: event.receivedAt,
    start: detection?.firstAt,
    end: detection?.lastAt,
    severity: ecsSeverity(event.severity ?? 'informational'),
    risk_score: event.riskScore,
    risk_score_norm: event.riskScore === undefined ? undefined : Math.round(event.riskScore * 100),
  });
}

function ruleFields({ ruleId, title }: DetectionFacts): Record<string, unknown> {
  return { id: ruleId, uuid: ruleId, name: title, ruleset: 'noxys-relay', category: 'sigma' };
}

/** What no field of ECS is for. */
function noxysFields(event: CanonicalEvent): Record<string, unknown> {
  const { detection } = event;
  return defined({
    platform_id: event.platform?.id,
    platform_name: event.platform?.name,
    platforms: detection && detection.platforms.length > 0 ? detection.platforms : undefined,
    policy_decision: event.policy?.decision,
    policy_name: event.policy?.name,
    classifications: event.classifications,
    classification_count: event.classificationCount,
    interaction_id: event.interactionId,
    interaction_type: event.interactionType,
    direction: event.direction,
    sensor: event.sensor,
    model: event.model,
    count: detection?.count,
    window_seconds: detection?.windowSeconds,
    event_ids: detection?.eventIds,
  });
}

function messageOf(event: CanonicalEvent): string {
  if (event.type === TEST_EVENT_TYPE) return TEST_EVENT_TITLE;
  const { detection } = event;
  if (detection) return `Noxys relay: ${detection.title}`;
  const decided = { block: 'blocked', coach: 'coached', log: 'logged' }[event.policy?.decision ?? 'log'];
  const found = event.classifications.length > 0 ? ` (${event.classifications.join(', ')})` : '';
  return `Noxys ${decided} an interaction with ${event.platform?.name ?? 'an AI platform'}${found}`;
}
