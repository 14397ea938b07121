/**
 * The stretch of the log that a running lane has read and not settled: what is waiting, what is under way.
 * It lives for one run; the lane's row is what lasts.
 */

import type { BatchLimits } from '../destinations/destination.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { EventLog, LogEntry } from './log.ts';

/** One read of the log. Small pages keep a lane that is far behind out of the object's memory. */
const PAGE_ENTRIES = 256;
const PAGE_LENGTH_MAX = 1024 * 1024;
/** Most rows that are looked at in one turn when a filter wants none of them. */
const ROWS_PER_TURN_MAX = 5000;
/** Most that is held for the look past a failing head. */
const PAST_LENGTH_MAX = 4 * 1024 * 1024;

export interface Pending extends LogEntry {
  attempts: number;
}

export class LaneWindow {
  readonly #log: EventLog;
  readonly #isSettled: (seq: number) => boolean;
  /** Read and not settled, ascending, those under way included. */
  readonly #open = new Map<number, Pending>();
  readonly #underWay = new Set<number>();
  #readTo: number;

  constructor(log: EventLog, cursor: number, isSettled: (seq: number) => boolean) {
    this.#log = log;
    this.#readTo = cursor;
    this.#isSettled = isSettled;
  }

  /** For the cursor: the lowest seq that is not settled (null: none), and how far the log was read. */
  get position(): { readonly firstOpen: number | null; readonly readTo: number } {
    const first = this.#open.keys().next();
    return { firstOpen: first.done ? null : first.value, readTo: this.#readTo };
  }

  /** Whether the log holds events that were not read yet. */
  get hasUnread(): boolean {
    return this.#readTo < this.#log.head;
  }

  /**
   * The next events to send, in order, marked as under way: up to `width`, within `lengthMax`; beyond `width` those that join the one before,
   * as long as none of them was tried. Empty when none is wanted.
   */
  take(
    width: number,
    lengthMax: number,
    wants: (event: CanonicalEvent) => boolean,
    joins: BatchLimits['joins'] = () => false,
  ): Pending[] {
    this.#fill(width, lengthMax, wants);
    const group: Pending[] = [];
    let length = 0;
    for (const pending of this.#open.values()) {
      if (this.#underWay.has(pending.seq)) continue;
      const last = group.at(-1);
      const hasRoom = group.length < width || (last !== undefined && isJoined(last, pending, joins));
      if (last && (!hasRoom || length + pending.length > lengthMax)) break;
      group.push(pending);
      length += pending.length;
    }
    for (const { seq } of group) this.#underWay.add(seq);
    return group;
  }

  /** The first event after a seq that waits, marked as under way. Undefined: there is none, or none that is near enough to be held. */
  takePast(seq: number, wants: (event: CanonicalEvent) => boolean): Pending | undefined {
    let rows = 0;
    let pending = this.#waitingAfter(seq);
    while (!pending && this.hasUnread && rows < ROWS_PER_TURN_MAX && this.#heldLength < PAST_LENGTH_MAX) {
      rows += this.#read(wants);
      pending = this.#waitingAfter(seq);
    }
    if (pending) this.#underWay.add(pending.seq);
    return pending;
  }

  #waitingAfter(seq: number): Pending | undefined {
    return [...this.#open.values()].find((pending) => pending.seq > seq && !this.#underWay.has(pending.seq));
  }

  get #heldLength(): number {
    return [...this.#open.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** An event that is read and not settled. */
  get(seq: number): Pending | undefined {
    return this.#open.get(seq);
  }

  /** The events are done with: delivered, dead-lettered, parked or expired. */
  settle(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#underWay.delete(seq);
      this.#open.delete(seq);
    }
  }

  /** The events were not tried: another turn sends them. */
  putBack(seqs: readonly number[]): void {
    for (const seq of seqs) this.#underWay.delete(seq);
  }

  /** The events are to be sent again. */
  release(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#underWay.delete(seq);
      const pending = this.#open.get(seq);
      if (pending) pending.attempts++;
    }
  }

  #fill(width: number, lengthMax: number, wants: (event: CanonicalEvent) => boolean): void {
    let rows = 0;
    while (!this.#isFilled(width, lengthMax) && this.hasUnread && rows < ROWS_PER_TURN_MAX) {
      rows += this.#read(wants);
    }
  }

  /** Reads the next page; returns how many rows it had. */
  #read(wants: (event: CanonicalEvent) => boolean): number {
    const entries = this.#log.page(this.#readTo, PAGE_ENTRIES, PAGE_LENGTH_MAX);
    for (const entry of entries) {
      if (!this.#isSettled(entry.seq) && wants(entry.event))
        this.#open.set(entry.seq, { ...entry, attempts: 0 });
    }
    // No entry although the head is further: the rest was dropped with its period.
    this.#readTo = entries.at(-1)?.seq ?? this.#log.head;
    return entries.length;
  }

  /** Whether what waits makes a whole request: large events fill it long before `width`. */
  #isFilled(width: number, lengthMax: number): boolean {
    let count = 0;
    let length = 0;
    for (const { seq, length: own } of this.#open.values()) {
      if (this.#underWay.has(seq)) continue;
      count++;
      length += own;
      if (count >= width || length >= lengthMax) return true;
    }
    return false;
  }
}

function isJoined(last: Pending, next: Pending, joins: NonNullable<BatchLimits['joins']>): boolean {
  return last.attempts === 0 && next.attempts === 0 && joins(last.event, next.event);
}
