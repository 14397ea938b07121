/** One request to a destination. A bug in building it is a failure of the lane, never of the object. */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../lib/http.ts';
import type { Attempt } from './attempt-log.ts';
import { logAttempt, logCrash } from './attempt-log.ts';
import type { LaneParts, OpenLane } from './lane-parts.ts';

/** Sends the events, says what came of it, and logs it. `isImpatient`: a destination that just timed out gets less time. */
export async function deliver(
  parts: LaneParts,
  open: OpenLane,
  events: readonly CanonicalEvent[],
  isImpatient: boolean,
): Promise<Outcome> {
  const { io, timeouts } = parts;
  const { requestMs, probeAfterTimeoutMs } = timeouts();
  const attempt: Attempt = { id: io.newId(), events, startedAtMs: io.nowMs(), status: undefined };
  const send: SendRequest = async (request) => {
    const answer = await open.send(request);
    if (answer.ok) attempt.status = answer.value.status;
    return answer;
  };
  try {
    const outcome = await open.channel.deliver(
      events.map((event) => open.reduce(event)),
      {
        send,
        timeoutMs: isImpatient ? probeAfterTimeoutMs : requestMs,
        attemptId: attempt.id,
        nowMs: io.nowMs,
      },
    );
    logAttempt(parts, attempt, outcome);
    // Only where requests are counted is a quota what it says: of a gateway's numbers nobody knows the unit.
    const hasQuota = open.channel.requestsPerMinute !== undefined;
    return outcome.kind === 'delivered' && !hasQuota ? { kind: 'delivered' } : outcome;
  } catch (error) {
    logCrash(parts, attempt, error);
    return { kind: 'retry', reason: 'internal_error', detail: 'the relay could not build the request' };
  }
}
