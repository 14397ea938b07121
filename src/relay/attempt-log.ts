/**
 * The log line of one request to a destination: every failure, all that it is asked for and still at, and of what is delivered one
 * in `logOneIn` events.
 * It never holds what the destination wrote, which may quote an event: of an answer, only the status.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { loggedIds, sampledIds } from '../domain/logged-ids.ts';
import type { Outcome } from '../domain/outcome.ts';
import { type LogFields, causeFields, logEvent } from '../lib/log.ts';
import type { LaneParts } from './lane-parts.ts';
import { failureOf, isAside, settledOf } from './lanes.ts';

export interface Attempt {
  readonly id: string;
  readonly events: readonly CanonicalEvent[];
  readonly startedAtMs: number;
  /** HTTP status of the answer, once there is one. */
  status: number | undefined;
}

type Lane = Pick<LaneParts, 'name' | 'tenant' | 'io' | 'logOneIn'>;

/** Failures back off, so one line for each is no flood. */
export function logAttempt(lane: Lane, attempt: Attempt, outcome: Outcome): void {
  if (outcome.kind === 'delivered') {
    const { events } = attempt;
    const count = settledOf(outcome, events.length);
    const delivered = { ...attempt, events: events.slice(0, count) };
    const eventIds = sampledIds(delivered.events, lane.logOneIn);
    if (eventIds) logEvent('info', 'delivery.succeeded', fieldsOf(lane, delivered, eventIds));
    const failed = failureOf(outcome, events.length);
    if (failed) logAttempt(lane, { ...attempt, events: events.slice(count) }, failed);
    return;
  }
  if (isAside(outcome)) {
    logEvent('info', 'delivery.begun', fieldsOf(lane, attempt, loggedIds(attempt.events)));
    return;
  }
  const reason = outcome.kind === 'rejected' ? undefined : outcome.reason;
  logEvent('warn', 'delivery.failed', {
    ...fieldsOf(lane, attempt, loggedIds(attempt.events)),
    outcome: outcome.kind,
    reason,
  });
}

/** A bug while the request was built. */
export function logCrash(lane: Lane, attempt: Attempt, error: unknown): void {
  const fields = fieldsOf(lane, attempt, loggedIds(attempt.events));
  logEvent('error', 'delivery.crashed', { ...fields, ...causeFields(error) });
}

function fieldsOf(
  { name, tenant, io }: Lane,
  { id, events, startedAtMs, status }: Attempt,
  eventIds: readonly string[],
): LogFields {
  return {
    lane: name,
    tenant: tenant(),
    attemptId: id,
    count: events.length,
    eventIds,
    status,
    durationMs: io.nowMs() - startedAtMs,
  };
}
