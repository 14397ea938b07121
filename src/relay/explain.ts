/**
 * What a lane did with one event, and why, from what the tenant's object holds.
 * Pure. Where that can't tell any more, it says so.
 */

import { compileWhere } from '../rules/where.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { isPersonalKey } from '../domain/personal-fields.ts';
import type { Explanation } from '../domain/explanation.ts';
import type { DeadLetterReason } from '../domain/lane-view.ts';
import type { DestinationConfig } from '../domain/tenant-config.ts';
import { TAKES_EVENTS, isFromNoxys, isTaken } from '../domain/wanted.ts';
import { unreachable } from '../lib/result.ts';
import type { StoredDeadLetter } from './dead-letter-store.ts';
import { deliveredWords, notTakenWords } from './explain-words.ts';
import type { FollowUp } from './follow-up.ts';
import type { Filter, LaneEnd, Span } from './lane-history.ts';
import { type LaneState, owedStretches } from './lane-state.ts';

/** All that is known of a lane and an event that is still in the log. */
export interface Facts {
  readonly lane: string;
  readonly seq: number;
  readonly event: CanonicalEvent;
  readonly state: LaneState;
  /** As configured now; undefined: removed. */
  readonly destination: DestinationConfig | undefined;
  /** What the lane wants as configured now. */
  readonly filter?: Filter | undefined;
  readonly letter: StoredDeadLetter | undefined;
  readonly followUp: FollowUp | undefined;
  readonly end: LaneEnd | undefined;
  /** By which rule the lane passed this stretch of the log. */
  readonly span: Span;
  /** Names an entry of a filter that is about a person, too. */
  readonly showsPersons?: boolean;
}

type Outcome = Omit<Explanation, 'lane'>;

export function explain(facts: Facts): Explanation {
  return { lane: facts.lane, ...outcomeOf(facts) };
}

function outcomeOf(facts: Facts): Outcome {
  const { letter, followUp, end, state, seq } = facts;
  if (followUp) return parked(followUp, facts);
  if (letter) return deadLetter(letter);
  if (end) return ended(end);
  return seq <= state.cursor || state.ahead.includes(seq) ? passed(facts) : open(facts);
}

function parked(followUp: FollowUp, { state, destination }: Facts): Outcome {
  const { seq, letterId, tries, dueAtMs, asideSinceMs } = followUp;
  const facts = { tries, due: isoTime(dueAtMs), ...(letterId !== null && { deadLetter: letterId }) };
  if (state.leaving.some(({ to }) => seq <= to)) return { outcome: 'parked', why: LEAVES, ...facts };
  const pause = destination?.enabled === false ? `, once ${destination.name} is resumed` : '';
  if (asideSinceMs !== null) return { outcome: 'parked', why: `${UNDER_WAY}${pause}.`, ...facts };
  const cause =
    letterId === null ? 'It failed where a later one was taken' : 'Its dead letter is being sent again';
  return { outcome: 'parked', why: `${cause}: it is tried alone${pause}.`, ...facts };
}

const LEAVES = 'Its destination was removed: it becomes a dead letter in a moment.';

const UNDER_WAY = 'It is asked for, and the destination is at it: it is looked at again';

const REASONS: Readonly<Record<DeadLetterReason, string>> = {
  rejected: 'The destination refused it for good',
  attempts_exhausted: 'It was retried alone, and every attempt failed',
  destination_removed: 'It was not delivered when its destination was taken out of the config',
};

function deadLetter({ id, reason, status }: StoredDeadLetter): Outcome {
  if (reason === 'rejected' && status === null)
    return { outcome: 'dead_letter', why: REFUSED_HERE, deadLetter: id, reason };
  const why = `${REASONS[reason]}${status === null ? '' : `, the last time with HTTP ${status}`}.`;
  return { outcome: 'dead_letter', why, deadLetter: id, reason };
}

const REFUSED_HERE = 'The relay itself refused to do it: its dead letter says why.';

const ENDS: Readonly<Record<LaneEnd, string>> = {
  expired: 'It was too old for this destination when its turn came.',
  not_wanted:
    "It was parked after failures, and then the destination's filter was changed: it is not wanted.",
  discarded: 'It was parked after failures, and given up when an operator resumed the destination from now.',
};

function ended(end: LaneEnd): Outcome {
  return { outcome: end, why: ENDS[end] };
}

