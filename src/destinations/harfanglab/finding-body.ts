/**
 * The body of an incident or an alert: what the guide's playbook starts from. Pure.
 * Absent fields are left out, never null. It tells no more than the entry, which is reduced to the destination's privacy already.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { UserActivity } from '../../domain/user-activity.ts';
import { defined } from '../../lib/defined.ts';
import type { ChannelContext } from '../destination.ts';
import { entryUrl } from '../entry-url.ts';
import { idempotencyKey } from '../idempotency-key.ts';
import { levelOf, platformsOf, spanOf } from './finding-facts.ts';
import type { Series } from './finding-memory.ts';
import { findingDescription, findingTitle } from './finding-text.ts';

export type FindingNoun = 'incident' | 'alert';

export interface FindingFacts {
  readonly noun: FindingNoun;
  readonly event: CanonicalEvent;
  readonly activity: UserActivity | undefined;
  /** What the destination grants. */
  readonly granted: readonly string[];
  /** Of the group, before this one. */
  readonly series: Series | undefined;
}

/** Stable: the same in every attempt, and unlike that of any other entry of the tenant. */
export function findingId(event: CanonicalEvent): string {
  return idempotencyKey(event);
}

export function findingBody(
  { noun, event, activity, granted, series }: FindingFacts,
  context: ChannelContext,
): Record<string, unknown> {
  const { detection, user, device, policy } = event;
  const { language } = context;
  const { firstAt, lastAt } = spanOf(event);
  const earlier = series && { id: series.id, number: series.count + 1 };
  const url = entryUrl(context, event);
  return defined({
    id: findingId(event),
    source: event.source,
    type: event.type,
    title: findingTitle(event, language),
    severity: levelOf(event),
    timestamp: event.occurredAt,
    description: findingDescription({ event, language, activity, earlier, url, granted }),
    rule: detection && { id: detection.ruleId, name: detection.ruleName },
    count: detection?.count ?? 1,
    window_seconds: detection?.windowSeconds,
    tags: detection?.tags,
    playbook: detection?.playbook,
    watched_until: detection?.watchedUntil,
    first_at: firstAt,
    last_at: lastAt,
    event_ids: detection?.eventIds ?? [event.id],
    user_id: user?.id,
    device_id: device?.id,
    hostname: device?.hostname,
    platforms: platformsOf(event),
    classifications: event.classifications,
    policy_decision: policy?.decision,
    activity: activity && activityBody(activity),
    url,
    [`related_${noun}`]: earlier,
  });
}

function activityBody({
  from,
  to,
  events,
  byType,
  byDecision,
  byPlatform,
  byClassification,
  onDevice,
  detections,
  byRule,
  isComplete,
}: UserActivity): Record<string, unknown> {
  return defined({
    from,
    to,
    events,
    by_type: byType,
    by_decision: byDecision,
    by_platform: byPlatform,
    by_classification: byClassification,
    on_device: onDevice,
    detections,
    by_rule: byRule,
    complete: isComplete,
  });
}
