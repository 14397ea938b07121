/**
 * What users did in the day before an entry of the log, counted from the log itself: it has no index, so a look goes back row by row,
 * in bounded turns, and all looks of a tenant share a budget of rows. What is counted is kept in memory for a minute, and nowhere else.
 * A user's entries of one minute, in the order of what happened, go on from each other; any other is looked for from nothing.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';
import type { RelayIo } from './io.ts';
import { TokenBucket } from './limits.ts';
import { CLOCK_SLACK_MS, ROWS_PER_TURN_MAX, scanLog } from './log-scan.ts';
import type { EventLog, LogEntry } from './log.ts';

const DAY_MS = 24 * 3_600_000;
/** Days begin on a whole minute, so that those of entries soon after each other are one day that goes on. */
const BEGINS_EVERY_MS = 60_000;
/**
 * Of one look, in four turns. In a log of 100,000 events it read these 20,000 rows in 45 to 215 ms, in 110 ms where all were the user's;
 * the entry that goes on from it read one row, in 3 to 7 ms (measured 2026-11 in workerd on two busy cores).
 */
const ROWS_PER_LOOK_MAX = 20_000;
/** For all looks: in a storm of detections the lanes come first, and later entries go without. */
const LOOKED_ROWS = { perMinute: 100_000, burst: 100_000 } as const;
/** How long a count is kept for the user's next entry. */
const KEPT_MS = 60_000;

/** Counts by name. */
export type Tally = ReadonlyMap<string, number>;

export interface UserDay {
  /** The whole minute a day before the entry, or just before that. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly events: number;
  readonly byType: Tally;
  readonly byDecision: Tally;
  readonly byPlatform: Tally;
  readonly byClassification: Tally;
  /** By `deviceKeys`. */
  readonly byDevice: Tally;
  /** Detections of the user, by the rule's name: not those of dry runs. The entry itself is among them, if it is one. */
  readonly byRule: Tally;
  /** False: the log was too long to look through; the newest are counted. */
  readonly isComplete: boolean;
  /** Some of the user's that came before the entry are from after it: they are not counted. */
  readonly hasLater: boolean;
}

export interface UserDaysParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly io: Pick<RelayIo, 'nowMs' | 'sleep'>;
  /** Whether the tenant is gone, and the log with it. */
  readonly isRemoved: () => boolean;
}

/** A user as the log knows them. */
interface User {
  readonly field: 'id' | 'email';
  readonly value: string;
}

interface Kept {
  readonly seq: number;
  readonly atMs: number;
  readonly day: Promise<UserDay | undefined>;
}

type Entry = Pick<LogEntry, 'seq' | 'event'>;

export class UserDays {
  readonly #parts: UserDaysParts;
  readonly #rows: TokenBucket;
  readonly #kept = new Map<string, Kept>();

  constructor(parts: UserDaysParts) {
    this.#parts = parts;
    this.#rows = new TokenBucket(LOOKED_ROWS, parts.io.nowMs());
  }

  /**
   * The day up to and with an entry, as far as the log had come with it, so that each attempt tells the same.
   * Undefined: it names no user, or there is too much to do just now.
   */
  async before(entry: Entry): Promise<UserDay | undefined> {
    const user = userOf(entry.event);
    if (!user) return undefined;
    const nowMs = this.#parts.io.nowMs();
    this.#forget(nowMs);
    const key = JSON.stringify(user);
    const last = this.#kept.get(key);
    if (last?.seq === entry.seq) return last.day;
    const base = last && last.seq < entry.seq ? last : undefined;
    const kept = { seq: entry.seq, atMs: nowMs, day: this.#look(user, entry, base) };
    if (!last || base) this.#kept.set(key, kept);
    const day = await kept.day;
    if (!day && this.#kept.get(key) === kept) this.#kept.delete(key);
    return day;
  }

  /** Whatever is kept of anybody is gone; what is being looked through is not kept either. */
  forget(): void {
    this.#kept.clear();
  }

  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#kept) if (Math.abs(nowMs - atMs) >= KEPT_MS) this.#kept.delete(key);
  }

  /** Newest first, down to what was counted before, to the day's beginning, or as far as a look may go. */
  async #look(user: User, { seq, event }: Entry, base: Kept | undefined): Promise<UserDay | undefined> {
    const { io, isRemoved } = this.#parts;
    const toMs = Date.parse(event.occurredAt);
    const known = await base?.day;
    const earlier = known && goesOnTo(known, toMs) ? known : undefined;
    const downTo = base && earlier ? base.seq : 0;
    const day = new DayCount(toMs, earlier);
    let left = ROWS_PER_LOOK_MAX;
    for (let before = seq + 1; before - 1 > downTo;) {
      const rowsMax = Math.min(ROWS_PER_TURN_MAX, left, before - 1 - downTo);
      if (isRemoved()) return undefined;
      const isTooMuch = rowsMax === 0 || this.#rows.take(rowsMax, io.nowMs()) > 0;
      if (isTooMuch) return left < ROWS_PER_LOOK_MAX ? { ...day.counted, isComplete: false } : undefined;
      const { lastSeq, isComplete, rows } = this.#turn(user, day, { before, downTo, rowsMax });
      this.#rows.giveBack(rowsMax - rows);
      if (isComplete || lastSeq === null || this.#isBefore(lastSeq, day.fromMs)) break;
      before = lastSeq;
      left -= rows;
      await io.sleep(0);
    }
    return day.counted;
  }

  #turn(
    { field, value }: User,
    day: DayCount,
    {
      before,
      downTo,
      rowsMax,
    }: { readonly before: number; readonly downTo: number; readonly rowsMax: number },
  ): { readonly lastSeq: number | null; readonly isComplete: boolean; readonly rows: number } {
    const { db, log } = this.#parts;
    return scanLog(db, log, { before, sinceMs: day.fromMs }, Infinity, {
      texts: [JSON.stringify(value)],
      rowsMax,
      pick: ({ seq, event }) => {
        if (seq > downTo && event.user?.[field] === value) day.count(event);
        return undefined;
      },
    });
  }

