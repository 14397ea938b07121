/**
 * What comes into a tenant: rate limit, space, de-duplication, the log, the rules. When it answers `accepted`, the events are durable.
 */

import { OVERFLOW_AGE_MS_MAX } from '../domain/deduplication.ts';
import type { OverflowContent } from '../domain/overflow.ts';
import type {
  AcceptAnswer,
  AcceptRequest,
  AcceptSealedAnswer,
  AcceptSealedRequest,
  NoteWebhookRequest,
} from '../domain/rpc.ts';
import type { SealedTenantConfig } from '../domain/tenant-config.ts';
import type { Database } from '../lib/database.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Activity } from './activity.ts';
import type { Alarm } from './alarm.ts';
import type { Detector } from './detector.ts';
import type { ErasureMarks } from './erasure-marks.ts';
import type { RelayIo } from './io.ts';
import type { LaneSet } from './lane-set.ts';
import type { LastWebhook } from './last-webhook.ts';
import { TokenBucket } from './limits.ts';
import type { EventLog } from './log.ts';
import type { Occurrence } from './notices.ts';
import { openOverflow } from './open-overflow.ts';
import { openPersonKeys } from './person-keys.ts';
import type { PseudonymStore } from './pseudonym-store.ts';
import { renewNames } from './renew-names.ts';
import { CREATED_AT, readMeta } from './schema.ts';
import { WATCH_MS } from './watchdog.ts';

/** How often `accept` asks for the size of the storage: it grows by far less than the reserve in that time. */
const SIZE_ASK_MS = 1_000;

export interface IntakeParts {
  readonly db: Database;
  readonly io: RelayIo;
  readonly sealer: Sealer;
  readonly alarm: Alarm;
  readonly log: EventLog;
  readonly lanes: LaneSet;
  readonly activity: Activity;
  readonly detector: Detector;
  readonly marks: ErasureMarks;
  readonly pseudonyms: PseudonymStore;
  readonly lastWebhook: LastWebhook;
  readonly spaceBytesFull: number;
  readonly config: () => SealedTenantConfig;
  /** Whether the tenant is gone. */
  readonly isRemoved: () => boolean;
  readonly notify: (occurrence: Occurrence) => void;
}

