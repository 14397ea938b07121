/**
 * Users whose next events are one level graver, as a rule asked for (`relay.watch`): the table `watched_users`, and all of it in memory,
 * so that a tenant that watches nobody pays nothing.
 */

import { OVERFLOW_AGE_MS_MAX } from '../domain/deduplication.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { LEVELS, type Level } from '../domain/severity.ts';
import type { Database } from '../lib/database.ts';
import { type NoteDropped, UNNOTED } from './retention-notes.ts';

/** An event of the time may come so late. */
export const WATCH_KEPT_MS = OVERFLOW_AGE_MS_MAX;
/** Rows that go are billed: they are looked for so often. */
const DROP_EVERY_MS = 3_600_000;

type User = CanonicalEvent['user'];

/** Events of `[sinceMs, untilMs)`, whenever they come. */
interface Watch {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class WatchedUsers {
  readonly #db: Database;
  readonly #watches = new Map<string, Watch>();
  #droppedAtMs = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  load(): void {
    this.#watches.clear();
    const sql = 'SELECT user, since, until FROM watched_users';
    for (const { user, since, until } of this.#db.all<{ user: string; since: number; until: number }>(sql))
      this.#watches.set(user, { sinceMs: since, untilMs: until });
  }

  get users(): readonly string[] {
    return [...this.#watches.keys()];
  }

  get isEmpty(): boolean {
    return this.#watches.size === 0;
  }

  /** What is found in one transaction. */
  batch(): WatchBatch {
    return new WatchBatch(this.#watches);
  }

  /** Call inside the transaction, and `adopt` once it holds. */
  write({ added }: WatchBatch): void {
    for (const [user, { sinceMs, untilMs }] of added)
      this.#db.run(
        'INSERT INTO watched_users (user, since, until) VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE SET since = excluded.since, until = excluded.until',
        user,
        sinceMs,
        untilMs,
      );
  }

  adopt({ added }: WatchBatch): void {
    for (const [user, watch] of added) this.#watches.set(user, watch);
  }

  /** Drops those whose time is over, late events' too, once an hour. */
  dropExpired(nowMs: number, note: NoteDropped = UNNOTED): void {
    // A clock that has gone back looks again, too.
    if (this.isEmpty || Math.abs(nowMs - this.#droppedAtMs) < DROP_EVERY_MS) return;
    this.#droppedAtMs = nowMs;
    const expired = [...this.#watches].filter(([, { untilMs }]) => untilMs + WATCH_KEPT_MS <= nowMs);
    if (expired.length === 0) return;
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM watched_users WHERE until <= ?', nowMs - WATCH_KEPT_MS);
      note(expired.length, nowMs - WATCH_KEPT_MS);
    });
    for (const [user] of expired) this.#watches.delete(user);
  }

  /** Watches some no longer; returns how many they were. Call inside a transaction, and `load` after it where that may fail. */
  forget(isTheirs: (user: string) => boolean): number {
    const users = [...this.#watches.keys()].filter(isTheirs);
    for (const user of users) {
      this.#db.run('DELETE FROM watched_users WHERE user = ?', user);
      this.#watches.delete(user);
    }
    return users.length;
  }

  /** When `dropExpired` has something to do; null when nobody is watched. */
  get dueAtMs(): number | null {
    if (this.isEmpty) return null;
    const firstMs = [...this.#watches.values()].reduce(
      (first, { untilMs }) => Math.min(first, untilMs),
      Infinity,
    );
    return Math.max(firstMs + WATCH_KEPT_MS, this.#droppedAtMs + DROP_EVERY_MS);
  }
}

/** Who is watched, and who is to be from now on. */
export class WatchBatch {
  readonly #known: ReadonlyMap<string, Watch>;
  readonly added = new Map<string, Watch>();

  constructor(known: ReadonlyMap<string, Watch>) {
    this.#known = known;
  }

  /** The event, one level graver if its user is watched when it happened. What is critical stays as it is. */
  raised(event: CanonicalEvent): CanonicalEvent {
    if (this.#known.size + this.added.size === 0) return event;
    const atMs = Date.parse(event.occurredAt);
    const isWatched = [event.user?.id, event.user?.email].some((key) => {
      const watch = this.#of(key);
      return watch !== undefined && watch.sinceMs <= atMs && atMs < watch.untilMs;
    });
    if (!isWatched) return event;
    const from = event.severity ?? 'informational';
    const severity: Level = LEVELS[LEVELS.indexOf(from) + 1] ?? from;
    return severity === from ? event : { ...event, severity, raisedFrom: from };
  }

  /** Watches a user for at least so long. Of two times that do not meet the later one holds. */
  add({ id, email }: NonNullable<User>, { sinceMs, untilMs }: Watch): void {
    const key = id ?? email;
    if (key === undefined) return;
    const known = this.#of(key);
    if (!known || known.untilMs < sinceMs) this.added.set(key, { sinceMs, untilMs });
    else if (untilMs >= known.sinceMs && (sinceMs < known.sinceMs || untilMs > known.untilMs))
      this.added.set(key, {
        sinceMs: Math.min(sinceMs, known.sinceMs),
        untilMs: Math.max(untilMs, known.untilMs),
      });
  }

  #of(key: string | undefined): Watch | undefined {
    return key === undefined ? undefined : (this.added.get(key) ?? this.#known.get(key));
  }
}