  /** The log is in the order of arrival: what stands below an entry that came before the day is of no day later. */
  #isBefore(seq: number, fromMs: number): boolean {
    const entry = this.#parts.log.read(seq);
    return entry === undefined || Date.parse(entry.event.receivedAt) + CLOCK_SLACK_MS < fromMs;
  }
}

/** The beginning of the day that ends at a time. */
function beginOf(toMs: number): number {
  const fromMs = toMs - DAY_MS;
  return fromMs - (fromMs % BEGINS_EVERY_MS);
}

/** Whether a day that ends at another time counts what this one does, and leaves out what it does, of all that had come by then. */
function goesOnTo(day: UserDay, toMs: number): boolean {
  return day.fromMs === beginOf(toMs) && day.toMs <= toMs && !day.hasLater;
}

/** A count that goes on. */
class DayCount {
  readonly fromMs: number;
  readonly #toMs: number;
  readonly #isComplete: boolean;
  #hasLater = false;
  readonly #byType: Map<string, number>;
  readonly #byDecision: Map<string, number>;
  readonly #byPlatform: Map<string, number>;
  readonly #byClassification: Map<string, number>;
  readonly #byDevice: Map<string, number>;
  readonly #byRule: Map<string, number>;
  #events: number;

  /** From nothing, or from an earlier one of the same user that goes on to that time. */
  constructor(toMs: number, earlier: UserDay | undefined) {
    this.fromMs = beginOf(toMs);
    this.#toMs = toMs;
    this.#isComplete = earlier?.isComplete ?? true;
    this.#events = earlier?.events ?? 0;
    this.#byType = new Map(earlier?.byType);
    this.#byDecision = new Map(earlier?.byDecision);
    this.#byPlatform = new Map(earlier?.byPlatform);
    this.#byClassification = new Map(earlier?.byClassification);
    this.#byDevice = new Map(earlier?.byDevice);
    this.#byRule = new Map(earlier?.byRule);
  }

  /** An event of Noxys, or a detection that counts; of any other entry nothing. */
  count(event: CanonicalEvent): void {
    const rule = ruleOf(event);
    if (rule === undefined && !isFromNoxys(event)) return;
    const atMs = Date.parse(event.occurredAt);
    if (atMs > this.#toMs) this.#hasLater = true;
    if (atMs < this.fromMs || atMs > this.#toMs) return;
    if (rule !== undefined) return add(this.#byRule, rule);
    this.#events++;
    add(this.#byType, event.type);
    if (event.policy?.decision) add(this.#byDecision, event.policy.decision);
    if (event.platform) add(this.#byPlatform, event.platform.id);
    for (const classification of event.classifications) add(this.#byClassification, classification);
    for (const key of deviceKeys(event)) add(this.#byDevice, key);
  }

  get counted(): UserDay {
    return {
      fromMs: this.fromMs,
      toMs: this.#toMs,
      events: this.#events,
      byType: this.#byType,
      byDecision: this.#byDecision,
      byPlatform: this.#byPlatform,
      byClassification: this.#byClassification,
      byDevice: this.#byDevice,
      byRule: this.#byRule,
      isComplete: this.#isComplete,
      hasLater: this.#hasLater,
    };
  }
}

/** By what a detection is counted; undefined: it is none, or one of a dry run, or tells of a verdict. */
export function ruleOf({ detection, judged }: CanonicalEvent): string | undefined {
  return judged || detection?.dryRun ? undefined : detection?.ruleName;
}

/** By what a device is counted: its id first, then its name. */
export function deviceKeys({ device }: CanonicalEvent): string[] {
  return [
    ...(device?.id === undefined ? [] : [`id ${device.id}`]),
    ...(device?.hostname === undefined ? [] : [`name ${device.hostname.toLowerCase()}`]),
  ];
}

function userOf({ user }: CanonicalEvent): User | undefined {
  if (user?.id !== undefined) return { field: 'id', value: user.id };
  return user?.email === undefined ? undefined : { field: 'email', value: user.email };
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
