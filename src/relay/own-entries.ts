/**
 * What the relay itself appends to the log: each entry in one transaction with what tells that it was made, so that a crash between the
 * two neither loses nor repeats it. They are counted apart: what a tenant has accepted is what Noxys sent.
 */

import type { CanonicalEvent } from '../domain/event.ts';
import type { TenantConfig } from '../domain/tenant-config.ts';
import { type Takes, isTaken } from '../domain/wanted.ts';
import { channelPlans } from '../destinations/channels.ts';
import type { Database } from '../lib/database.ts';
import { causeFields, logEvent } from '../lib/log.ts';
import type { Alarm } from './alarm.ts';
import type { LaneSet } from './lane-set.ts';
import type { EventLog } from './log.ts';
import { readMeta, writeMeta } from './schema.ts';
import { WATCH_MS } from './watchdog.ts';

/** The meta key of how many of the log's entries the relay made itself. */
const OWN_ENTRIES = 'own_entries';

export interface LogParts {
  readonly db: Database;
  readonly log: EventLog;
}

/** Appends an entry, in one transaction with what `also` writes. Call outside any other transaction. */
export function appendOwn(
  { db, log }: LogParts,
  entry: CanonicalEvent,
  also: () => void,
  nowMs: number,
): void {
  log.rotate(nowMs);
  const appended = db.transaction(() => {
    also();
    const written = log.append([entry]);
    countOwn(db, written.accepted);
    return written;
  });
  log.advance(appended);
}

/** Counts entries that the relay made. Call inside the transaction that appends them. */
export function countOwn(db: Database, count: number): void {
  if (count > 0) writeMeta(db, OWN_ENTRIES, ownEntries(db) + count);
}

/** How many of the log's entries the relay made itself. It never goes back, as the log's numbers never do. */
export function ownEntries(db: Database): number {
  return readMeta(db, OWN_ENTRIES) ?? 0;
}

/** What the lanes of a config take that are to get new entries now: those of disabled destinations are not. */
export function takesOf({ destinations }: TenantConfig): Takes[] {
  return destinations
    .filter(({ enabled }) => enabled)
    .flatMap((destination) => channelPlans(destination).map(({ takes }) => takes));
}

export interface OwnEntriesParts extends LogParts {
  readonly alarm: Alarm;
  readonly lanes: LaneSet;
  readonly config: () => TenantConfig;
}

/** Entries that tell people: made only where a lane takes them, whose lanes start at once. */
export class OwnEntries {
  readonly #parts: OwnEntriesParts;

  constructor(parts: OwnEntriesParts) {
    this.#parts = parts;
  }

  isWanted(entry: CanonicalEvent): boolean {
    return takesOf(this.#parts.config()).some((takes) => isTaken(takes, entry));
  }

  append(entry: CanonicalEvent, also: () => void, nowMs: number): void {
    appendOwn(this.#parts, entry, also, nowMs);
    // In the same turn, as what was written.
    void this.#parts.alarm.armBy(nowMs + WATCH_MS).catch(() => undefined);
    void this.#startLanes();
  }

  /** Later than this turn: what is told may be told in the middle of a lane's own work. The alarm stands behind it. */
  async #startLanes(): Promise<void> {
    await Promise.resolve();
    try {
      this.#parts.lanes.startAll();
    } catch (error) {
      logEvent('error', 'lanes.start_failed', { tenant: this.#parts.config().id, ...causeFields(error) });
    }
  }
}
