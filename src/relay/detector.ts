/**
 * What the rules make of events, in the transaction that appends them: who is watched, windows, detections, counts of the rules.
 * Memory moves once the transaction holds. A rule that throws is left out and told of; it never keeps an event from being stored.
 */

import type { AcceptAnswer } from '../domain/rpc.ts';
import { type Detection, detectionEvent } from '../domain/detection.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { RuleCounts } from '../domain/rule-views.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { RuleEngine } from '../rules/evaluate.ts';
import type { Evaluated, Found, Rule, RuleFailure } from '../rules/rule.ts';
import type { DetectionEntry, DetectionStore } from './detection-store.ts';
import type { Appender, EventLog } from './log.ts';
import type { Occurrence } from './notices.ts';
import { countOwn } from './own-entries.ts';
import { NO_COUNTS, addCounts, sumOf } from './rule-stats.ts';
import type { RulesLayer } from './rules-layer.ts';
import type { TenantRules } from './tenant-rules.ts';
import type { WatchBatch, WatchedUsers } from './watched-users.ts';
import type { WindowBatch, WindowStore } from './window-store.ts';

export interface DetectorParts {
  readonly db: Database;
  readonly log: EventLog;
  readonly layer: RulesLayer;
  readonly rules: TenantRules;
  readonly windows: WindowStore;
  readonly detections: DetectionStore;
  readonly watched: WatchedUsers;
  readonly tenant: () => string;
  readonly notify: (occurrence: Occurrence) => void;
}

/** What one transaction has taken. */
export interface Taken extends Omit<Extract<AcceptAnswer, { readonly kind: 'accepted' }>, 'kind'> {
  /** For `EventLog.advance`: detections, too. */
  readonly appended: Appender['appended'];
  /** All that was appended, in order. */
  readonly entries: readonly CanonicalEvent[];
  readonly watch: WatchBatch;
  /** By the rule's name. */
  readonly failed: ReadonlyMap<string, { readonly count: number; readonly cause: unknown }>;
}

export class Detector {
  readonly #parts: DetectorParts;

  constructor(parts: DetectorParts) {
    this.#parts = parts;
  }

  /** Appends what is new, and what the rules find in it. Call inside a transaction, after `EventLog.rotate`. */
  take(events: readonly CanonicalEvent[], nowMs: number): Taken {
    const turn = new Turn(this.#parts, nowMs);
    for (const event of events) turn.take(event);
    return turn.end(events.length);
  }

  /** Call once the transaction holds, and the log's head and the lanes have moved: what failed is told. */
  settle({ watch, failed }: Taken): void {
    const { watched, tenant, notify } = this.#parts;
    watched.adopt(watch);
    for (const [rule, { count, cause }] of failed) {
      logEvent('error', 'rule.failed', { tenant: tenant(), rule, count, ...causeFields(cause) });
      notify({ kind: 'rule_failed', count, detail: rule });
    }
  }
}

/** One transaction of it. */
class Turn {
  readonly #parts: DetectorParts;
  readonly #nowMs: number;
  readonly #engine: RuleEngine | undefined;
  readonly #appender: Appender;
  readonly #windows: WindowBatch;
  readonly #watch: WatchBatch;
  readonly #entries: CanonicalEvent[] = [];
  /** By the rule's id. */
  readonly #counts = new Map<string, RuleCounts>();
  readonly #failed = new Map<string, { count: number; cause: unknown }>();
  #own = 0;

  constructor(parts: DetectorParts, nowMs: number) {
    this.#parts = parts;
    this.#nowMs = nowMs;
    this.#engine = parts.rules.current.engine;
    this.#appender = parts.log.appender();
    this.#windows = parts.windows.batch();
    this.#watch = parts.watched.batch();
  }

  take(sent: CanonicalEvent): void {
    const isNoxys = isFromNoxys(sent);
    const event = isNoxys ? this.#watch.raised(sent) : sent;
    if (!this.#appender.add(event)) return;
    this.#entries.push(event);
    if (!this.#engine || !isNoxys) return;
    const { found, failures } = this.#evaluate(this.#engine, event);
    for (const failure of failures) this.#noteFailure(failure);
    for (const one of found) this.#detected(one, event);
  }

  /** Writes what it has come to beside the log. */
  end(count: number): Taken {
    const { db, watched } = this.#parts;
    for (const failure of this.#windows.write()) this.#noteFailure(failure);
    watched.write(this.#watch);
    for (const [rule, counts] of this.#counts) addCounts(db, rule, counts);
    countOwn(db, this.#own);
    const { appended } = this.#appender;
    const accepted = appended.accepted - this.#own;
    return {
      accepted,
      duplicates: count - accepted,
      appended,
      entries: this.#entries,
      watch: this.#watch,
      failed: this.#failed,
    };
  }

  #evaluate(engine: RuleEngine, event: CanonicalEvent): Evaluated {
    try {
      return engine.evaluate(event, this.#windows, this.#nowMs);
    } catch (cause) {
      return { found: [], failures: [{ rule: 'all rules', cause }] };
    }
  }

  #detected(found: Found, event: CanonicalEvent): void {
    const entry = this.#entryOf(found, event);
    const added = entry && this.#appender.add(entry);
    if (!entry || !added) return;
    this.#own++;
    this.#entries.push(entry);
    this.#parts.detections.add(added.seq, entry, added.body);
    const { detection, user } = entry;
    this.#count(detection.ruleId, {
      ...(detection.dryRun ? { dryRuns: 1 } : { detections: 1 }),
      lastDetectionAt: detection.lastAt,
    });
    if (user && detection.watchedUntil !== undefined)
      this.#watch.add(user, {
        // Of a clock that is ahead: from now on.
        sinceMs: Math.min(Date.parse(detection.lastAt), this.#nowMs),
        untilMs: Date.parse(detection.watchedUntil),
      });
  }

  #entryOf(found: Found, event: CanonicalEvent): DetectionEntry | undefined {
    try {
      const detection = watching(this.#parts.layer.detectionOf(found, event, this.#nowMs), found.rule);
      const receivedAt = new Date(this.#nowMs).toISOString();
      const entry = detectionEvent(detection, { tenant: event.tenant, receivedAt });
      return entry.detection && { ...entry, detection: entry.detection };
    } catch (cause) {
      this.#noteFailure({ rule: found.rule.id, cause });
      return undefined;
    }
  }

  #noteFailure({ rule: reference, cause }: RuleFailure): void {
    const { rules } = this.#parts.rules.current;
    const rule = rules.find(({ id, name }) => id === reference || name === reference);
    const name = rule?.name ?? reference;
    this.#failed.set(name, { count: (this.#failed.get(name)?.count ?? 0) + 1, cause });
    if (rule) this.#count(rule.id, { failures: 1 });
  }

  #count(rule: string, added: Partial<RuleCounts>): void {
    this.#counts.set(rule, sumOf(this.#counts.get(rule) ?? NO_COUNTS, added));
  }
}

/** With until when its user is watched, where its rule asks for that. A dry run watches nobody. */
function watching(detection: Detection, { watchMs }: Rule): Detection {
  if (watchMs === undefined || detection.dryRun || !detection.user) return detection;
  return { ...detection, watchedUntil: new Date(Date.parse(detection.lastAt) + watchMs).toISOString() };
}
