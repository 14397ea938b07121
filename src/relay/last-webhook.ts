/**
 * The last authentic webhook of a tenant: when it came, its type, whether events of it were taken.
 * Kept in memory and written at most once a minute. After a restart it is the newest that is known from its row or from the log;
 * only repeated webhooks, which leave nothing in the log, may be missing by a minute.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { WebhookView } from '../domain/object-health.ts';
import { isFromNoxys } from '../domain/wanted.ts';
import type { Database } from '../lib/database.ts';
import type { EventLog } from './log.ts';

/** The log is searched so far back at most: what the relay itself appended lies before an event rarely, and never many at once. */
const SEARCHED_ENTRIES = 50;
/** Between two writes of the row. */
const WRITE_MS_MIN = 60_000;

export interface Webhook {
  readonly atMs: number;
  readonly type: string;
  readonly isAccepted: boolean;
}

/** The newest event of the log that Noxys sent. */
export function newestOfNoxys(log: EventLog): CanonicalEvent | undefined {
  for (let seq = log.head; seq > Math.max(0, log.head - SEARCHED_ENTRIES); seq--) {
    const event = log.read(seq)?.event;
    if (!event || isFromNoxys(event)) return event;
  }
  return undefined;
}

export class LastWebhook {
  readonly #db: Database;
  #last: Webhook | undefined;
  #isWritten = true;
  #writtenAtMs = -Infinity;

  constructor(db: Database) {
    this.#db = db;
  }

  /** `newest` is the newest event of the log, if there is one. */
  load(newest?: Pick<CanonicalEvent, 'type' | 'receivedAt'>): void {
    const row = this.#db.first<{ at: number; type: string; accepted: number }>(
      'SELECT at, type, accepted FROM last_webhook WHERE id = 1',
    );
    this.#last = row && { atMs: row.at, type: row.type, isAccepted: row.accepted === 1 };
    const receivedAtMs = newest ? Date.parse(newest.receivedAt) : -Infinity;
    if (!newest || receivedAtMs <= (row?.at ?? -Infinity)) return;
    this.#last = { atMs: receivedAtMs, type: newest.type, isAccepted: true };
    this.#isWritten = false;
  }

  /** Takes a webhook over, unless a later one is known. Writes nothing. */
  note(webhook: Webhook, nowMs: number): void {
    // A time ahead of the object's clock is another clock's, or says that this one has gone back.
    const atMs = Math.min(webhook.atMs, nowMs);
    if (this.#last && this.#last.atMs > atMs && this.#last.atMs <= nowMs) return;
    this.#last = { ...webhook, atMs };
    this.#isWritten = false;
  }

  /** Writes what is new, unless it was written less than a minute ago. */
  flush(nowMs: number): void {
    if (!this.#last || this.#isWritten || Math.abs(nowMs - this.#writtenAtMs) < WRITE_MS_MIN) return;
    const { atMs, type, isAccepted } = this.#last;
    this.#db.run(
      'INSERT INTO last_webhook (id, at, type, accepted) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, type = excluded.type, accepted = excluded.accepted',
      atMs,
      type,
      isAccepted ? 1 : 0,
    );
    this.#isWritten = true;
    this.#writtenAtMs = nowMs;
  }

  /** Undefined: none ever came. */
  get view(): WebhookView | undefined {
    if (!this.#last) return undefined;
    const { atMs, type, isAccepted } = this.#last;
    return { at: new Date(atMs).toISOString(), type, accepted: isAccepted };
  }
}
