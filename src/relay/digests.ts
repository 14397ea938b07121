/**
 * The digests: entries of the log that tell of a day or a week, each made once, when it is due by the tenant's own clocks.
 * Never makes one for a time that had passed when the digests were asked for, never several for times that were slept through, and
 * none at all where no lane takes them.
 */

import type { DigestFacts } from '../domain/digest.ts';
import {
  DIGEST_PERIODS,
  type DigestPeriod,
  type DigestTimes,
  digestSpan,
  digestTimes,
  lastDueMs,
  nextDueMs,
} from '../domain/digest-times.ts';
import { digestEntry } from '../domain/own-entry.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Activity, CountsOf } from './activity.ts';
import { hoursIn, totalsOf } from './digest-totals.ts';
import { type Told, keepTold, lateOf, toKeyOf, toldOf } from './digests-kept.ts';
import type { Findings } from './findings.ts';
import type { LaneSet } from './lane-set.ts';
import { type OwnEntries, takesOf } from './own-entries.ts';
import { readMeta, writeMeta } from './schema.ts';

/** A time noted so far ahead of the clock says that the clock has gone back, and is no matter of two clocks a bit apart. */
const CLOCK_SLACK_MS = 60_000;
/** A day on which the clocks change is as long as the others but for this. */
const CLOCK_CHANGE_MS_MAX = 3_600_000;
/** The plan of a period that has no digest. */
const NO_PLAN = 0;

export interface DigestParts {
  readonly db: Database;
  readonly activity: Activity;
  readonly findings: Findings;
  readonly lanes: LaneSet;
  readonly entries: OwnEntries;
  readonly config: () => TenantConfig;
}

/** Meta keys of a period: which times were planned (a hash), up to when they are done with, where the last digest ended. */
function keysOf(period: DigestPeriod): { readonly plan: string; readonly at: string; readonly to: string } {
  return { plan: `digest_${period}_plan`, at: `digest_${period}_at`, to: toKeyOf(period) };
}

export class Digests {
  readonly #parts: DigestParts;

  constructor(parts: DigestParts) {
    this.#parts = parts;
  }

  /** Makes what is due. Call after every save of the config, too: what was asked for anew is due from then on. */
  run(nowMs: number): void {
    for (const period of DIGEST_PERIODS) {
      const times = this.#timesOf(period);
      this.#plan(period, times, nowMs);
      if (times && nextDueMs(times, this.#doneAtMs(period)) <= nowMs)
        this.#make(period, times.timeZone, { dueMs: lastDueMs(times, nowMs), nowMs });
    }
  }

  /** When `run` next has something to do; null where no lane takes digests. */
  dueAtMs(nowMs: number): number | null {
    const dues = DIGEST_PERIODS.flatMap((period) => {
      const times = this.#timesOf(period);
      if (!this.#isPlanned(period, times, nowMs)) return nowMs;
      return times ? nextDueMs(times, this.#doneAtMs(period)) : [];
    });
    return dues.length === 0 ? null : Math.min(...dues);
  }

  /** Undefined: there is none to make, or nobody for it. */
  #timesOf(period: DigestPeriod): DigestTimes | undefined {
    const config = this.#parts.config();
    return takesOf(config).some(({ digests }) => digests) ? digestTimes(config.digest, period) : undefined;
  }

  #isPlanned(period: DigestPeriod, times: DigestTimes | undefined, nowMs: number): boolean {
    const isSame = (readMeta(this.#parts.db, keysOf(period).plan) ?? NO_PLAN) === planOf(times);
    return isSame && (!times || this.#doneAtMs(period) <= nowMs + CLOCK_SLACK_MS);
  }

  /** Other times than before begin now. */
  #plan(period: DigestPeriod, times: DigestTimes | undefined, nowMs: number): void {
    if (this.#isPlanned(period, times, nowMs)) return;
    const { db } = this.#parts;
    const keys = keysOf(period);
    db.transaction(() => {
      writeMeta(db, keys.plan, planOf(times));
      writeMeta(db, keys.at, nowMs);
    });
  }

  #doneAtMs(period: DigestPeriod): number {
    return readMeta(this.#parts.db, keysOf(period).at) ?? 0;
  }

  #make(
    period: DigestPeriod,
    timeZone: string,
    { dueMs, nowMs }: { readonly dueMs: number; readonly nowMs: number },
  ): void {
    const { db, activity, entries, config } = this.#parts;
    const keys = keysOf(period);
    const lastToMs = readMeta(db, keys.to);
    // One that ends in the time to come is of a clock that has gone back.
    const span = digestSpan(period, dueMs, lastToMs !== undefined && lastToMs > nowMs ? undefined : lastToMs);
    if (!span) return writeMeta(db, keys.at, dueMs);
    activity.flushAll(nowMs);
    // What was late for another than the one right before is of hours that this one tells anew, or is long past.
    const late = lastToMs === span.fromMs ? lateOf(db, period) : [];
    const facts = this.#facts({ period, timeZone, ...span }, { last: toldOf(db, period), late });
    const id = `digest-${period}-${span.toMs}`;
    const noteMade = (): void => {
      writeMeta(db, keys.at, dueMs);
      writeMeta(db, keys.to, span.toMs);
      keepTold(db, period, { fromMs: span.fromMs, toMs: span.toMs, totals: facts.totals });
    };
    entries.append(digestEntry(facts, { id, tenant: config().id, nowMs }), noteMade, nowMs);
  }

  #facts({ period, timeZone, fromMs, toMs }: Span, { last, late }: Kept): DigestFacts {
    const { activity, findings, lanes } = this.#parts;
    const lengthMs = toMs - fromMs;
    const hours = activity.hours(fromMs - lengthMs);
    const isAlike =
      last?.toMs === fromMs && Math.abs(last.toMs - last.fromMs - lengthMs) <= CLOCK_CHANGE_MS_MAX;
    return {
      period,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      timeZone,
      totals: totalsOf([...hoursIn(hours, fromMs, toMs), ...late]),
      before: isAlike ? last.totals : totalsOf(hoursIn(hours, fromMs - lengthMs, fromMs)),
      notices: findings.counts(fromMs, toMs),
      blockedLanes: lanes.all
        .filter(({ name, state }) => state.blocked && lanes.isEnabled(name))
        .map(({ name }) => name),
    };
  }
}

/** Of the digest before. */
interface Kept {
  readonly last: Told | null;
  readonly late: readonly CountsOf[];
}

interface Span {
  readonly period: DigestPeriod;
  readonly timeZone: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Tells other times from these (FNV-1a, 32 bits): two that meet would at most make one digest early. */
function planOf(times: DigestTimes | undefined): number {
  if (!times) return NO_PLAN;
  const text = JSON.stringify([times.timeZone, times.time, times.weekday]);
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash === NO_PLAN ? 1 : hash;
}
