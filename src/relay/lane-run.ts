/**
 * One run of a lane: reads on from its cursor, sends, and moves the cursor, until nothing is left, it must wait,
 * or its slice of time and requests is used up. One loop over one state, which is why it is in one file: what it sends with, keeps account
 * in and reads through are lane-sender.ts, lane-ledger.ts and lane-window.ts.
 */

import type { Channel } from '../destinations/destination.ts';
import { isTooOld } from '../domain/maximum-age.ts';
import type { Outcome } from '../domain/outcome.ts';
import { ASIDE_AGE_MS, type FollowUp, followUpRole } from './follow-up.ts';
import { LaneLedger } from './lane-ledger.ts';
import type { LaneParts, OpenLane, RunningLane } from './lane-parts.ts';
import { AHEAD_MAX, type LaneState, isDue } from './lane-state.ts';
import { LaneSender, type Sending } from './lane-sender.ts';
import { LaneWindow, type Pending } from './lane-window.ts';
import { withoutFailure } from './lanes.ts';
import type { LogEntry } from './log.ts';

/** Shorter waits are slept in the object; the others go through the queue. */
const QUEUED_WAIT_MS_MIN = 5_000;
const SLICE_MS = 20_000;

export type RunEnd = 'idle' | 'waiting' | 'slice_used' | 'stopped' | 'superseded';

export class LaneRun {
  readonly #lane: RunningLane;
  readonly #parts: LaneParts;
  readonly #generation: number;
  readonly #ledger: LaneLedger;
  #window: LaneWindow;
  /** The lane's config revision that the window was read for. */
  #revision: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #sliceEndsAtMs: number;
  readonly #sender: LaneSender;
  #probes = 0;
  /** The probe that just failed may go on to the event past its head. */
  #mayTryPast = false;
  #hasFollowUpUnderWay = false;
  /** Follow-ups and the log take turns. */
  #isLogsTurn = false;
  #failure: unknown;

  constructor(lane: RunningLane, generation: number) {
    this.#lane = lane;
    this.#parts = lane.parts;
    this.#generation = generation;
    this.#revision = lane.revision;
    this.#window = this.#newWindow();
    this.#ledger = new LaneLedger(lane, this.#window);
    this.#sliceEndsAtMs = this.#parts.io.nowMs() + SLICE_MS;
    this.#sender = new LaneSender(lane, () => this.#isCurrent());
  }

