/** A tenant's real log with the look over it for what users did, and a clock that the test turns. No lanes. */

import type { CanonicalEvent } from '../../src/domain/event.ts';
import type { UserActivity } from '../../src/domain/user-activity.ts';
import { Database } from '../../src/lib/database.ts';
import { entryRecords } from '../../src/relay/entry-records.ts';
import { EventLog } from '../../src/relay/log.ts';
import { LOG_SIZES } from '../../src/relay/log-sizes.ts';
import { UserDays } from '../../src/relay/user-days.ts';
import { START_MS, Tenant } from './tenant.ts';

/** A log with the look over it; what a channel would ask of an entry is asked as that of a destination that may see all. */
export class Desk {
  nowMs = START_MS;
  isRemoved = false;
  /** Turns that others had in between. */
  yields = 0;
  readonly db: Database;
  readonly log: EventLog;
  readonly days: UserDays;
  readonly tenant: Tenant;

  constructor(storage: DurableObjectStorage, tenant: Tenant) {
    this.tenant = tenant;
    this.db = new Database(storage);
    this.log = new EventLog(this.db, LOG_SIZES);
    this.log.load(0);
    this.log.rotate(this.nowMs);
    const sleep = async () => {
      this.yields++;
      await scheduler.wait(0);
    };
    const io = { nowMs: () => this.nowMs, sleep };
    this.days = new UserDays({ db: this.db, log: this.log, io, isRemoved: () => this.isRemoved });
  }

  /** Appends events `ageMs` old. Returns the last one's seq. */
  add(ageMs: number, ...events: Partial<CanonicalEvent>[]): number {
    const atMs = this.nowMs - ageMs;
    const at = new Date(atMs).toISOString();
    const whole = events.map((changes, i) =>
      this.tenant.event(`evt-${this.log.head + 1 + i}`, { occurredAt: at, receivedAt: at, ...changes }),
    );
    this.db.transaction(() => this.log.advance(this.log.append(whole)));
    return this.log.head;
  }

  /** What a channel is told of the user of an entry, which it sees `reduced`. */
  async ask(
    seq: number,
    reduce: (event: CanonicalEvent) => CanonicalEvent = (event) => event,
  ): Promise<UserActivity | undefined> {
    const entry = this.log.read(seq);
    if (!entry) throw new Error(`Cannot ask about entry ${seq} as it must be in the log: it is not`);
    const reduced = reduce(entry.event);
    const stored = new Map([[reduced, entry]]);
    const open = { mappedHost: () => undefined, userKey: () => undefined };
    return entryRecords(stored, open, this.days).lastDay(reduced);
  }
}

export async function atDesk(work: (desk: Desk) => Promise<void>): Promise<void> {
  const tenant = await Tenant.create((document) => {
    document['destinations'] = [];
  });
  await tenant.inside(async (_relay, state) => work(new Desk(state.storage, tenant)));
}