type Taken = Extract<AcceptAnswer, { readonly kind: 'accepted' | 'unknown_tenant' }>;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #bucket: TokenBucket;
  /** When the tenant was made; 0: before this was written down. */
  readonly #createdAtMs: number;
  #sizeAsk = { nextAtMs: 0, isFull: false };

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#bucket = new TokenBucket(bucketLimits(parts.config()), parts.io.nowMs());
    this.#createdAtMs = readMeta(parts.db, CREATED_AT) ?? 0;
  }

  /** Takes the limits of a saved config over. */
  reconfigure(config: SealedTenantConfig): void {
    this.#bucket.configure(bucketLimits(config));
  }

  /** Rate limit, then take. */
  async accept({ events, names = [] }: Pick<AcceptRequest, 'events' | 'names'>): Promise<AcceptAnswer> {
    const { io, lastWebhook } = this.#parts;
    const nowMs = io.nowMs();
    const answer = await this.#admit({ events, names }, nowMs);
    const isAccepted = answer.kind === 'accepted';
    lastWebhook.note({ atMs: nowMs, type: events[0]?.type ?? '', isAccepted }, nowMs);
    return answer;
  }

  /** Opens what overflowed, then takes it. Without the rate limit: its sender was answered 202 already. */
  async acceptSealed({ sealed, sealedAtMs }: AcceptSealedRequest): Promise<AcceptSealedAnswer> {
    const { io, sealer, config, isRemoved, lastWebhook } = this.#parts;
    const nowMs = io.nowMs();
    // An earlier tenant of the same id had the same key: its events are not this one's. (Unless the clock has gone back.)
    const isEarlier = sealedAtMs < this.#createdAtMs && this.#createdAtMs <= nowMs;
    if (nowMs - sealedAtMs > OVERFLOW_AGE_MS_MAX || isEarlier) return { kind: 'refused', reason: 'too_old' };
    const opened = await openOverflow(sealer, config().id, sealed);
    if (!opened.ok) return isRemoved() ? { kind: 'unknown_tenant' } : opened.error;
    // They waited for days, perhaps, and the master key was changed since.
    const names = (await renewNames(sealer, config().id, opened.value.names)).map(({ name }) => name);
    if (isRemoved()) return { kind: 'unknown_tenant' };
    if (this.#isFull(io.nowMs())) return { kind: 'unavailable', reason: 'space_exhausted' };
    const answer = await this.#take({ events: opened.value.events, names });
    const type = opened.value.events[0]?.type ?? '';
    lastWebhook.note({ atMs: sealedAtMs, type, isAccepted: true }, io.nowMs());
    return answer;
  }

  /** An authentic webhook of which nothing was forwarded. */
  noteWebhook({ atMs, type }: NoteWebhookRequest): void {
    const { io, lastWebhook } = this.#parts;
    const nowMs = io.nowMs();
    lastWebhook.note({ atMs, type, isAccepted: false }, nowMs);
    lastWebhook.flush(nowMs);
  }

  async #admit(content: OverflowContent, nowMs: number): Promise<AcceptAnswer> {
    if (this.#isFull(nowMs)) return { kind: 'unavailable', reason: 'space_exhausted' };
    const waitMs = this.#bucket.take(content.events.length, nowMs);
    if (waitMs > 0) return this.#refuse(content.events.length, waitMs);
    return this.#take(content);
  }

  /**
   * De-duplicate, append, detect, arm the alarm, start the lanes. When it answers, events and detections are durable. Late events of
   * somebody who was erased are answered as if they were known already: no sender is to repeat them.
   */
  async #take({ events, names }: OverflowContent): Promise<Taken> {
    const { db, io, alarm, log, activity, lanes, detector } = this.#parts;
    const { pseudonyms, marks, sealer, config, isRemoved } = this.#parts;
    const nowMs = io.nowMs();
    const keys = marks.isEmpty(nowMs) ? undefined : await openPersonKeys(sealer, config());
    if (isRemoved()) return { kind: 'unknown_tenant' };
    const { events: passed, dropped } = keys
      ? marks.passing(events, keys, nowMs)
      : { events, dropped: undefined };
    log.rotate(nowMs);
    const taken = db.transaction(() => {
      if (dropped) marks.note(dropped);
      const found = detector.take(passed, nowMs);
      pseudonyms.keep(names, found.entries, nowMs);
      return found;
    });
    const { accepted, appended, entries } = taken;
    const duplicates = taken.duplicates + events.length - passed.length;
    const answer = { kind: 'accepted', accepted, duplicates } as const;
    if (accepted === 0) return answer;
    const armed = alarm.armBy(nowMs + WATCH_MS);
    const before = log.head;
    log.advance(appended);
    activity.noteAppended(nowMs);
    lanes.passAll(before, entries);
    detector.settle(taken);
    lanes.startAll();
    await armed;
    return answer;
  }

  /** Counts what is refused and tells the operator. */
  #refuse(count: number, waitMs: number): AcceptAnswer {
    const { io, alarm, activity, notify } = this.#parts;
    activity.noteLimited(count, io.nowMs());
    notify({ kind: 'inbound_limited', count });
    void alarm.armBy(activity.dueAtMs ?? io.nowMs()).catch(() => undefined);
    return { kind: 'rate_limited', retryAfterSeconds: Math.ceil(waitMs / 1000) };
  }

  /** Whether the storage is full. Asked once a second: the question costs more than a row. */
  #isFull(nowMs: number): boolean {
    // A clock that has gone back asks again, too.
    if (Math.abs(this.#sizeAsk.nextAtMs - nowMs) >= SIZE_ASK_MS || nowMs >= this.#sizeAsk.nextAtMs) {
      const isFull = this.#parts.db.sizeBytes > this.#parts.spaceBytesFull;
      this.#sizeAsk = { nextAtMs: nowMs + SIZE_ASK_MS, isFull };
    }
    return this.#sizeAsk.isFull;
  }
}

function bucketLimits({ limits }: SealedTenantConfig): { perMinute: number; burst: number } {
  return { perMinute: limits.events_per_minute, burst: limits.burst };
}
