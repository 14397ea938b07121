/**
 * Every name that the guides use for a field of an event, and the canonical field behind it.
 * One map for `where` filters, rules and searches. Pure.
 */

import { nearestWord } from '../lib/nearest.ts';
import type { CanonicalEvent } from './event.ts';

type FieldValue = string | number | readonly string[] | undefined;
type Reader = (event: CanonicalEvent) => FieldValue;

const READERS = {
  id: (e) => e.id,
  type: (e) => e.type,
  interaction_id: (e) => e.interactionId,
  timestamp: (e) => e.occurredAt,
  user_id: (e) => e.user?.id,
  user_email: (e) => e.user?.email,
  device_id: (e) => e.device?.id,
  hostname: (e) => e.device?.hostname,
  platform_id: (e) => e.platform?.id,
  platform_name: (e) => e.platform?.name,
  policy_decision: (e) => e.policy?.decision,
  policy_name: (e) => e.policy?.name,
  risk_score: (e) => e.riskScore,
  severity: (e) => e.severity,
  direction: (e) => e.direction,
  sensor: (e) => e.sensor,
  interaction_type: (e) => e.interactionType,
  model: (e) => e.model,
  url_host: (e) => e.urlHost,
  classifications: (e) => e.classifications,
  classification_count: (e) => e.classificationCount,
  source: (e) => e.source,
} satisfies Record<string, Reader>;

export type FieldName = keyof typeof READERS;
export const FIELD_NAMES = Object.keys(READERS) as readonly FieldName[];

/** Other spellings of the same field: the Falcon guide's, Slack's, the canonical event's own. */
const ALIASES: Readonly<Record<string, FieldName>> = {
  event_type: 'type',
  'event.type': 'type',
  'event.id': 'id',
  action: 'policy_decision',
  policy_action: 'policy_decision',
  classification_type: 'classifications',
  classification_types: 'classifications',
  platform: 'platform_id',
  'platform.id': 'platform_id',
  'platform.name': 'platform_name',
  'user.id': 'user_id',
  'user.email': 'user_email',
  'device.id': 'device_id',
  'device.hostname': 'hostname',
  'policy.decision': 'policy_decision',
  'policy.name': 'policy_name',
  riskScore: 'risk_score',
  interactionId: 'interaction_id',
  interactionType: 'interaction_type',
  urlHost: 'url_host',
  classificationCount: 'classification_count',
  occurredAt: 'timestamp',
  alert_severity: 'severity',
};

const PREFIXES = ['event.data.', 'data.', 'event.'];

/** The canonical field behind a name as people write it, with or without `event.` and `data.`; undefined when unknown. */
export function resolveField(name: string): FieldName | undefined {
  for (const candidate of [
    name,
    ...PREFIXES.filter((p) => name.startsWith(p)).map((p) => name.slice(p.length)),
  ]) {
    if (Object.hasOwn(READERS, candidate)) return candidate as FieldName;
    if (Object.hasOwn(ALIASES, candidate)) return ALIASES[candidate];
  }
  return undefined;
}

/** The value of a field, undefined when the event has none. */
export function readField(event: CanonicalEvent, field: FieldName): FieldValue {
  return READERS[field](event);
}

/** The known name nearest to a misspelt one, for the error that the operator reads; undefined when none is near. */
export function nearestField(name: string): string | undefined {
  const bare = PREFIXES.find((p) => name.startsWith(p)) ? name.slice(name.lastIndexOf('.') + 1) : name;
  return nearestWord(bare, Object.keys(READERS)) ?? nearestWord(bare, Object.keys(ALIASES));
}
