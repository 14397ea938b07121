/**
 * The findings log: what the operator is told. Append-only, numbered, kept for as long as its retention says. What a lane tells people
 * of it is appended to the event log, too, in the same transaction.
 * What is pending between two notices is counted in memory; after a restart the count of it may be too low, never the notice missing.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { Notice, NoticeFacts, NoticeKind } from '../domain/notice.ts';
import { noticeWords } from '../domain/notice-words.ts';
import { noticeEntry } from '../domain/own-entry.ts';
import { logEvent } from '../lib/log.ts';
import type { Database } from '../lib/database.ts';
import {
  type Decision,
  type NoticeMark,
  type Occurrence,
  afterOccurrence,
  afterQuiet,
  isSpent,
  noticeFacts,
  quietEndsAtMs,
} from './notices.ts';
import type { OwnEntries } from './own-entries.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';
import { readMeta, writeMeta } from './schema.ts';

/** How long notices are kept, and how many go in one turn. */
export const NOTICES_KEPT_MS = 365 * 24 * 3_600_000;
const DROPPED_PER_TURN_MAX = 500;
/** In the key of a mark. */
const ROW_ONLY = 'row_only';

export interface FindingsParts {
  readonly db: Database;
  readonly tenant: () => string;
  /** For the lanes that tell people. */
  readonly entries: Pick<OwnEntries, 'isWanted' | 'append'>;
}

export class Findings {
  readonly #db: Database;
  readonly #tenant: () => string;
  readonly #entries: FindingsParts['entries'];
  readonly #marks = new Map<string, NoticeMark>();
  #nextId = 1;

  constructor({ db, tenant, entries }: FindingsParts) {
    this.#db = db;
    this.#tenant = tenant;
    this.#entries = entries;
  }

  load(): void {
    this.#marks.clear();
    for (const { key, mark } of this.#db.all<{ key: string; mark: string }>('SELECT * FROM notice_marks'))
      this.#marks.set(key, JSON.parse(mark) as NoticeMark);
    const last = this.#db.first<{ id: number | null }>('SELECT MAX(id) AS id FROM findings')?.id ?? 0;
    this.#nextId = Math.max(last + 1, readMeta(this.#db, 'next_finding') ?? 1);
  }

  /** Tells the operator, unless the same was told a short time ago. */
  tell(occurrence: Occurrence, nowMs: number): void {
    const key = keyOf(occurrence);
    const before = this.#marks.get(key);
    this.#take(key, before, afterOccurrence(before, occurrence, nowMs), occurrence, nowMs);
  }

  /** Whether the same may be told now. */
  mayTell(occurrence: Occurrence, nowMs: number): boolean {
    return afterOccurrence(this.#marks.get(keyOf(occurrence)), occurrence, nowMs).announce !== null;
  }

  /** Tells what was held back, once its time has come; forgets what no longer matters. */
  flush(nowMs: number, note: NoteDropped = UNNOTED): void {
    for (const [key, mark] of this.#marks) {
      const occurrence = occurrenceOf(key);
      if (isSpent(mark, occurrence.kind, nowMs)) {
        this.#db.run('DELETE FROM notice_marks WHERE key = ?', key);
        this.#marks.delete(key);
        continue;
      }
      this.#take(key, mark, afterQuiet(mark, occurrence.kind, nowMs), occurrence, nowMs);
    }
    this.#drop(nowMs - NOTICES_KEPT_MS, note);
  }

  /** When `flush` next has something to tell or to drop; null when nothing is held back or kept. */
  get dueAtMs(): number | null {
    const oldestMs = this.oldestAtMs;
    const times = [
      ...[...this.#marks].flatMap(([key, mark]) => quietEndsAtMs(mark, occurrenceOf(key).kind) ?? []),
      ...(oldestMs === undefined ? [] : [oldestMs + NOTICES_KEPT_MS + 1]),
    ];
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Newest first, below an id. */
  page(before: number, limit: number): Notice[] {
    return this.#db
      .all<{ id: number; body: string }>(
        'SELECT id, body FROM findings WHERE id < ? ORDER BY id DESC LIMIT ?',
        before,
        limit,
      )
      .map(({ id, body }) => ({ ...(JSON.parse(body) as Omit<Notice, 'id'>), id }));
  }

  /** How many notices of each kind were announced from one time on and before another. */
  counts(fromMs: number, toMs: number): Record<string, number> {
    const counts: Record<string, number> = {};
    const rows = this.#db.each<{ at: number; body: string }>(
      'SELECT at, body FROM findings ORDER BY id DESC',
    );
    for (const { at, body } of rows) {
      if (at < fromMs) break;
      if (at >= toMs) continue;
      const { kind } = JSON.parse(body) as Pick<Notice, 'kind'>;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  }

  #take(
    key: string,
    before: NoticeMark | undefined,
    { mark, announce }: Decision,
    occurrence: Occurrence,
    nowMs: number,
  ): void {
    // What is added to something pending stays in memory: a storm costs two rows.
    if (announce || isPending(mark) !== isPending(before)) {
      const facts = announce && noticeFacts(occurrence, announce);
      const entry = facts && !occurrence.isRowOnly ? this.#entryOf(facts, nowMs) : undefined;
      this.#write({ facts, entry }, nowMs, () => {
        if (mark)
          this.#db.run(
            'INSERT OR REPLACE INTO notice_marks (key, mark) VALUES (?, ?)',
            key,
            JSON.stringify(mark),
          );
      });
    }
    if (announce) this.#nextId++;
    if (mark) this.#marks.set(key, mark);
  }

