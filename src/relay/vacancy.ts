/**
 * What an object keeps while it has no tenant: the removal of the one that it had, and a claim on its id for the other place.
 * Both are rows that the alarm clears up after. An object that never had either keeps nothing.
 */

import type { ConfigureRequest, MakeRoomAnswer, MakeRoomRequest, VersionConflict } from '../domain/rpc.ts';
import type { Database } from '../lib/database.ts';
import type { Alarm } from './alarm.ts';
import { Claim } from './claim.ts';
import type { MoveStore } from './move-state.ts';
import type { Publisher } from './publisher.ts';
import type { Removal } from './removal.ts';

/** The removal of a tenant whose copy in KV could not be deleted goes on this soon. */
const RETRY_MS = 10_000;

export interface VacancyParts {
  readonly db: Database;
  readonly alarm: Alarm;
  readonly removal: Removal;
  readonly publisher: Publisher;
  readonly nowMs: () => number;
  /** Whether the object has a tenant again, or one that is leaving. */
  readonly isTaken: () => boolean;
  /** The tenant that is on its way to or from here (move-state.ts). */
  readonly moves: MoveStore;
}

export class Vacancy {
  readonly #parts: VacancyParts;
  readonly #claim: Claim;

  constructor(parts: VacancyParts) {
    this.#parts = parts;
    this.#claim = new Claim(parts.db);
  }

  /** Reads only. */
  load(): void {
    this.#parts.removal.load();
    this.#claim.load();
    this.#parts.moves.load();
  }

  /** Whether the alarm has something to do. */
  get isKeeping(): boolean {
    const { removal, moves } = this.#parts;
    return removal.current !== null || this.#claim.untilMs !== null || moves.current !== null;
  }

  /** Why no tenant may be made here now. */
  refusal({ notAfterMs = Infinity }: Pick<ConfigureRequest, 'notAfterMs'>): VersionConflict | undefined {
    const nowMs = this.#parts.nowMs();
    const claimedMs = this.#claim.leftMs(nowMs);
    if (claimedMs === 0 && nowMs <= notAfterMs) return undefined;
    const wait = claimedMs === 0 ? {} : { retryAfterSeconds: Math.ceil(claimedMs / 1000) };
    return { kind: 'version_conflict', version: null, ...wait };
  }

  /** For how long no tenant can surely come here: a claim, a removal, or a tenant that left and whose senders may still come. */
  roomInMs(): number {
    const { removal, moves, nowMs } = this.#parts;
    const removalMs = (removal.current?.isWiped ?? true) ? 0 : RETRY_MS;
    return Math.max(this.#claim.leftMs(nowMs()), removalMs, moves.settledInMs(nowMs()));
  }

  /** Nothing of an earlier tenant of the id, or of a claim, may stay. Call in the turn of what is written next. */
  async clear(): Promise<void> {
    const { db, alarm } = this.#parts;
    if (!this.isKeeping) return;
    const cleared = db.deleteAll();
    alarm.noteGone();
    this.load();
    await cleared;
  }

  /** For a tenant that is about to be made in the other place. */
  async makeRoom({ claims }: MakeRoomRequest): Promise<MakeRoomAnswer> {
    const { removal, publisher, alarm, nowMs, isTaken, moves } = this.#parts;
    const isAtRest = await publisher.rest();
    if (isTaken()) return { kind: 'taken' };
    const isGone = (removal.current?.isWiped ?? true) && moves.refusal(nowMs()) === undefined;
    if (!isAtRest || !isGone) return { kind: 'busy' };
    const cleared = removal.current || moves.current ? this.clear() : undefined;
    if (claims) this.#claim.hold(nowMs());
    await Promise.all([cleared, alarm.set(this.nextAlarmAtMs())]);
    return { kind: 'made' };
  }

  /** What is due: a step of the removal, the end of a claim. What fails is for the next alarm. */
  async tidy(): Promise<void> {
    await this.goOnRemoving();
    const { nowMs, isTaken } = this.#parts;
    if (!isTaken() && this.#claim.untilMs !== null && this.#claim.leftMs(nowMs()) === 0) await this.clear();
  }

  /** A step of a removal, if one is due: the copy in KV first, then the storage. */
  async goOnRemoving(): Promise<void> {
    const { removal, publisher, alarm, nowMs, isTaken } = this.#parts;
    const { current } = removal;
    // Taken: an earlier release, which knows no removals, has made a tenant here.
    if (!current || isTaken() || current.dueAtMs > nowMs()) return;
    if (current.isWiped) removal.confirm();
    const isUnpublished = await publisher.publish();
    // A tenant may have been made meanwhile.
    if (!isUnpublished || isTaken() || removal.current !== current) return;
    const wiped = removal.wipe(nowMs());
    alarm.noteGone();
    await Promise.all([wiped, alarm.set(this.nextAlarmAtMs())]);
  }

  /** When the object must look after this again; null when it keeps nothing. */
  nextAlarmAtMs(): number | null {
    const { current } = this.#parts.removal;
    if (!current) return this.#claim.untilMs;
    const nowMs = this.#parts.nowMs();
    return current.dueAtMs > nowMs ? current.dueAtMs : nowMs + RETRY_MS;
  }
}
