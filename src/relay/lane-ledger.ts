/**
 * What a run of a lane makes of the outcomes of its requests: the lane's next state, its dead letters and follow-ups, its row.
 * Decides nothing itself (lanes.ts and follow-up.ts do) and sends nothing.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { loggedIds } from '../domain/logged-ids.ts';
import type { NoticeKind } from '../domain/notice.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { DeadLetterReason } from '../domain/lane-view.ts';
import { areTellings } from '../domain/wanted.ts';
import { type LogFields, logEvent } from '../lib/log.ts';
import { unreachable } from '../lib/result.ts';
import type { DeadLetter } from './dead-letter-store.ts';
import { type FollowUp, type FollowUpAttempt, afterFollowUp, asideAt, parkedAt } from './follow-up.ts';
import type { LaneEnd } from './lane-history.ts';
import type { RunningLane } from './lane-parts.ts';
import type { LaneWindow, Pending } from './lane-window.ts';
import {
  type Attempt,
  type Surroundings,
  type Verdict,
  afterOutcome,
  afterTryPast,
  failureOf,
  isAside,
  settledOf,
} from './lanes.ts';
import { type LaneState, rested, settle } from './lane-state.ts';
import type { LogEntry } from './log.ts';
import type { Occurrence } from './notices.ts';

export class LaneLedger {
  readonly #lane: RunningLane;
  #window: LaneWindow;
  /** Events settled since the row was last written. */
  #uncommitted = 0;
  /** Something else changed that must outlive a restart: a pause, a block, a recovery. */
  #isDirty = false;
  #letters: DeadLetter[] = [];
  #followUps: FollowUp[] = [];
  #ended: FollowUp[] = [];
  #ends: { seq: number; end: LaneEnd }[] = [];

  constructor(lane: RunningLane, window: LaneWindow) {
    this.#lane = lane;
    this.#window = window;
  }

  /** Goes on with what was read anew. */
  useWindow(window: LaneWindow): void {
    this.#window = window;
  }

  /** A request of the log's next events. */
  take(group: readonly Pending[], attempt: Attempt, outcome: Outcome, widthMax: number): Verdict {
    const { state, verdict } = afterOutcome(this.#state, attempt, outcome, this.#around(widthMax));
    this.#become(state, outcome);
    const { seqs } = attempt;
    const delivered = settledOf(outcome, seqs.length);
    const failed = failureOf(outcome, seqs.length);
    if (failed && verdict === 'dead_letter') this.#giveUp(group.slice(delivered), failed, 'rejected');
    if (failed && verdict === 'aside') this.#putAside(group.slice(delivered), failed);
    const settled = verdict === 'dead_letter' || verdict === 'aside' ? seqs.length : delivered;
    if (failed) this.#window.release(seqs.slice(settled));
    else this.#window.putBack(seqs.slice(settled));
    if (settled > 0) this.#settle(seqs.slice(0, settled));
    return verdict;
  }

  /** The request of an event past the failing head. */
  takePast(head: Pending, tried: Pending, outcome: Outcome, widthMax: number): void {
    const around = this.#around(widthMax);
    const failures = this.#state.head?.failures ?? 0;
    const { state, verdict } = afterTryPast(this.#state, tried.seq, outcome, around);
    this.#become(state, outcome);
    if (verdict === 'send_again') return this.#window.release([tried.seq]);
    if (verdict === 'dead_letter') this.#giveUp([tried], outcome, 'rejected');
    if (isAside(outcome)) this.#putAside([tried], outcome);
    if (verdict === 'park_head') {
      const attempts = Math.max(head.attempts, failures);
      this.#followUps.push(parkedAt({ lane: this.#lane.name, seq: head.seq, attempts }, around));
      logEvent('warn', 'event.parked', {
        ...this.#names,
        tries: attempts,
        eventIds: loggedIds([head.event]),
      });
      this.#settle([head.seq, tried.seq]);
      return;
    }
    this.#settle([tried.seq]);
  }

  /** The request of an event that is retried alone. */
  takeFollowUp(entry: LogEntry, attempt: FollowUpAttempt, outcome: Outcome): void {
    const around = this.#around(1);
    const { state, verdict } = afterFollowUp(this.#state, attempt, outcome, around);
    this.#become(state, outcome);
    this.#isDirty = true;
    if (outcome.kind === 'retry' && !isAside(outcome))
      this.#lane.parts.store.followUps.noteInVain(this.#lane.name, around);
    if (verdict.kind === 'again') {
      this.#followUps.push(verdict.followUp);
      return;
    }
    this.#ended.push(attempt.followUp);
    if (verdict.kind === 'dead_letter')
      this.#giveUp([{ ...entry, attempts: attempt.followUp.attempts }], outcome, verdict.reason);
  }

  /** Events that are too old to be acted on. */
  expire(group: readonly Pending[]): void {
    this.#lane.change({ ...this.#state, expired: this.#state.expired + group.length });
    this.#settle(group.map(({ seq }) => seq));
    for (const { seq } of group) this.#ends.push({ seq, end: 'expired' });
    this.#tellExpired(group.map(({ event }) => event));
  }

  /** A follow-up whose event is too old or gone (`expired`), or that the lane no longer wants. */
  dropFollowUp(followUp: FollowUp, isExpired: boolean, entry: LogEntry | undefined): void {
    const { parked, expired } = this.#state;
    this.#lane.change({
      ...this.#state,
      parked: Math.max(0, parked - 1),
      expired: expired + (isExpired ? 1 : 0),
    });
    this.#ended.push(followUp);
    this.#ends.push({ seq: followUp.seq, end: isExpired ? 'expired' : 'not_wanted' });
    this.#isDirty = true;
    if (isExpired) this.#tellExpired([entry?.event]);
  }

  /** Nothing is left to send: a pause, if there was one, has nothing to wait for. */
  rest(): void {
    const state = rested(this.#state);
    if (state === this.#state) return;
    this.#lane.change(state);
    this.#isDirty = true;
  }

  /** Moves the cursor over what was read and is not wanted. */
  advance(settled: readonly number[] = []): void {
    this.#lane.change(settle(this.#state, settled, this.#window.position));
  }

  /** Whether what is settled and not written is as much as a kill may repeat. */
  isFull(settledMax: number): boolean {
    return this.#uncommitted >= settledMax || this.#isDirty;
  }

  /** Writes the row, if anything changed, with what goes with it. */
  commit(): void {
    if (this.#uncommitted === 0 && !this.#isDirty) return;
    this.#lane.write({
      letters: this.#letters,
      followUps: this.#followUps,
      ended: this.#ended,
      ends: this.#ends,
    });
    this.#letters = [];
    this.#followUps = [];
    this.#ended = [];
    this.#ends = [];
    this.#uncommitted = 0;
    this.#isDirty = false;
  }

  /** Takes the next state over, and tells when the lane pauses, blocks or recovers. */
  #become(state: LaneState, outcome: Outcome): void {
    const before = this.#state;
    this.#lane.change(state);
    if (outcome.kind !== 'delivered' || outcome.others || before.dueAtMs !== null) this.#isDirty = true;
    if (outcome.kind === 'delivered' || isAside(outcome))
      this.#lane.parts.store.followUps.noteAnswered(this.#lane.name);
    const fields = { ...this.#names, tries: state.tries, reason: state.lastFailure?.reason };
    if (state.blocked && state.blocked.reason !== before.blocked?.reason) {
      logEvent('error', 'lane.blocked', fields);
    } else if (state.dueAtMs !== null && before.dueAtMs === null) {
      logEvent('warn', 'lane.paused', fields);
    } else if (before.dueAtMs !== null && state.dueAtMs === null) {
      logEvent('info', 'lane.recovered', this.#names);
    }
    if (state.blocked && !before.blocked)
      this.#notify('lane_blocked', { sinceMs: state.blocked.sinceMs, detail: causeOf(state.blocked) });
    if (before.blocked && !state.blocked) this.#notify('lane_recovered', { sinceMs: before.blocked.sinceMs });
  }

  /** The destination is at them: each is looked at again alone. */
  #putAside(group: readonly Pending[], outcome: Outcome): void {
    const nowMs = this.#lane.parts.io.nowMs();
    for (const { seq, attempts } of group)
      this.#followUps.push(asideAt({ lane: this.#lane.name, seq, attempts: attempts + 1 }, outcome, nowMs));
    this.#isDirty = true;
  }

  #giveUp(group: readonly Pending[], outcome: Outcome, reason: DeadLetterReason): void {
    const answer = answerOf(outcome);
    const atMs = this.#lane.parts.io.nowMs();
    for (const { seq, event, attempts } of group) {
      this.#letters.push({
        lane: this.#lane.name,
        seq,
        eventId: event.id,
        eventType: event.type,
        reason,
        ...answer,
        attempts: attempts + 1,
        atMs,
      });
    }
    this.#isDirty = true;
    const status = answer.status ?? undefined;
    const eventIds = loggedIds(group.map(({ event }) => event));
    logEvent('warn', 'event.dead_lettered', {
      ...this.#names,
      reason,
      status,
      count: group.length,
      eventIds,
    });
    const isWaiting = outcome.kind === 'rejected' && outcome.asksHuman === true;
    this.#notify(isWaiting ? 'isolation_waits' : 'dead_letters', {
      count: group.length,
      isRowOnly: areTellings(group.map(({ event }) => event)),
    });
  }

  #settle(seqs: readonly number[]): void {
    this.#window.settle(seqs);
    this.#uncommitted += seqs.length;
    this.advance(seqs);
  }

  /** Undefined: what is gone from the log. */
  #tellExpired(events: readonly (CanonicalEvent | undefined)[]): void {
    this.#isDirty = true;
    const count = events.length;
    logEvent('error', 'events.expired', { ...this.#names, count });
    const known = events.filter((event) => event !== undefined);
    this.#notify('events_expired', { count, isRowOnly: known.length === count && areTellings(known) });
  }

  #notify(kind: NoticeKind, facts: Omit<Occurrence, 'kind' | 'lane'>): void {
    this.#lane.parts.notify({ kind, lane: this.#lane.name, ...facts });
  }

  #around(widthMax: number): Surroundings {
    const { io } = this.#lane.parts;
    return { nowMs: io.nowMs(), random: io.random(), widthMax };
  }

  get #state(): LaneState {
    return this.#lane.state;
  }

  get #names(): LogFields {
    return { lane: this.#lane.name, tenant: this.#lane.parts.tenant() };
  }
}

/** For a notice, which outlives the event: the reason, and the status, but nothing that the destination wrote. */
function causeOf({ reason, detail }: { readonly reason: string; readonly detail: string }): string {
  const status = /^HTTP \d{3}/.exec(detail)?.[0];
  return status ? `${reason}, ${status}` : reason;
}

/** What a dead letter keeps of the last answer. */
function answerOf(outcome: Outcome): { readonly status: number | null; readonly excerpt: string } {
  switch (outcome.kind) {
    case 'rejected':
      return { status: outcome.status, excerpt: outcome.excerpt };
    case 'retry':
      return { status: outcome.status ?? null, excerpt: outcome.excerpt || outcome.detail };
    case 'blocked':
      return { status: null, excerpt: outcome.detail };
    case 'delivered':
      return { status: null, excerpt: '' };
    default:
      return unreachable(outcome);
  }
}