  /** For the lanes that take it; undefined: none does. */
  #entryOf(facts: NoticeFacts, nowMs: number): CanonicalEvent | undefined {
    const id = `notice-${this.#nextId}-${nowMs}`;
    const entry = noticeEntry(facts, { id, tenant: this.#tenant(), nowMs });
    return this.#entries.isWanted(entry) ? entry : undefined;
  }

  /** The notice, if there is one, with its entry and with what `also` writes: all or nothing. */
  #write(
    { facts, entry }: { readonly facts: NoticeFacts | null; readonly entry: CanonicalEvent | undefined },
    nowMs: number,
    also: () => void,
  ): void {
    const write = (): void => {
      if (facts) this.#append(facts, nowMs);
      also();
    };
    if (entry) this.#entries.append(entry, write, nowMs);
    else this.#db.transaction(write);
    if (facts)
      logEvent('info', 'notice.appended', { tenant: this.#tenant(), kind: facts.kind, lane: facts.lane });
  }

  #append(facts: NoticeFacts, nowMs: number): void {
    const { kind, lane, since, count } = facts;
    const notice: Omit<Notice, 'id'> = {
      kind,
      at: new Date(nowMs).toISOString(),
      ...(lane !== undefined && { lane }),
      since,
      ...(count !== undefined && { count }),
      text: noticeWords(facts, 'en').text,
    };
    this.#db.run(
      'INSERT INTO findings (id, at, body) VALUES (?, ?, ?)',
      this.#nextId,
      nowMs,
      JSON.stringify(notice),
    );
  }

  get oldestAtMs(): number | undefined {
    return this.#db.first<{ at: number }>('SELECT at FROM findings ORDER BY id LIMIT 1')?.at;
  }

  #drop(atMs: number, note: NoteDropped): void {
    const oldestMs = this.oldestAtMs;
    if (oldestMs === undefined || oldestMs >= atMs) return;
    this.#db.transaction(() => {
      writeMeta(this.#db, 'next_finding', this.#nextId);
      const dropped = this.#db.run(
        'DELETE FROM findings WHERE id IN (SELECT id FROM findings WHERE at < ? ORDER BY id LIMIT ?)',
        atMs,
        DROPPED_PER_TURN_MAX,
      );
      note(dropped, atMs);
    });
  }
}

function isPending(mark: NoticeMark | undefined): boolean {
  return mark ? mark.pending !== null : false;
}

/** The end of a block belongs to the mark of its beginning. What is for operators alone keeps nothing of the same kind quiet. */
function keyOf({ kind, lane = '', isRowOnly }: Occurrence): string {
  return `${kind === 'lane_recovered' ? 'lane_blocked' : kind} ${lane}${isRowOnly ? ` ${ROW_ONLY}` : ''}`;
}

function occurrenceOf(key: string): Occurrence {
  const [kind, lane, mode] = key.split(' ', 3) as [NoticeKind, string, string?];
  return { kind, ...(lane ? { lane } : {}), isRowOnly: mode === ROW_ONLY };
}
