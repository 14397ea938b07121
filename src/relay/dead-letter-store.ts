/**
 * The dead letters: events that a lane gave up, with the reason, kept until their events are gone.
 * A letter refers to its event in the log and holds nothing of it but its id and type.
 */

import type { DeadLetterPage, DeadLetterReason, DeadLetterView } from '../domain/lane-view.ts';
import type { RedriveRequest } from '../domain/rpc.ts';
import type { Database } from '../lib/database.ts';
import { readMeta, writeMeta } from './schema.ts';

export interface DeadLetter {
  readonly lane: string;
  readonly seq: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly reason: DeadLetterReason;
  /** HTTP status of the last answer; null when there was none. */
  readonly status: number | null;
  readonly excerpt: string;
  readonly attempts: number;
  readonly atMs: number;
}

export interface StoredDeadLetter extends DeadLetter {
  readonly id: number;
  readonly redrivenAtMs: number | null;
}

type DeadLetterRow = {
  id: number;
  lane: string;
  seq: number;
  event_id: string;
  event_type: string;
  reason: string;
  status: number;
  excerpt: string;
  attempts: number;
  at: number;
  redriven_at: number | null;
};

const NEXT_LETTER = 'next_letter';
/** Stands for "no answer" in a column that the first version declared NOT NULL. */
const NO_STATUS = 0;

export class DeadLetterStore {
  readonly #db: Database;
  /** Undefined: not asked for yet. A number that was given out stands for one event for ever, also once its letter is gone. */
  #nextId: number | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  page({ before, limit, reason, lane }: DeadLetterPage): DeadLetterView[] {
    return this.#db
      .all<DeadLetterRow>(
        'SELECT * FROM dead_letters WHERE id < ? AND (? IS NULL OR reason = ?) AND (? IS NULL OR lane = ?) ORDER BY id DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        reason ?? null,
        reason ?? null,
        lane ?? null,
        lane ?? null,
        limit,
      )
      .map((row) => viewOf(letterOf(row)));
  }

  get(id: number): DeadLetterView | null {
    const row = this.#db.first<DeadLetterRow>('SELECT * FROM dead_letters WHERE id = ?', id);
    return row ? viewOf(letterOf(row)) : null;
  }

  /** Those of one event, by lane. Looks at every letter. */
  ofEvent(seq: number): ReadonlyMap<string, StoredDeadLetter> {
    const rows = this.#db.all<DeadLetterRow>('SELECT * FROM dead_letters WHERE seq = ? ORDER BY id', seq);
    return new Map(rows.map((row) => [row.lane, letterOf(row)]));
  }

  /** Those of a lane in a stretch of the log, by their entry. */
  betweenOf(lane: string, firstSeq: number, lastSeq: number): ReadonlyMap<number, StoredDeadLetter> {
    const sql = 'SELECT * FROM dead_letters WHERE lane = ? AND seq BETWEEN ? AND ? ORDER BY id';
    const rows = this.#db.all<DeadLetterRow>(sql, lane, firstSeq, lastSeq);
    return new Map(rows.map((row) => [row.seq, letterOf(row)]));
  }

  /** Letters that are not being sent again, oldest first. */
  waiting(select: RedriveRequest['select'], limit: number): StoredDeadLetter[] {
    return this.#db
      .all<DeadLetterRow>(
        `SELECT * FROM dead_letters WHERE ${WAITING} ORDER BY id LIMIT ?`,
        ...waitingBindings(select),
        limit,
      )
      .map(letterOf);
  }

  countWaiting(select: RedriveRequest['select']): number {
    const sql = `SELECT COUNT(*) AS count FROM dead_letters WHERE ${WAITING}`;
    return this.#db.first<{ count: number }>(sql, ...waitingBindings(select))?.count ?? 0;
  }

  /** How many letters of a lane that are not being sent again refer to a stretch of the log, but for those of some types. */
  countWaitingBetween(
    lane: string,
    firstSeq: number,
    lastSeq: number,
    butTypes: readonly string[] = [],
  ): number {
    const but = butTypes.map(() => ' AND event_type <> ?').join('');
    const sql = `SELECT COUNT(*) AS count FROM dead_letters WHERE lane = ? AND seq BETWEEN ? AND ? AND redriven_at IS NULL${but}`;
    return this.#db.first<{ count: number }>(sql, lane, firstSeq, lastSeq, ...butTypes)?.count ?? 0;
  }

  anyBetween(firstSeq: number, lastSeq: number): boolean {
    const sql = 'SELECT 1 FROM dead_letters WHERE seq BETWEEN ? AND ? LIMIT 1';
    return this.#db.first(sql, firstSeq, lastSeq) !== undefined;
  }

  /** Says how many. */
  removeBetween(firstSeq: number, lastSeq: number): number {
    this.#keepNextId();
    return this.#db.run('DELETE FROM dead_letters WHERE seq BETWEEN ? AND ?', firstSeq, lastSeq);
  }

  insert(letter: DeadLetter): void {
    const id = this.#newestId() + 1;
    this.#nextId = id + 1;
    this.#db.run(
      'INSERT INTO dead_letters (id, lane, seq, event_id, event_type, reason, status, excerpt, attempts, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      letter.lane,
      letter.seq,
      letter.eventId,
      letter.eventType,
      letter.reason,
      letter.status ?? NO_STATUS,
      letter.excerpt,
      letter.attempts,
      letter.atMs,
    );
  }

  #newestId(): number {
    this.#nextId ??= Math.max(this.#maxId() + 1, readMeta(this.#db, NEXT_LETTER) ?? 1);
    return this.#nextId - 1;
  }

  #maxId(): number {
    return this.#db.first<{ id: number | null }>('SELECT MAX(id) AS id FROM dead_letters')?.id ?? 0;
  }

  /** Call before letters go: the newest of them may be among them. */
  #keepNextId(): void {
    const next = this.#newestId() + 1;
    if (readMeta(this.#db, NEXT_LETTER) !== next) writeMeta(this.#db, NEXT_LETTER, next);
  }

  noteRedriven(id: number, atMs: number | null): void {
    this.#db.run('UPDATE dead_letters SET redriven_at = ? WHERE id = ?', atMs, id);
  }

  remove(id: number): void {
    this.#keepNextId();
    this.#db.run('DELETE FROM dead_letters WHERE id = ?', id);
  }
}

const WAITING =
  'redriven_at IS NULL AND (? IS NULL OR id = ?) AND (? IS NULL OR reason = ?) AND (? IS NULL OR at >= ?) AND (? IS NULL OR lane = ?)';

function waitingBindings({
  id,
  reason,
  sinceMs,
  lane,
}: RedriveRequest['select']): (string | number | null)[] {
  return [id, reason, sinceMs, lane].flatMap((value) => [value ?? null, value ?? null]);
}

function letterOf(row: DeadLetterRow): StoredDeadLetter {
  return {
    id: row.id,
    lane: row.lane,
    seq: row.seq,
    eventId: row.event_id,
    eventType: row.event_type,
    reason: row.reason as DeadLetterReason,
    status: row.status === NO_STATUS ? null : row.status,
    excerpt: row.excerpt,
    attempts: row.attempts,
    atMs: row.at,
    redrivenAtMs: row.redriven_at,
  };
}

function viewOf({ seq: _seq, status, atMs, redrivenAtMs, ...letter }: StoredDeadLetter): DeadLetterView {
  return {
    ...letter,
    ...(status === null ? {} : { status }),
    at: new Date(atMs).toISOString(),
    ...(redrivenAtMs === null ? {} : { redrivenAt: new Date(redrivenAtMs).toISOString() }),
  };
}
