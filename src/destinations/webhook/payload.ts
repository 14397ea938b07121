/**
 * A message as the relay writes it where no template says otherwise: `{type, timestamp, data}`, as Standard Webhooks advises.
 * Pure. Documented in docs/destinations/webhook.md; nothing beyond what it names is sent. Absent values are left out, never null.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { DigestFacts, DigestTotals } from '../../domain/digest.ts';
import type { DetectionFacts } from '../../domain/detection-facts.ts';
import { defined } from '../../lib/defined.ts';
import type { Message } from '../messages/message.ts';

/** Standard Webhooks advises payloads below 20 kB. `detection_count` and `count` tell how many there were. */
const DETECTIONS_MAX = 20;
const EVENT_IDS_MAX = 25;

export type Fields = Readonly<Record<string, unknown>>;

export function webhookPayload(message: Message): Fields {
  return { type: `noxys.${message.kind}`, timestamp: message.occurredAt, data: messageData(message) };
}

export function messageData(message: Message): Fields {
  const { id, tenant, level, colour, language, title, text, facts, sections, link, data } = message;
  const detections = data.entries.flatMap((entry) =>
    entry.detection ? [detectionFields(entry, entry.detection)] : [],
  );
  return defined({
    id,
    tenant,
    level,
    colour,
    language,
    title,
    text,
    facts,
    sections,
    link: link?.url,
    untold: data.untold,
    ...subjectFields(message),
    ...(detections.length > 0 && {
      detections: detections.slice(0, DETECTIONS_MAX),
      detection_count: detections.length,
    }),
    kinds: data.kinds?.map((kind) => defined({ ...kind })),
    event: eventFields(message),
    notice: data.notice && defined({ ...data.notice }),
    digest: data.digest && digestFields(data.digest),
  });
}

/** Who and what it is about, where it is about one user. */
function subjectFields({ kind, data: { entries } }: Message): Fields {
  if (kind !== 'detection' && kind !== 'event') return {};
  const first = <K extends keyof CanonicalEvent>(key: K): CanonicalEvent[K] | undefined =>
    entries.find((entry) => entry[key] !== undefined)?.[key];
  const classifications = [...new Set(entries.flatMap((entry) => entry.classifications))];
  return {
    user: first('user'),
    device: first('device'),
    platform: first('platform'),
    policy: first('policy'),
    risk_score: first('riskScore'),
    classifications,
  };
}

function detectionFields({ id }: CanonicalEvent, detection: DetectionFacts): Fields {
  return defined({
    id,
    rule_id: detection.ruleId,
    rule: detection.ruleName,
    title: detection.title,
    level: detection.level,
    group: detection.groupKey,
    platforms: detection.platforms,
    count: detection.count,
    window_seconds: detection.windowSeconds,
    first_at: detection.firstAt,
    last_at: detection.lastAt,
    event_ids: detection.eventIds.slice(-EVENT_IDS_MAX),
  });
}

/** Of Noxys: the one that the message is about. */
function eventFields({ kind, data: { entries } }: Message): Fields | undefined {
  if (kind !== 'detection' && kind !== 'event') return undefined;
  const event = entries.find((entry) => !entry.detection);
  if (!event) return undefined;
  return defined({
    id: event.id,
    type: event.type,
    interaction_id: event.interactionId,
    occurred_at: event.occurredAt,
    received_at: event.receivedAt,
    severity: event.severity,
    direction: event.direction,
    sensor: event.sensor,
    interaction_type: event.interactionType,
    model: event.model,
    url_host: event.urlHost,
    classification_count: event.classificationCount,
  });
}

function digestFields({ period, from, to, timeZone, totals, before, ...rest }: DigestFacts): Fields {
  return {
    period,
    from,
    to,
    time_zone: timeZone,
    totals: totalFields(totals),
    before: totalFields(before),
    notices: rest.notices,
    blocked_lanes: rest.blockedLanes,
  };
}

function totalFields(totals: DigestTotals): Fields {
  return {
    events: totals.events,
    limited: totals.limited,
    by_level: totals.byLevel,
    by_decision: totals.byDecision,
    by_platform: totals.byPlatform,
    by_classification: totals.byClassification,
    detections: totals.detections,
  };
}