  /** Runs to its end and writes the row. */
  async toEnd(): Promise<RunEnd> {
    for (;;) {
      const end = await this.#step();
      if (end === undefined) continue;
      if (end !== 'superseded' && this.#isCurrent()) this.#ledger.commit();
      return end;
    }
  }

  /** One turn: sends one request, or waits for something to happen. Returns how the run ends, if it does. */
  async #step(): Promise<RunEnd | undefined> {
    if (!this.#isCurrent()) return 'superseded';
    if (this.#failure !== undefined) throw this.#failure;
    const nowMs = this.#parts.io.nowMs();
    if (this.#underWay.size === 0) this.#lane.renewLease();
    const mustWait = !isDue(this.#state, nowMs) && !this.#mayTryPast && !this.#nextFollowUp(nowMs);
    if (mustWait) return this.#waitUntilDue((this.#state.dueAtMs ?? nowMs) - nowMs);
    if (this.#sender.isUsedUp || nowMs >= this.#sliceEndsAtMs) return this.#windDown('slice_used');
    if (!this.#parts.isEnabled()) return this.#windDown('stopped');
    const open = this.#lane.opened ?? (await this.#openDestination());
    if (!open || !this.#isCurrent()) return undefined;
    if (this.#revision !== this.#lane.revision) return this.#readAnew();
    return this.#sendNext(open);
  }

  /** The config changed: what was read for the old filter and is not under way is read again, from the cursor. */
  async #readAnew(): Promise<undefined> {
    if (this.#underWay.size > 0) {
      await Promise.race(this.#underWay);
      return;
    }
    this.#revision = this.#lane.revision;
    this.#mayTryPast = false;
    this.#window = this.#newWindow();
    this.#ledger.useWindow(this.#window);
  }

  #newWindow(): LaneWindow {
    this.#lane.noteFilter();
    const settled = new Set(this.#state.ahead);
    return new LaneWindow(this.#parts.log, this.#state.cursor, (seq) => settled.has(seq));
  }

  /** Sends what comes next when a slot is free; else waits; `idle` when nothing is left. */
  async #sendNext(open: OpenLane): Promise<RunEnd | undefined> {
    if (this.#mayTryPast) return this.#tryPast(open);
    const nowMs = this.#parts.io.nowMs();
    const followUp = this.#nextFollowUp(nowMs);
    if (followUp && this.#hasFreeSlot(open.channel) && !(this.#isLogsTurn && !this.#isLogEmpty))
      return this.#sendFollowUp(open, followUp);
    this.#isLogsTurn = false;
    if (this.#mayStart(open.channel, nowMs)) {
      const { batch } = open.channel;
      const width = batch ? this.#state.width : 1;
      // The probe of a paused lane is one event.
      const joins = this.#state.dueAtMs === null ? batch?.joins : undefined;
      const group = this.#window.take(width, batch?.lengthMax ?? Infinity, open.wants, joins);
      if (group.length > 0) return this.#sendGroup(open, group);
      this.#ledger.advance();
      if (this.#lane.isFarAhead) this.#lane.write();
      if (this.#window.hasUnread) {
        await this.#parts.io.sleep(0);
        return undefined;
      }
    }
    if (this.#underWay.size > 0) {
      await this.#somethingHappens();
      return undefined;
    }
    if (!isDue(this.#state, nowMs)) return undefined;
    this.#ledger.rest();
    return this.#nextFollowUp(nowMs) ? undefined : 'idle';
  }

  #hasFreeSlot(channel: Channel): boolean {
    return this.#underWay.size < Math.min(channel.inFlight, this.#parts.share());
  }

  #mayStart(channel: Channel, nowMs: number): boolean {
    if (this.#state.dueAtMs !== null) return isDue(this.#state, nowMs) && this.#probes === 0;
    if (this.#underWay.size === 0) return true;
    return this.#hasFreeSlot(channel) && this.#state.ahead.length + this.#underWay.size < AHEAD_MAX;
  }

  /** The event that is to be retried alone now, if there is one. One at a time. */
  #nextFollowUp(nowMs: number): FollowUp | undefined {
    const dueAtMs = this.#parts.store.followUps.nextDueAtMs(this.#lane.name);
    if (dueAtMs === null || dueAtMs > nowMs || this.#hasFollowUpUnderWay) return undefined;
    if (followUpRole(this.#state, nowMs, this.#isLogEmpty) === 'not_now') return undefined;
    return this.#parts.store.followUps.next(this.#lane.name);
  }

  /** Whether nothing of the log waits to be sent, as far as it was read. */
  get #isLogEmpty(): boolean {
    return !this.#window.hasUnread && this.#window.position.firstOpen === null;
  }

  async #waitUntilDue(waitMs: number): Promise<RunEnd | undefined> {
    if (this.#underWay.size === 0) {
      if (waitMs >= QUEUED_WAIT_MS_MIN) {
        this.#parts.leaveWakeup(this.#lane.name, waitMs);
        return 'waiting';
      }
      this.#ledger.commit();
    }
    await this.#somethingHappens(waitMs);
    return undefined;
  }

  /** Lets what is under way settle, then ends. */
  async #windDown(end: RunEnd): Promise<RunEnd | undefined> {
    if (this.#underWay.size === 0) return end;
    await Promise.race(this.#underWay);
    return undefined;
  }

  /** Waits until a request settles, new events arrive, the config changes, or the time is over. */
  async #somethingHappens(timeMs?: number): Promise<void> {
    await Promise.race([
      ...this.#underWay,
      this.#lane.poked(),
      // No timer outlives its use by more than this: the loop looks again.
      ...(timeMs === undefined ? [] : [this.#parts.io.sleep(Math.min(timeMs, QUEUED_WAIT_MS_MIN))]),
    ]);
  }

  async #openDestination(): Promise<OpenLane | undefined> {
    const opened = await this.#lane.open();
    if (!opened || !this.#isCurrent()) return undefined;
    if (opened.ok) return opened.value;
    this.#mayTryPast = false;
    this.#ledger.take([], { seqs: [], isProbe: true }, opened.error, 1);
    return undefined;
  }

  /** The log's next events in one request; those that are too old are not sent. */
  #sendGroup(open: OpenLane, group: readonly Pending[]): undefined {
    const { maximumAgeMs, batch } = open.channel;
    const nowMs = this.#parts.io.nowMs();
    const old = group.filter(({ event }) => isTooOld(event, maximumAgeMs, nowMs));
    if (old.length > 0) {
      this.#ledger.expire(old);
      this.#ledger.commit();
    }
    const fresh = old.length > 0 ? group.filter((pending) => !old.includes(pending)) : group;
    if (fresh.length === 0) return;
    const attempt = { seqs: fresh.map(({ seq }) => seq), isProbe: this.#state.dueAtMs !== null };
    this.#send(open, fresh, attempt, (outcome) => {
      if (this.#isMoot(open, attempt.seqs, outcome)) return this.#window.release(attempt.seqs);
      const counted = open === this.#lane.opened ? outcome : withoutFailure(outcome);
      const verdict = this.#ledger.take(fresh, attempt, counted, batch?.eventsMax ?? 1);
      this.#mayTryPast = verdict === 'try_past';
      if (this.#ledger.isFull(batch ? 1 : open.channel.inFlight)) this.#ledger.commit();
    });
  }

  /**
   * Whether an answer changes nothing any more. When the config changed while the request was under way,
   * a failure says nothing about the new one, and what was given up meanwhile is counted already.
   */
  #isMoot(open: OpenLane, seqs: readonly number[], outcome: Outcome): boolean {
    if (open === this.#lane.opened) return false;
    return outcome.kind !== 'delivered' || seqs.every((seq) => seq <= this.#state.cursor);
  }

  /** The event past a failing head: when it is delivered, the head alone is at fault. */
  #tryPast(open: OpenLane): undefined {
    this.#mayTryPast = false;
    const { head, pastHead } = this.#state;
    const failing = head && this.#window.get(head.seq);
    const past =
      failing && this.#underWay.size === 0 && this.#window.takePast(Math.max(head.seq, pastHead), open.wants);
    if (!past) {
      // None is left that was not tried: the next probe begins with the first one again. The head is not alone then.
      if (pastHead > 0 || this.#underWay.size > 0)
        this.#lane.change({ ...this.#state, pastHead: 0, isHeadAlone: false });
      return;
    }
    if (isTooOld(past.event, open.channel.maximumAgeMs, this.#parts.io.nowMs())) {
      this.#ledger.expire([past]);
      this.#ledger.commit();
      this.#mayTryPast = true;
      return;
    }
    // It is tried now: events that come meanwhile are no reason to end the pause.
    this.#lane.change({ ...this.#state, isHeadAlone: false });
    this.#send(open, [past], { isProbe: true }, (outcome) => {
      const widthMax = open.channel.batch?.eventsMax ?? 1;
      if (open === this.#lane.opened) this.#ledger.takePast(failing, past, outcome, widthMax);
      else if (this.#isMoot(open, [past.seq], outcome)) this.#window.release([past.seq]);
      else this.#ledger.take([past], { seqs: [past.seq], isProbe: false }, outcome, widthMax);
      this.#ledger.commit();
    });
  }

  /** An event that is dealt with alone, unless there is nothing to do about it any more. */
  #sendFollowUp(open: OpenLane, followUp: FollowUp): undefined {
    const { log, io } = this.#parts;
    const entry = log.read(followUp.seq);
    const judgedAtMs = io.nowMs() - (followUp.asideSinceMs === null ? 0 : ASIDE_AGE_MS);
    const isExpired = !entry || isTooOld(entry.event, open.channel.maximumAgeMs, judgedAtMs);
    // What an operator asked for is sent whatever the filter says now.
    const isWanted = followUp.letterId !== null || (entry !== undefined && open.wants(entry.event));
    if (isExpired || !isWanted) {
      this.#ledger.dropFollowUp(followUp, isExpired, entry);
      this.#ledger.commit();
      return;
    }
    const isProbe = followUpRole(this.#state, io.nowMs(), this.#isLogEmpty) === 'probe';
    this.#hasFollowUpUnderWay = true;
    this.#isLogsTurn = true;
    this.#send(open, [entry], { isProbe, isRedriven: followUp.isNamed === true }, (outcome) => {
      this.#hasFollowUpUnderWay = false;
      if (open !== this.#lane.opened && outcome.kind !== 'delivered') return;
      // An operator may have given it up meanwhile.
      if (!this.#parts.store.followUps.has(followUp)) return;
      this.#ledger.takeFollowUp(entry, { followUp, isProbe }, outcome);
      this.#ledger.commit();
    });
  }

  #send(
    open: OpenLane,
    entries: readonly LogEntry[],
    sending: Sending,
    take: (outcome: Outcome) => void,
  ): undefined {
    const { isProbe } = sending;
    if (isProbe) this.#probes++;
    const sent = this.#sender
      .send(open, entries, sending)
      .then((outcome) => {
        this.#underWay.delete(sent);
        if (isProbe) this.#probes--;
        if (!this.#isCurrent()) return;
        this.#lane.renewLease();
        take(outcome);
      })
      // The loop throws it, wherever it is now: the run is over.
      .catch((error: unknown) => {
        this.#failure = error ?? new Error('Cannot go on as a write failed');
      });
    this.#underWay.add(sent);
    this.#lane.renewLease();
  }

  #isCurrent(): boolean {
    return this.#lane.isCurrent(this.#generation);
  }

  get #state(): LaneState {
    return this.#lane.state;
  }
}
