/**
 * Where each canonical field stands in what Noxys sends: the one map from its many spellings.
 * Data only. Paths are tried in order, flat before nested under `data`; the first usable value wins.
 */

/** Keys from the element down. A key may hold a full stop: `event.type` occurs as one key. */
export type FieldPath = readonly string[];

/** Each path flat, then under `data`. */
function flatOrNested(...paths: readonly string[]): readonly FieldPath[] {
  return paths.map((path) => path.split('.')).flatMap((path) => [path, ['data', ...path]]);
}

export const FIELD_PATHS = {
  /** Top level only: `data.id` and `interaction_id` name the interaction, which can raise several events. */
  id: [['id'], ['event_id']],
  type: [['type'], ['event_type'], ['event.type'], ['event']],
  interactionId: [...flatOrNested('interaction_id'), ['data', 'id']],
  occurredAt: [
    ['timestamp'],
    ['occurred_at'],
    ['created_at'],
    ['time'],
    ['data', 'timestamp'],
    ['data', 'occurred_at'],
    ['data', 'created_at'],
  ],
  userId: flatOrNested('user_id', 'user.id'),
  userEmail: flatOrNested('user_email', 'user.email', 'email'),
  deviceId: flatOrNested('device_id', 'device.id'),
  hostname: flatOrNested('hostname', 'device.hostname'),
  platformId: flatOrNested('platform_id', 'platform.id', 'platform'),
  policyDecision: flatOrNested('policy_decision', 'policy_action', 'action', 'policy_decisions'),
  policyName: flatOrNested('policy_name', 'policy.name'),
  riskScore: flatOrNested('risk_score'),
  direction: flatOrNested('direction'),
  sensor: flatOrNested('source'),
  interactionType: flatOrNested('interaction_type'),
  model: flatOrNested('content_metadata.model'),
  urlHost: flatOrNested('content_metadata.url'),
  classifications: flatOrNested('classifications', 'classification_types', 'classification_type'),
  classificationCount: flatOrNested('classification_count'),
} as const satisfies Record<string, readonly FieldPath[]>;

/** The outer member that some senders wrap the event in. */
export const WRAPPER_KEY = 'event';
