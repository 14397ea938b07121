/**
 * The table `detections`: what the rules found, kept for longer than the log, with what analysts found of it.
 * A row has the seq of its entry in the log, and the entry as it stood there.
 */

import type { DetectionFacts } from '../domain/detection-facts.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Database } from '../lib/database.ts';
import { jsonIn } from '../lib/json.ts';
import { isRecord } from '../lib/record.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';

const DAY_MS = 24 * 3_600_000;
/** Rows that go are billed: so many at most in one run. */
const DROPPED_MAX = 1_000;
const UNKEPT = { keep: (): void => undefined, note: UNNOTED };

export interface StoredDetection {
  readonly seq: number;
  readonly entry: DetectionEntry;
  readonly verdict: Verdict | null;
}

/** An entry that stands for a detection. */
export type DetectionEntry = CanonicalEvent & { readonly detection: DetectionFacts };

export class DetectionStore {
  readonly #db: Database;
  /** In memory: an object that starts looks once. */
  #nextDropAtMs = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** `body`: the entry's JSON in the log. Call inside the transaction that appends it. */
  add(seq: number, { id, occurredAt, detection }: DetectionEntry, body: string): void {
    this.#db.run(
      'INSERT INTO detections (seq, id, at, rule, level, dry_run, verdict, body) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)',
      seq,
      id,
      Date.parse(occurredAt),
      detection.ruleId,
      detection.level,
      detection.dryRun ? 1 : 0,
      body,
    );
  }

  /** The newest of an id, unless its row can't be read. */
  byId(id: string): StoredDetection | undefined {
    const sql = 'SELECT seq, verdict, body FROM detections WHERE id = ? ORDER BY seq DESC LIMIT 1';
    const row = this.#db.first<{ seq: number; verdict: string | null; body: string }>(sql, id);
    const entry = row && detectionIn(row.body);
    return entry && { seq: row.seq, entry, verdict: row.verdict as Verdict | null };
  }

  judge(seq: number, verdict: Verdict): void {
    this.#db.run('UPDATE detections SET verdict = ? WHERE seq = ?', verdict, seq);
  }

  /**
   * Drops what is older than the retention, once a day; what is more than one run may drop goes with the next one. `keep` copies what
   * must be kept of it, in the same transaction.
   */
  dropOld(
    retentionDays: number,
    nowMs: number,
    { keep, note }: { readonly keep: (seqs: readonly number[]) => void; readonly note: NoteDropped } = UNKEPT,
  ): void {
    // A clock that has gone back looks again, too.
    if (nowMs < this.#nextDropAtMs && this.#nextDropAtMs - nowMs <= DAY_MS) return;
    const beforeMs = nowMs - retentionDays * DAY_MS;
    const old = this.#old(beforeMs);
    this.#db.transaction(() => {
      keep(old);
      for (const seq of old) this.#db.run('DELETE FROM detections WHERE seq = ?', seq);
      note(old.length, beforeMs);
    });
    this.#nextDropAtMs = old.length === DROPPED_MAX ? nowMs : nowMs + DAY_MS;
  }

  /** The oldest of the log, as far as they are of before a time. One that came late goes after those that came before it. */
  #old(beforeMs: number): readonly number[] {
    // To its end: a cursor that is left open keeps the log from dropping a table.
    const rows = this.#db.all<{ seq: number; at: number }>(
      'SELECT seq, at FROM detections ORDER BY seq LIMIT ?',
      DROPPED_MAX,
    );
    const young = rows.findIndex(({ at }) => at >= beforeMs);
    return (young === -1 ? rows : rows.slice(0, young)).map(({ seq }) => seq);
  }

  /** When `dropOld` has something to do; null when there is no detection. */
  dueAtMs(retentionDays: number): number | null {
    const oldest = this.#db.first<{ at: number }>('SELECT at FROM detections ORDER BY seq LIMIT 1');
    return oldest ? Math.max(oldest.at + retentionDays * DAY_MS + 1, this.#nextDropAtMs) : null;
  }
}

/** What a row's body holds; undefined: no detection. */
export function detectionIn(body: string): DetectionEntry | undefined {
  const entry = jsonIn(body);
  return isRecord(entry) && isRecord(entry['detection']) ? (entry as unknown as DetectionEntry) : undefined;
}
