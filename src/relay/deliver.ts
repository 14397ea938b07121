/** One turn of a channel: the requests that some events need. A bug in building them is a failure of the lane, never of the object. */

import { NOT_SENT, type Outcome } from '../domain/outcome.ts';
import type { SendRequest } from '../lib/http.ts';
import type { Attempt } from './attempt-log.ts';
import { logAttempt, logCrash } from './attempt-log.ts';
import { entryRecords } from './entry-records.ts';
import type { LaneParts, OpenLane } from './lane-parts.ts';
import type { LogEntry } from './log.ts';

export interface DeliveryInput {
  readonly entries: readonly Pick<LogEntry, 'seq' | 'event'>[];
  /** A destination that just timed out gets less time. */
  readonly isImpatient: boolean;
  /** See DeliveryIo. */
  readonly requestsMax: number;
  /** See DeliveryIo. */
  readonly isRedriven?: boolean;
  /** See DeliveryIo. */
  readonly isCurrent: () => boolean;
  /** Called with each request and each answer, and while the account's turn is waited for: the lane moves. */
  readonly noteAlive: () => void;
  /** Whether another run has taken the place of the one that this belongs to: nothing may be sent any more. */
  readonly isGivenUp: () => boolean;
}

/** Ends the turn of a channel whose run was given up, wherever it waited. */
class RunGivenUp extends Error {}

export interface Delivered {
  readonly outcome: Outcome;
  /** Requests that left. */
  readonly requests: number;
}

/** Sends the events, says what came of it, and logs it. */
export async function deliver(parts: LaneParts, open: OpenLane, input: DeliveryInput): Promise<Delivered> {
  const { io, timeouts, memory, accounts } = parts;
  const { entries, requestsMax, isRedriven = false } = input;
  const events = entries.map(({ event }) => event);
  const { requestMs, probeAfterTimeoutMs } = timeouts();
  const attempt: Attempt = { id: io.newId(), events, startedAtMs: io.nowMs(), status: undefined };
  let requests = 0;
  const send: SendRequest = async (request) => {
    const onSend = (): void => {
      if (input.isGivenUp()) throw new RunGivenUp('Cannot send as the run was given up');
      input.noteAlive();
      request.onSend?.();
      requests++;
    };
    const answer = await open.send({ ...request, onSend });
    input.noteAlive();
    if (answer.ok) attempt.status = answer.value.status;
    return answer;
  };
  try {
    const stored = new Map(entries.map((entry) => [open.reduce(entry.event), entry]));
    const outcome = await open.channel.deliver([...stored.keys()], {
      send,
      timeoutMs: input.isImpatient ? probeAfterTimeoutMs : requestMs,
      attemptId: attempt.id,
      nowMs: io.nowMs,
      isCurrent: input.isCurrent,
      audit: (action, detail) => parts.audit(action, { lane: parts.name, ...detail }),
      memory,
      accounts: { of: (credential) => accounts.of({ ...credential, noteAlive: input.noteAlive }) },
      records: entryRecords(stored, open, parts.userDays),
      requestsMax,
      isRedriven,
    });
    if (outcome !== NOT_SENT) logAttempt(parts, attempt, outcome);
    return { outcome, requests };
  } catch (error) {
    if (!(error instanceof RunGivenUp)) logCrash(parts, attempt, error);
    return {
      outcome: { kind: 'retry', reason: 'internal_error', detail: 'the relay could not build the request' },
      requests,
    };
  }
}
