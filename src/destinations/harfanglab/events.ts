/**
 * The event channel of a HarfangLab manager: the contract that the Noxys guide documents.
 * One event per request; body and `Idempotency-Key` identify it, the same in every attempt.
 * Source: HarfangLab guide, steps 3 to 5, read 2026-11; no public code confirms the endpoint.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { defined } from '../../lib/defined.ts';
import type { Channel } from '../destination.ts';
import { idempotencyKey } from '../idempotency-key.ts';
import { onlyOne, postToGuide } from './guide.ts';

/** The channel of a destination whose token is open. */
export function harfangLabEvents(config: HarfangLabConfig): Channel {
  return {
    kind: 'events',
    inFlight: config.in_flight,
    async deliver(events, io) {
      const event = onlyOne(events);
      const body = harfangLabEvent(event);
      return (await postToGuide(config, io, { setting: 'events_path', key: idempotencyKey(event), body }))
        .outcome;
    },
  };
}

/**
 * The body of one event: flat fields for the guide's hunts (`risk_score > 0.8`), `data` for its rules (`event.data.platform_id`).
 * Nothing beyond what these name is sent. Absent fields are left out, never null.
 */
export function harfangLabEvent(event: CanonicalEvent): Record<string, unknown> {
  return defined({
    id: event.id,
    source: event.source,
    type: event.type,
    timestamp: event.occurredAt,
    user_id: event.user?.id,
    device_id: event.device?.id,
    risk_score: event.riskScore,
    classifications: event.classifications,
    platform_name: event.platform?.name,
    data: defined({
      platform_id: event.platform?.id,
      policy_decision: event.policy?.decision,
      risk_score: event.riskScore,
      classifications: event.classifications,
      classification_count: event.classificationCount,
    }),
  });
}
