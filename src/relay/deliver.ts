/** One request to a destination. A bug in building it is a failure of the lane, never of the object. */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { LaneParts, OpenLane } from './lane-parts.ts';

/** Sends the events and says what came of it. `isImpatient`: a destination that just timed out gets less time. */
export async function deliver(
  parts: LaneParts,
  open: OpenLane,
  events: readonly CanonicalEvent[],
  isImpatient: boolean,
): Promise<Outcome> {
  const { io, timeouts } = parts;
  const { requestMs, probeAfterTimeoutMs } = timeouts();
  try {
    const outcome = await open.channel.deliver(
      events.map((event) => open.reduce(event)),
      {
        send: open.send,
        timeoutMs: isImpatient ? probeAfterTimeoutMs : requestMs,
        attemptId: io.newId(),
        nowMs: io.nowMs,
      },
    );
    // Only where requests are counted is a quota what it says: of a gateway's numbers nobody knows the unit.
    const hasQuota = open.channel.requestsPerMinute !== undefined;
    return outcome.kind === 'delivered' && !hasQuota ? { kind: 'delivered' } : outcome;
  } catch (error) {
    logEvent('error', 'delivery.crashed', {
      lane: parts.name,
      tenant: parts.tenant(),
      ...causeFields(error),
    });
    return { kind: 'retry', reason: 'internal_error', detail: 'the relay could not build the request' };
  }
}
