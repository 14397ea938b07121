/**
 * The event channel of a HarfangLab manager: the contract that the Noxys guide documents.
 * One event per request; body and `Idempotency-Key` identify it, the same in every attempt.
 * Source: HarfangLab guide, steps 3 to 5, read 2026-11; no public code confirms the endpoint.
 */

import type { CanonicalEvent } from '../../domain/event.ts';
import type { HarfangLabConfig } from '../../domain/tenant-config.ts';
import { defined } from '../../lib/defined.ts';
import type { Channel } from '../destination.ts';
import { outcomeOf } from '../outcome.ts';
import { idempotencyKey } from '../idempotency-key.ts';
import { USER_AGENT } from '../user-agent.ts';

/** The channel of a destination whose token is open. */
export function harfangLabEvents(config: HarfangLabConfig): Channel {
  const url = `${config.base_url}${config.events_path}`;
  return {
    kind: 'events',
    inFlight: config.in_flight,
    async deliver(events, io) {
      const [event] = events;
      if (!event || events.length !== 1) {
        throw new Error(
          `Cannot deliver to HarfangLab as a request must carry one event: it has ${events.length}`,
        );
      }
      const answer = await io.send({
        method: 'POST',
        url,
        headers: {
          authorization: `Token ${config.token}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey(event),
          'user-agent': USER_AGENT,
          'x-attempt-id': io.attemptId,
        },
        body: JSON.stringify(harfangLabEvent(event)),
        timeoutMs: io.timeoutMs,
      });
      return outcomeOf(answer, io.nowMs());
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
