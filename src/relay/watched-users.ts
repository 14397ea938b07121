/**
 * Users whose next events are one level graver, as a rule asked for (`relay.watch`): the table `watched_users`, and all of it in memory,
 * so that a tenant that watches nobody pays nothing.
 */

import { OVERFLOW_AGE_MS_MAX } from '../domain/deduplication.ts';
import type { CanonicalEvent } from '../domain/event.ts';
import { LEVELS, type Level } from '../domain/severity.ts';
import type { Database } from '../lib/database.ts';

/** An event of the time may come so late. */
const KEPT_MS = OVERFLOW_AGE_MS_MAX;
/** Rows that go are billed: they are looked for so often. */
const DROP_EVERY_MS = 3_600_000;

type User = CanonicalEvent['user'];

export class WatchedUsers {
  readonly #db: Database;
  readonly #untilMs = new Map<string, number>();
  #droppedAtMs = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  load(): void {
    this.#untilMs.clear();
    for (const row of this.#db.all<{ user: string; until: number }>('SELECT user, until FROM watched_users'))
      this.#untilMs.set(row.user, row.until);
  }

  get isEmpty(): boolean {
    return this.#untilMs.size === 0;
  }

  /** What is found in one transaction. */
  batch(): WatchBatch {
    return new WatchBatch(this.#untilMs);
  }

  /** Call inside the transaction, and `adopt` once it holds. */
  write({ added }: WatchBatch): void {
    for (const [user, untilMs] of added)
      this.#db.run(
        'INSERT INTO watched_users (user, until) VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET until = excluded.until',
        user,
        untilMs,
      );
  }

  adopt({ added }: WatchBatch): void {
    for (const [user, untilMs] of added) this.#untilMs.set(user, untilMs);
  }

  /** Drops those whose time is over, late events' too, once an hour. */
  dropExpired(nowMs: number): void {
    // A clock that has gone back looks again, too.
    if (this.isEmpty || Math.abs(nowMs - this.#droppedAtMs) < DROP_EVERY_MS) return;
    this.#droppedAtMs = nowMs;
    const expired = [...this.#untilMs].filter(([, untilMs]) => untilMs + KEPT_MS <= nowMs);
    if (expired.length === 0) return;
    this.#db.run('DELETE FROM watched_users WHERE until <= ?', nowMs - KEPT_MS);
    for (const [user] of expired) this.#untilMs.delete(user);
  }

  /** When `dropExpired` has something to do; null when nobody is watched. */
  get dueAtMs(): number | null {
    if (this.isEmpty) return null;
    const firstMs = [...this.#untilMs.values()].reduce((first, untilMs) => Math.min(first, untilMs));
    return Math.max(firstMs + KEPT_MS, this.#droppedAtMs + DROP_EVERY_MS);
  }
}

/** Who is watched, and who is to be from now on. */
export class WatchBatch {
  readonly #known: ReadonlyMap<string, number>;
  readonly added = new Map<string, number>();

  constructor(known: ReadonlyMap<string, number>) {
    this.#known = known;
  }

  /** The event, one level graver if its user is watched when it happened. What is critical stays as it is. */
  raised(event: CanonicalEvent): CanonicalEvent {
    if (this.#known.size + this.added.size === 0) return event;
    if (Date.parse(event.occurredAt) >= this.#untilMsOf(event.user)) return event;
    const from = event.severity ?? 'informational';
    const severity: Level = LEVELS[LEVELS.indexOf(from) + 1] ?? from;
    return severity === from ? event : { ...event, severity, raisedFrom: from };
  }

  /** Watches a user for at least so long. */
  add({ id, email }: NonNullable<User>, untilMs: number): void {
    const key = id ?? email;
    if (key === undefined) return;
    if (untilMs > (this.#of(key) ?? -Infinity)) this.added.set(key, untilMs);
  }

  #untilMsOf(user: User): number {
    return Math.max(this.#of(user?.id) ?? -Infinity, this.#of(user?.email) ?? -Infinity);
  }

  #of(key: string | undefined): number | undefined {
    return key === undefined ? undefined : (this.added.get(key) ?? this.#known.get(key));
  }
}