const ABSENT: Outcome = {
  outcome: 'destination_absent',
  why: 'It came while the destination was not in the config.',
};
const GIVEN_UP =
  'It was given up when an operator resumed the destination from now; a request that was under way then may have arrived all the same.';
const FORGOTTEN =
  'The lane has it behind it, and by which rule is not remembered: it was delivered, not wanted, or given up.';

/** The lane has it behind it. */
function passed(facts: Facts): Outcome {
  const { state, seq, span } = facts;
  const { rule, settled } = span;
  if (state.ahead.includes(seq) || settled?.includes(seq)) return delivered(facts);
  switch (rule.kind) {
    case 'before':
      return { outcome: 'before_lane', why: 'It was accepted before this lane began.' };
    case 'away':
      return ABSENT;
    case 'unknown':
      return { outcome: 'settled', why: FORGOTTEN };
    case 'sent':
      return notWanted(rule, facts) ?? delivered(facts);
    case 'given_up':
      return notWanted(rule, facts) ?? { outcome: 'discarded', why: GIVEN_UP };
    default:
      return unreachable(rule);
  }
}

function delivered({ lane, event }: Facts): Outcome {
  return { outcome: 'delivered', why: deliveredWords(lane, event) };
}

/** Its turn has not come. */
function open(facts: Facts): Outcome {
  const { state, seq, destination } = facts;
  const stretch = owedStretches(state, seq).find(({ after, to }) => after < seq && seq <= to);
  if (stretch?.leaving) return notWanted(stretch.leaving, facts) ?? { outcome: 'waiting', why: LEAVES };
  if (!stretch || !destination) return ABSENT;
  return notWanted(facts.filter ?? {}, facts) ?? waiting(state, seq, destination);
}

function waiting(state: LaneState, seq: number, { name, enabled }: DestinationConfig): Outcome {
  const before = owedStretches(state, seq - 1).reduce((sum, { after, to }) => sum + to - after, 0);
  const ahead = before - state.ahead.filter((settled) => settled < seq).length;
  const queue = ahead > 0 ? `; at most ${ahead} ${ahead === 1 ? 'event is' : 'events are'} before it` : '';
  const due = state.dueAtMs === null ? {} : { due: isoTime(state.dueAtMs) };
  const waits = (why: string, when = {}): Outcome => ({
    outcome: 'waiting',
    why: `${why}${queue}.`,
    ...when,
  });
  if (!enabled) return waits(`${name} is paused`);
  if (state.leaving.length > 0)
    return waits(`What ${name} left when it was removed becomes dead letters first`);
  if (state.blocked) return waits(`The lane is blocked: ${state.blocked.reason}`, due);
  if (state.dueAtMs !== null)
    return waits(`The lane waits after a failure: ${state.lastFailure?.reason ?? 'unknown'}`, due);
  return waits(ahead > 0 ? 'The lane is on its way to it' : 'It is next, or under way');
}

/** Which part of a filter keeps the event back; undefined: it wants it. */
function notWanted(
  { events, where, takes = TAKES_EVENTS }: Filter,
  { event, showsPersons = false }: Pick<Facts, 'event' | 'showsPersons'>,
): Outcome | undefined {
  if (!isTaken(takes, event))
    return { outcome: 'not_wanted', why: notTakenWords(takes, event), filter: 'actions' };
  if (!isFromNoxys(event)) return undefined;
  if (events && !events.includes(event.type)) {
    const why = "Its type is not among the destination's events.";
    return { outcome: 'not_wanted', why, filter: 'events' };
  }
  // One that does not compile lets all through, as when it is sent.
  if (!where || !compileWhere(where).ok) return undefined;
  const failing = Object.keys(where).filter((name) => {
    const entry = compileWhere({ [name]: where[name] ?? '' });
    return entry.ok && !entry.value(event);
  });
  if (failing.length === 0) return undefined;
  // That an entry before the named one held would tell who somebody is, too.
  const key = showsPersons ? failing[0] : failing.find((name) => !isPersonalKey(name));
  if (key === undefined)
    return { outcome: 'not_wanted', why: "It does not match the destination's where.", filter: 'where' };
  return {
    outcome: 'not_wanted',
    why: `It does not match ${key} of the destination's where.`,
    filter: `where.${key}`,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
